"""The lot of a hold-out: fair, independent of others, and the same wherever it is drawn."""

from decimal import Decimal
from hashlib import sha256

import pytest

from marketing_pipelines.analytics.hold_outs import DRAW
from marketing_pipelines.attribution import Lot, Side, chance_of_sizes
from store import events

PEOPLE = [f"{kind}:{number}" for number in range(5_000) for kind in ("user", "contact")] + [
    "user:Žofie 🎈",
    "",
]
LOT = Lot(bytes(range(16)), Decimal("0.1"))
OTHER = Lot(bytes(range(1, 17)), Decimal("0.1"))


def held_out(lot: Lot) -> set[str]:
    return {person for person in PEOPLE if lot.side(person) is Side.HELD_OUT}


def test_a_draw_is_the_first_of_the_hash() -> None:
    digest = sha256(bytes(range(16)) + b"user:ann").hexdigest()
    assert LOT.draw("user:ann") == int(digest[:16], 16)
    assert Lot(b"", Decimal("0.5")).cut == 2**63


def test_clickhouse_draws_the_same(clickhouse: events.Client) -> None:
    given = {"key": LOT.key.hex(), "people": PEOPLE}
    rows = clickhouse.query(
        f"select {DRAW} from (select arrayJoin({{people:Array(String)}}) as person)", given
    )
    assert [draw for (draw,) in rows.result_rows] == [LOT.draw(person) for person in PEOPLE]


@pytest.mark.parametrize("share", ["0.01", "0.1", "0.5"])
def test_so_many_are_held_out_as_was_asked(share: str) -> None:
    held = len(held_out(Lot(LOT.key, Decimal(share))))
    assert chance_of_sizes(len(PEOPLE) - held, held, float(share)) > 0.01


def test_whoever_is_held_out_of_one_is_no_likelier_to_be_held_out_of_another() -> None:
    """Of the thousand that one holds out the other holds out a hundred, give or take."""
    both = len(held_out(LOT) & held_out(OTHER))
    assert chance_of_sizes(len(held_out(LOT)) - both, both, 0.1) > 0.01


def test_holding_out_more_takes_nobody_back() -> None:
    assert held_out(LOT) < held_out(Lot(LOT.key, Decimal("0.2")))


@pytest.mark.parametrize("share", ["0", "1", "-0.1"])
def test_nobody_or_everybody_is_no_lot(share: str) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Lot(b"", Decimal(share))


def test_the_key_is_not_told() -> None:
    assert "key" not in repr(LOT)
