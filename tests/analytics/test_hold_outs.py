"""Hold-outs read from the warehouse: who is drawn, what counts, and that intervals hold what is true."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import polars as pl
import pytest

from marketing_pipelines.analytics.asking import Span
from marketing_pipelines.analytics.hold_outs import (
    Asked,
    Comparison,
    Drawing,
    Sides,
    held_out,
    lately,
    place,
    sides,
    sizes,
)
from marketing_pipelines.analytics.refusals import NotBuilt
from marketing_pipelines.attribution import Lot, Side, lift
from store import events
from store.records.schema import GoalId, TenantId
from tests.analytics.marts import Marts
from tests.attribution.world import World, live

FIRST, LAST = date(2026, 3, 10), date(2026, 3, 19)
BEGIN = datetime(2026, 3, 10, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LONG_BEFORE, JUST_BEFORE = BEGIN - 30 * DAY, BEGIN - timedelta(milliseconds=1)
LOT = Lot(bytes(range(16)), Decimal("0.5"))
DRAWING = Drawing(LOT, FIRST)
ASKED = Comparison(DRAWING, GoalId(5), Span(FIRST, LAST))


def of_side(side: Side, count: int, kind: str = "user") -> list[str]:
    names = (f"{kind}:{number}" for number in range(1000))
    return [name for name in names if LOT.side(name) is side][:count]


def counts(found: Sides) -> dict[str, tuple[int, int, float, float]]:
    both = {"treated": found.treated, "held_out": found.held_out}
    return {
        side: (group.users, group.converters, group.value, group.value_squared)
        for side, group in both.items()
        if group
    }


def known(filled: Marts, tenant: TenantId, *people: str, at: datetime = LONG_BEFORE) -> None:
    for person in people:
        filled.owner(tenant, f"phone of {person}", person, known_at=at)


def bought(filled: Marts, tenant: TenantId, person: str, at: datetime, value: float, **said: object) -> None:
    """Told by the shop's server, who knows whom it sold to."""
    named = {"user_id": person.removeprefix("user:"), "goal_id": 5, "value": value}
    filled.conversion(tenant, person, at, **{**named, **said})


def test_each_side_is_counted_by_hand(filled: Marts, tenant: TenantId) -> None:
    """Three are reached and two held out; one buys twice and gives some back, one buys before and after."""
    [ann, bob, cy], [dee, eve] = of_side(Side.TREATED, 3), of_side(Side.HELD_OUT, 2)
    known(filled, tenant, ann, bob, cy, dee, eve)
    bought(filled, tenant, ann, BEGIN, 100)
    bought(filled, tenant, ann, BEGIN + 2 * DAY, 50)
    refund = {"is_refund": True, "conversions": 0, "credited_at": BEGIN + 2 * DAY}
    bought(filled, tenant, ann, BEGIN + 40 * DAY, -30, **refund)
    bought(filled, tenant, bob, BEGIN - MINUTE, 7)
    bought(filled, tenant, bob, BEGIN + 10 * DAY, 7)
    bought(filled, tenant, dee, BEGIN + 10 * DAY - MINUTE, 20)
    bought(filled, tenant, eve, BEGIN, 999, goal_id=6)
    assert counts(sides(filled.client, tenant, ASKED)) == {
        "treated": (3, 1, 120.0, 14_400.0),
        "held_out": (2, 1, 20.0, 400.0),
    }
    assert sizes(filled.client, tenant, DRAWING) == sizes(filled.client, tenant, DRAWING)
    assert sizes(filled.client, tenant, DRAWING).treated == 3
    assert counts(sides(filled.client, tenant, ASKED.just_before)) == {
        "treated": (3, 1, 7.0, 49.0),
        "held_out": (2, 0, 0.0, 0.0),
    }


def test_a_refund_of_what_was_bought_before_takes_nothing(filled: Marts, tenant: TenantId) -> None:
    [ann] = of_side(Side.TREATED, 1)
    known(filled, tenant, ann)
    refund = {"is_refund": True, "conversions": 0, "credited_at": BEGIN - DAY}
    bought(filled, tenant, ann, BEGIN + DAY, -30, **refund)
    assert counts(sides(filled.client, tenant, ASKED)) == {"treated": (1, 0, 0.0, 0.0)}


