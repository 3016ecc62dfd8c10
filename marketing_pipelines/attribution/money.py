"""Money at the edge: shares of a sum, rounded so that they still add up to it."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

PLACES = Decimal("0.0001")


def shared_out(total: Decimal, parts: Sequence[float]) -> list[Decimal]:
    """Rounds parts of a total to four places; what rounding leaves over goes to the parts it cut most.

    Refunds may make parts and total negative. A part of nothing stays nothing as long as there are others.
    """
    exact = [Decimal(part) for part in parts]
    rounded = [part.quantize(PLACES, ROUND_FLOOR) for part in exact]
    takers = [place for place, part in enumerate(exact) if part] or list(range(len(exact)))
    if not takers:
        return []
    takers.sort(key=lambda place: rounded[place] - exact[place])
    left_over = int((total.quantize(PLACES) - sum(rounded, Decimal(0))) / PLACES)
    # Floats of large sums are off by more than rounding cuts; then everybody bears a part of it.
    for_all, for_some = divmod(left_over, len(takers))
    for number, place in enumerate(takers):
        rounded[place] += PLACES * (for_all + (number < for_some))
    return rounded
