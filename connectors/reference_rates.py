"""The European Central Bank's reference rates: what one euro bought of each currency, a day at a time.

They come as XML without a log-in, on working days about four in the afternoon; no day is restated. The bank says they
are for information: they convert reports, not payments.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from re import fullmatch
from xml.parsers import expat

from connectors.answers import Answer, ask, refusal_by_status
from connectors.errors import Transient, UnexpectedAnswer
from connectors.face import Wire

NAME = "ecb"
LARGEST_DOCUMENT = 32 * 2**20
MOST_RATES = 1_000_000
_LONGEST_ATTRIBUTE = 40
_HIGHEST = Decimal(10) ** 9
_DECIMALS = Decimal("0.00000001")


class Reach(StrEnum):
    """How far back a document goes, by the name of its file."""

    NINETY_DAYS = "eurofxref-hist-90d.xml"
    EVER = "eurofxref-hist.xml"

    @classmethod
    def back_to(cls, first: date, today: date) -> "Reach":
        """The smaller document, where it holds the day: a week is left for clocks and holidays."""
        return cls.NINETY_DAYS if today - first <= timedelta(days=83) else cls.EVER


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """How much of a currency one euro bought on a day."""

    day: date
    currency: str
    per_euro: Decimal


def fetch(wire: Wire, reach: Reach) -> list[Rate]:
    """Every rate of the document, in the order of days and currencies."""
    where = f"ECB reference rates ({reach})"
    answer = wire.patience.through(lambda: _asked(wire, f"{wire.endpoint.base_url}/{reach}", where))
    rates = parse(answer.body, where=where)
    tomorrow = wire.clock().date() + timedelta(days=1)
    if rates[-1].day > tomorrow:
        raise UnexpectedAnswer(what=f"it speaks of {rates[-1].day}, which is yet to come", where=where)
    return rates


def _asked(wire: Wire, url: str, where: str) -> Answer:
    answer = ask(wire.http, "GET", url, where=where, largest=LARGEST_DOCUMENT)
    if not answer.is_success:
        raise refusal_by_status(answer, where=where)
    return answer


def parse(document: bytes, *, where: str) -> list[Rate]:
    """The rates of a document; whatever is not as documented refuses it whole, since half of it may be wrong too."""
    reader = _Reader(where)
    reader.read(document)
    if not reader.rates:
        raise UnexpectedAnswer(what="there is no rate in it", where=where)
    return sorted(Rate(day, currency, rate) for (day, currency), rate in reader.rates.items())


class _Reader:
    """Takes rates from the parser as it meets them, so that no tree of a hostile document is ever built.

    Declarations are refused: without them no entity exists that could grow or reach out.
    """

    def __init__(self, where: str) -> None:
        self.rates: dict[tuple[date, str], Decimal] = {}
        self._where = where
        self._within: list[date | None] = []

    def read(self, document: bytes) -> None:
        # The bank writes UTF-8; what a document says of itself could name any codec.
        parser = expat.ParserCreate("utf-8", " ")
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._refuse("it declares a document type")
        parser.EntityDeclHandler = self._refuse("it declares entities")
        try:
            parser.Parse(document, True)
        except expat.ExpatError as broken:
            raise Transient(what=f"the answer is not whole XML: {broken}", where=self._where) from broken

    def _refuse(self, what: str) -> Callable[..., None]:
        def refuse(*_: object) -> None:
            raise UnexpectedAnswer(what=what, where=self._where)

        return refuse

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        day = self._within[-1] if self._within else None
        if name.rpartition(" ")[2] == "Cube":
            if "time" in attributes:
                day = self._read_day(attributes["time"])
            elif "currency" in attributes:
                self._take(day, attributes["currency"], attributes.get("rate", ""))
        self._within.append(day)

    def _end(self, _: str) -> None:
        self._within.pop()

    def _take(self, day: date | None, currency: str, rate: str) -> None:
        if day is None:
            raise UnexpectedAnswer(what="a rate stands outside of any day", where=self._where)
        if not fullmatch("[A-Z]{3}", currency):
            raise UnexpectedAnswer(
                what=f"{currency[:_LONGEST_ATTRIBUTE]!r} is no currency", where=self._where
            )
        if len(self.rates) == MOST_RATES:
            raise UnexpectedAnswer(what=f"it holds more than {MOST_RATES} rates", where=self._where)
        read = self._read_rate(rate)
        if self.rates.setdefault((day, currency), read) != read:
            raise UnexpectedAnswer(what=f"it gives two rates of {currency} for {day}", where=self._where)

    def _read_day(self, said: str) -> date:
        try:
            return date.fromisoformat(said[:_LONGEST_ATTRIBUTE])
        except ValueError:
            raise UnexpectedAnswer(
                what=f"{said[:_LONGEST_ATTRIBUTE]!r} is no day", where=self._where
            ) from None

    def _read_rate(self, said: str) -> Decimal:
        try:
            rate = Decimal(said if len(said) <= _LONGEST_ATTRIBUTE else "")
        except InvalidOperation:
            rate = Decimal("NaN")
        if not (rate.is_finite() and _DECIMALS <= rate < _HIGHEST):
            raise UnexpectedAnswer(what=f"{said[:_LONGEST_ATTRIBUTE]!r} is no rate", where=self._where)
        return rate.quantize(_DECIMALS)