def test_whoever_bought_and_brought_it_all_back_has_converted(filled: Marts, tenant: TenantId) -> None:
    [ann] = of_side(Side.TREATED, 1)
    known(filled, tenant, ann)
    bought(filled, tenant, ann, BEGIN, 30)
    # Nobody says who brings it back; it is of the purchase all the same.
    refund = {"is_refund": True, "conversions": 0, "credited_at": BEGIN, "user_id": ""}
    bought(filled, tenant, ann, BEGIN + DAY, -30, **refund)
    assert counts(sides(filled.client, tenant, ASKED)) == {"treated": (1, 1, 0.0, 0.0)}


def test_only_who_was_known_by_name_before_the_first_day_is_drawn(filled: Marts, tenant: TenantId) -> None:
    early, late, buyer = of_side(Side.TREATED, 3)
    known(filled, tenant, early, at=JUST_BEFORE)
    known(filled, tenant, late, at=BEGIN)
    bought(filled, tenant, late, BEGIN + DAY, 10)
    bought(filled, tenant, buyer, BEGIN - DAY, 10)
    filled.owner(tenant, "kiosk", "kiosk", known_at=LONG_BEFORE)
    known(filled, TenantId(tenant + 1_000_000), *of_side(Side.HELD_OUT, 3))
    assert counts(sides(filled.client, tenant, ASKED)) == {"treated": (2, 0, 0.0, 0.0)}


def test_a_contact_is_the_user_that_it_was_known_to_be(filled: Marts, tenant: TenantId) -> None:
    """One by then, so that they are one person; the other only later, and stays the contact that was drawn."""
    [ann], [mail, later] = of_side(Side.TREATED, 1), of_side(Side.HELD_OUT, 2, "contact")
    known(filled, tenant, ann, mail, later)
    filled.owner(tenant, mail, ann, known_at=LONG_BEFORE)
    filled.owner(tenant, later, "user:new", known_at=BEGIN + DAY)
    filled.owner(tenant, f"phone of {mail}", ann, known_at=LONG_BEFORE)
    assert sizes(filled.client, tenant, DRAWING).treated == 1
    assert sizes(filled.client, tenant, DRAWING).held_out == 1
    assert place(filled.client, tenant, Asked(DRAWING, mail)) == place(
        filled.client, tenant, Asked(DRAWING, ann)
    )
    assert place(filled.client, tenant, Asked(DRAWING, ann)).is_counted
    there = place(filled.client, tenant, Asked(DRAWING, later))
    assert (there.person, there.side, there.is_counted) == (later, Side.HELD_OUT, True)
    assert not place(filled.client, tenant, Asked(DRAWING, "user:new")).is_counted


def test_what_a_device_buys_is_whoever_was_known_to_have_it_by_then(filled: Marts, tenant: TenantId) -> None:
    """What is learned while it runs is left aside: a mail that is opened tells who somebody is, and only one side has it."""
    [ann, bob], [dee] = of_side(Side.TREATED, 2), of_side(Side.HELD_OUT, 1)
    known(filled, tenant, ann, bob, dee)
    filled.owner(tenant, "tablet", ann, known_at=BEGIN + MINUTE)
    filled.owner(tenant, "laptop", bob, until=BEGIN + DAY, known_at=LONG_BEFORE)
    filled.owner(tenant, "laptop", dee, since=BEGIN + DAY, known_at=BEGIN + DAY)
    for device, person, at, value in (
        (f"phone of {dee}", dee, BEGIN + DAY, 1),
        ("tablet", ann, BEGIN + DAY, 10),
        ("laptop", bob, BEGIN + MINUTE, 100),
        ("laptop", dee, BEGIN + 2 * DAY, 1000),
    ):
        at_it = {"user_id": "", "visitor_id": device, "credited_visitor_id": device}
        bought(filled, tenant, person, at, value, **at_it)
    assert counts(sides(filled.client, tenant, ASKED)) == {
        "treated": (2, 1, 100.0, 10_000.0),
        "held_out": (1, 1, 1.0, 1.0),
    }


def test_nobody_known_is_nobody_drawn(filled: Marts, tenant: TenantId) -> None:
    found = sides(filled.client, tenant, ASKED)
    assert (found.users, found.lift, found.chance_of_sizes(LOT)) == (0, None, 1.0)
    assert sizes(filled.client, tenant, DRAWING).users == 0


