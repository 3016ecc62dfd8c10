"""Money at the edge: shares of a sum, rounded so that they still add up to it."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

PLACES = Decimal("0.0001")


def shared_out(total: Decimal, parts: Sequence[float]) -> list[Decimal]:
    """Rounds parts of a total to four places; what rounding leaves over goes to the parts it cut most."""
    exact = [Decimal(part) for part in parts]
    rounded = [part.quantize(PLACES, ROUND_FLOOR) for part in exact]
    left_over = int((total - sum(rounded, Decimal(0))) / PLACES)
    by_cut = sorted(range(len(parts)), key=lambda place: rounded[place] - exact[place])
    for place in by_cut[:left_over]:
        rounded[place] += PLACES
    return rounded
