"""Money as providers write it, in whole micros of the main unit, never by way of a binary fraction."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from types import MappingProxyType

LARGEST_MICROS = 2**63 - 1
_LONGEST_TEXT = 64
# Contexts of our own are quicker than entering one, and this is done a few times for each row.
_EXACT = Context(prec=128, rounding=ROUND_HALF_EVEN)
_SENSIBLE = Context(prec=64, traps=[Inexact])
_MICROS = Decimal(1_000_000)
_LARGEST, _SMALLEST = Decimal(LARGEST_MICROS), Decimal(-LARGEST_MICROS)
_CONVERSION_STEP = Decimal("0.000001")
_NO_CONVERSIONS = Decimal("0.000000")
_MOST_CONVERSIONS = Decimal(10**12)

# ISO 4217: whatever is not named here has two.
_CODES_BY_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
DECIMALS: Mapping[str, int] = MappingProxyType(
    {code: decimals for decimals, codes in _CODES_BY_DECIMALS.items() for code in codes.split()}
)


def decimals(currency: str) -> int:
    """How many a currency's amounts have behind the point."""
    return DECIMALS.get(currency, 2)


def smallest_unit(currency: str) -> int:
    """A cent, a yen, a fils: the smallest amount of a currency, in micros."""
    return 10 ** (6 - decimals(currency))


def micros(amount: str | Decimal) -> int:
    """Main units ("76.53" dollars, "1500" yen) as micros; a finer amount is rounded half to even."""
    return micros_of(amount, _MICROS)


def micros_of(amount: str | Decimal, unit: Decimal) -> int:
    """So many units of so many micros each, as micros, for those who count in hundredths or in micros themselves."""
    exact = _finite(amount)
    if not exact:
        return 0
    if not _SMALLEST <= exact <= _LARGEST:
        raise ValueError("an amount of money beyond all bounds")
    whole = int(_EXACT.to_integral_value(_EXACT.multiply(exact, unit)))
    if not -LARGEST_MICROS <= whole <= LARGEST_MICROS:
        raise ValueError("an amount of money beyond all bounds")
    return whole


def minor_units(amount: Decimal, decimals: int) -> int:
    """Main units ("25.50" euros) in whole units of the smallest coin; what does not come out even is refused."""
    exact = _finite(amount)
    if not 0 < exact <= LARGEST_MICROS:
        raise ValueError("an amount of money beyond all bounds")
    coins = _EXACT.scaleb(exact, decimals)
    if coins != int(coins):
        raise ValueError(f"an amount finer than {decimals} decimals, which this currency does not have")
    return int(coins)


def of_minor_units(coins: int, decimals: int) -> Decimal:
    return Decimal(coins).scaleb(-decimals)


def conversions(count: str | int | Decimal) -> Decimal:
    """A count of conversions, which may be fractional, kept to six places."""
    exact = _finite(count)
    if not exact:
        return _NO_CONVERSIONS
    if not 0 <= exact < _MOST_CONVERSIONS:
        raise ValueError("a count of conversions beyond all bounds")
    return _EXACT.quantize(exact, _CONVERSION_STEP)


def total(numbers: Iterable[str | Decimal]) -> Decimal:
    """The exact sum of a provider's numbers."""
    found = Decimal(0)
    for number in numbers:
        found = _EXACT.add(found, _finite(number))
    return found


def _finite(number: str | int | Decimal) -> Decimal:
    if isinstance(number, str) and len(number) > _LONGEST_TEXT:
        raise ValueError("a number with too many digits")
    try:
        exact = number if type(number) is Decimal else Decimal(number)
        if exact.is_finite():
            return _SENSIBLE.plus(exact)
    except (InvalidOperation, Inexact):
        raise ValueError("not a number of a sensible length") from None
    raise ValueError("not a finite number")