def test_sizes_that_the_lot_does_not_give_are_noticed(filled: Marts, tenant: TenantId) -> None:
    """As where whoever is held out has been taken away from the warehouse."""
    known(filled, tenant, *of_side(Side.TREATED, 100), *of_side(Side.HELD_OUT, 40))
    found = sides(filled.client, tenant, ASKED)
    assert found.chance_of_sizes(LOT) < 0.001
    assert found.chance_of_sizes(replace(LOT, share=Decimal("0.28"))) > 0.5


def test_those_to_leave_out_are_listed_by_all_their_names(filled: Marts, tenant: TenantId) -> None:
    [ann], [dee, eve] = of_side(Side.TREATED, 1), of_side(Side.HELD_OUT, 2)
    known(filled, tenant, ann, dee, eve, "contact:7", "contact:8")
    filled.owner(tenant, "contact:7", dee, known_at=LONG_BEFORE)
    filled.owner(tenant, "contact:8", ann, known_at=LONG_BEFORE)
    listed = pl.concat(held_out(filled.client, tenant, DRAWING)).rows()
    people = sorted([dee, eve])
    named = {(kind, number) for kind, number, _ in listed}
    assert named == {("contact", "7"), *(("user", person.removeprefix("user:")) for person in people)}
    assert {person for *_, person in listed} == set(people)


def test_lately_is_as_if_it_had_begun_then(filled: Marts, tenant: TenantId) -> None:
    asked = lately(date(2026, 3, 20), GoalId(5), LOT, 10)
    assert (asked.drawing.known_before, asked.span) == (FIRST, Span(FIRST, LAST))
    assert asked.just_before.span == Span(date(2026, 2, 28), date(2026, 3, 9))


def test_before_the_first_build_it_says_so(clickhouse: events.Client, tenant: TenantId) -> None:
    with pytest.raises(NotBuilt):
        sizes(clickhouse, tenant, DRAWING)


def laid(filled: Marts, tenant: TenantId, everybody: World, without: World, seed: int) -> Drawing:
    """A shop whose people live without the mails where the lot holds them out, and with them elsewhere."""
    drawing = Drawing(Lot(seed.to_bytes(16), Decimal("0.5")), FIRST)
    names = [f"user:{number}" for number in range(everybody.people)]
    owned = [
        [tenant, f"d{n}", name, LONG_BEFORE, BEGIN + 1000 * DAY, LONG_BEFORE] for n, name in enumerate(names)
    ]
    columns = ["tenant_id", "visitor_id", "person_id", "valid_from", "valid_to", "known_at"]
    filled.client.insert("intermediate.int_identities", owned, column_names=columns)
    rows = []
    for world, side in ((everybody, Side.TREATED), (without, Side.HELD_OUT)):
        for person, converted, value in world.paths.select("user", "conversions", "value").iter_rows():
            if converted and drawing.lot.side(names[person]) is side:
                rows.append(
                    [tenant, 5, str(person), names[person], names[person], BEGIN, BEGIN, FIRST, 1, value]
                )
    columns = ["tenant_id", "goal_id", "user_id", "person_id", "credited_person_id", "converted_at", "credited_at",
               "converted_on", "conversions", "value"]  # fmt: skip
    filled.client.insert("intermediate.int_conversions", rows, column_names=columns)
    return drawing


def test_nine_in_ten_intervals_hold_what_mails_cause(filled: Marts, tenant: TenantId) -> None:
    """In a world where it is known: of forty hold-outs so many hold the truth that chance explains the rest."""
    held = {"rate": 0, "relative": 0}
    chance = Random(11)
    # The truth is that of many more people than any hold-out has.
    with_mails, without = live(150_000, seed=901).group(), live(150_000, seed=902, without="email").group()
    truth = {"rate": with_mails.rate - without.rate, "relative": with_mails.rate / without.rate - 1}
    for number in range(40):
        each = TenantId(tenant + 10_000_000 + number)
        first, second = (live(3_000, seed=chance.randrange(10**9), without=mails) for mails in ("", "email"))
        drawing = laid(filled, each, first, second, number)
        found = sides(filled.client, each, Comparison(drawing, GoalId(5), Span(FIRST, LAST)))
        assert found.treated
        assert found.held_out
        assert found.users == 3_000
        shown = lift(found.treated, found.held_out, confidence=0.9)
        assert shown.relative
        held["rate"] += shown.rate.low <= truth["rate"] <= shown.rate.high
        held["relative"] += shown.relative.low <= truth["relative"] <= shown.relative.high
    # 31 to 40 of 40 happen 99 times in 100 where nine in ten is true.
    assert all(31 <= times <= 40 for times in held.values()), held
