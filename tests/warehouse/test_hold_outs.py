"""A hold-out read from tables that dbt has made of raw events, worked out by hand.

The first day is Tuesday. Ann logs in on Monday, buys with her number on Wednesday and gives some of it back a week later; Bob logs
in on Monday and buys at his phone without a word; Zoe is known by what she bought on Monday, and buys again. The letters'
reader is told on Monday to be Ann. Cy logs in on Wednesday, too late to be drawn, and a device that nobody knows buys too.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from marketing_pipelines.analytics.asking import Span
from marketing_pipelines.analytics.hold_outs import Asked, Comparison, Drawing, held_out, place, sides
from marketing_pipelines.attribution import Lot, Side
from store import events, records
from store.records import goals
from store.records.schema import GoalId
from store.settings import Role, Settings
from tests.warehouse.conftest import DAY, World, at, dbt, event, make_world, put_events

pytestmark = pytest.mark.timeout(900)

TODAY = datetime.now(UTC).date()
MONDAY = TODAY - timedelta(days=TODAY.weekday() + 28)
TUESDAY, WEDNESDAY, NEXT_WEDNESDAY = MONDAY + DAY, MONDAY + 2 * DAY, MONDAY + 9 * DAY
LOT = Lot(bytes(range(16)), Decimal("0.5"))
DRAWING = Drawing(LOT, TUESDAY)
# What each of them is worth: Ann brings back 40 of 100.
WORTH = {"user:ann": 60.0, "user:bob": 50.0, "user:zoe": 7.0}


def history(world: World) -> list[dict[str, Any]]:
    def told(clock: str, day: Any, sid: str, user: str, **more: Any) -> dict[str, Any]:
        return event(world, "identify", at(day, clock), sid=sid, user_id=user, trust="server", **more)

    def bought(day: Any, clock: str, value: int, name: str = "purchase", **more: Any) -> dict[str, Any]:
        worth = {"value": Decimal(value), "currency": "EUR", "trust": "server"}
        return event(world, name, at(day, clock), **worth, **more)

    order = json.dumps({"order_id": "a1"})
    return [
        told("10:00", MONDAY, "anns phone", "ann", props=json.dumps({"contact_id": "7"})),
        told("11:00", MONDAY, "bobs phone", "bob"),
        bought(MONDAY, "12:00", 1000, user_id="zoe"),
        bought(WEDNESDAY, "09:00", 100, sid="anns phone", user_id="ann", props=order),
        bought(NEXT_WEDNESDAY, "09:00", 40, "refund", props=order),
        bought(WEDNESDAY, "10:00", 50, sid="bobs phone"),
        bought(WEDNESDAY, "11:00", 7, user_id="zoe"),
        told("12:00", WEDNESDAY, "cys phone", "cy"),
        bought(WEDNESDAY, "13:00", 500, sid="cys phone", user_id="cy"),
        bought(WEDNESDAY, "14:00", 500, sid="nobodys phone"),
    ]


@pytest.fixture(scope="module")
def world(house: Settings) -> World:
    made = make_world(house)
    with events.connect(house) as client:
        put_events(client, history(made))
    dbt(house, "seed")
    dbt(house, "run", "-s", "+int_conversions", "+int_identities")
    return made


def test_each_side_is_what_was_worked_out(house: Settings, world: World) -> None:
    with records.session(house, Role.OWNER) as session:
        goal = GoalId(goals.headline(session, world.tenant).id)
    with events.connect(house) as client:
        found = sides(client, world.tenant, Comparison(DRAWING, goal, Span(TUESDAY, WEDNESDAY)))
    by_side = {side: [WORTH[name] for name in WORTH if LOT.side(name) is side] for side in Side}
    for side, group in ((Side.TREATED, found.treated), (Side.HELD_OUT, found.held_out)):
        mine = by_side[side]
        told = (group.users, group.converters, group.value, group.value_squared) if group else (0, 0, 0, 0)
        assert told == (len(mine), len(mine), sum(mine), sum(worth**2 for worth in mine)), side
    assert found.users == 3


def test_a_contact_stands_where_the_user_does(house: Settings, world: World) -> None:
    with events.connect(house) as client:
        of_letters = place(client, world.tenant, Asked(DRAWING, "contact:7"))
        assert of_letters == place(client, world.tenant, Asked(DRAWING, "user:ann"))
        assert (of_letters.person, of_letters.is_counted) == ("user:ann", True)
        assert place(client, world.tenant, Asked(DRAWING, "user:zoe")).is_counted
        assert not place(client, world.tenant, Asked(DRAWING, "user:cy")).is_counted
        listed = [row for piece in held_out(client, world.tenant, DRAWING) for row in piece.rows()]
    names = {("user", name.removeprefix("user:"), name) for name in WORTH} | {("contact", "7", "user:ann")}
    assert set(listed) == {row for row in names if LOT.side(row[2]) is Side.HELD_OUT}
