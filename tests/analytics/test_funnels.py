"""Funnels: what ClickHouse counts is what anybody would count who went through the events one by one."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from marketing_pipelines.analytics.funnels import MOST_STEPS, FunnelAsked, funnel
from marketing_pipelines.analytics.refusals import NotBuilt, Unanswerable
from store import events
from store.records.schema import TenantId
from tests.analytics.marts import Marts

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def asked(*steps: str, **said: object) -> FunnelAsked:
    given = {"steps": ",".join(steps), "from": "2026-03-01", "to": "2026-03-20", **said}
    return FunnelAsked.model_validate(given).settled(date(2026, 3, 31))


def people(filled: Marts, tenant: TenantId, *steps: str, **said: object) -> list[int]:
    found = funnel(filled.client, tenant, asked(*steps, **said))
    return [step.people for step in found.whole.steps]


def test_each_step_is_counted_with_its_rates_and_the_median_to_the_next(
    filled: Marts, tenant: TenantId
) -> None:
    for number, visitor in enumerate(("ann", "bob", "eve", "dan")):
        filled.event(tenant, "click", NOON, visitor)
        if visitor != "dan":
            filled.event(tenant, "lead", NOON + (number + 1) * 10 * MINUTE, visitor)
    filled.event(tenant, "purchase", NOON + DAY, "bob")
    click, lead, purchase = funnel(filled.client, tenant, asked("click", "lead", "purchase")).whole.steps
    assert (click.people, lead.people, purchase.people) == (4, 3, 1)
    assert (click.of_previous, lead.of_previous, purchase.of_previous) == (None, 0.75, 1 / 3)
    assert (click.of_first, lead.of_first, purchase.of_first) == (1, 0.75, 0.25)
    assert (click.median_to_next, lead.median_to_next) == (20 * MINUTE, DAY - 20 * MINUTE)
    assert purchase.median_to_next is None


def test_steps_are_taken_in_order_and_within_the_window(filled: Marts, tenant: TenantId) -> None:
    filled.event(tenant, "lead", NOON - MINUTE, "before")
    filled.event(tenant, "click", NOON, "before")
    filled.event(tenant, "click", NOON, "just")
    filled.event(tenant, "lead", NOON + 7 * DAY, "just")
    filled.event(tenant, "click", NOON, "late")
    filled.event(tenant, "lead", NOON + 7 * DAY + timedelta(milliseconds=1), "late")
    assert people(filled, tenant, "click", "lead") == [3, 1]
    assert people(filled, tenant, "click", "lead", window_days=8) == [3, 2]


def test_two_steps_in_one_second_keep_their_order(filled: Marts, tenant: TenantId) -> None:
    moment = timedelta(milliseconds=1)
    filled.event(tenant, "visit", NOON, "ann")
    filled.event(tenant, "click", NOON + moment, "ann")
    filled.event(tenant, "click", NOON, "bob")
    filled.event(tenant, "visit", NOON + moment, "bob")
    filled.event(tenant, "click", NOON, "eve")
    filled.event(tenant, "visit", NOON, "eve")
    assert people(filled, tenant, "visit", "click") == [3, 1]


def test_a_short_link_was_followed_by_whoever_landed_with_the_click(filled: Marts, tenant: TenantId) -> None:
    """The edge knows nobody: who it was is told by the page that the click led to, and by nothing where it led nowhere."""
    for click, visitor in (("c1", "ann"), ("c2", "bob"), ("c3", "")):
        filled.event(tenant, "click", NOON, "", event_id=click, click_id=click)
        if visitor:
            filled.event(tenant, "page_view", NOON + MINUTE, visitor, click_id=click)
            filled.event(tenant, "page_view", NOON + 2 * MINUTE, visitor, click_id=click)
    filled.event(tenant, "purchase", NOON + DAY, "ann")
    filled.event(tenant, "page_view", NOON, "robot", click_id="c3", is_bot=True)
    stranger = TenantId(tenant + 1_000_000)
    filled.event(stranger, "page_view", NOON, "eve", click_id="c3")
    assert people(filled, tenant, "click", "purchase") == [2, 1]
    assert people(filled, tenant, "click", "page_view") == [2, 2]
    assert people(filled, tenant, "click", "page_view", "page_view", "purchase") == [2, 2, 2, 1]


def test_a_person_is_one_at_all_devices_and_in_what_servers_tell(filled: Marts, tenant: TenantId) -> None:
    """At each device while it was theirs, as it is known by now."""
    for device, person in (("phone", "user:7"), ("laptop", "user:7"), ("contact:3", "user:8")):
        filled.owner(tenant, device, person)
    filled.owner(tenant, "till", "user:7", until=NOON)
    filled.owner(tenant, "till", "user:9", since=NOON)
    filled.owner(TenantId(tenant + 1_000_000), "tablet", "user:7")
    filled.event(tenant, "page_view", NOON, "phone")
    filled.event(tenant, "page_view", NOON, "tablet")
    filled.event(tenant, "lead", NOON + MINUTE, "laptop")
    filled.event(tenant, "purchase", NOON + DAY, "user:7")
    filled.event(tenant, "page_view", NOON - MINUTE, "till")
    filled.event(tenant, "lead", NOON + 2 * MINUTE, "till")
    assert people(filled, tenant, "page_view", "lead", "purchase") == [2, 1, 1]
    assert people(filled, tenant, "lead", "purchase") == [2, 1]


def test_who_was_taken_for_a_contact_is_the_user_that_they_turned_out_to_be(
    filled: Marts, tenant: TenantId
) -> None:
    filled.owner(tenant, "phone", "contact:3", known_at=NOON - DAY)
    filled.owner(tenant, "phone", "user:7", known_at=NOON + DAY)
    filled.event(tenant, "page_view", NOON, "phone")
    filled.event(tenant, "purchase", NOON + DAY, "user:7")
    assert people(filled, tenant, "page_view", "purchase") == [1, 1]


def test_a_step_that_stands_twice_takes_two_events(filled: Marts, tenant: TenantId) -> None:
    filled.event(tenant, "click", NOON, "ann")
    filled.event(tenant, "click", NOON, "bob")
    filled.event(tenant, "click", NOON + MINUTE, "bob")
    filled.event(tenant, "purchase", NOON + 3 * MINUTE, "bob")
    found = funnel(filled.client, tenant, asked("click", "click", "purchase")).whole.steps
    assert [(step.people, step.median_to_next) for step in found] == [
        (2, MINUTE),
        (1, 2 * MINUTE),
        (1, None),
    ]


def test_programs_and_nobody_are_not_people(filled: Marts, tenant: TenantId) -> None:
    for event, at in (("click", NOON), ("lead", NOON + MINUTE)):
        filled.event(tenant, event, at, is_bot=True)
        filled.event(tenant, event, at, visitor="")
    filled.event(TenantId(tenant + 1_000_000), "click", NOON)
    assert people(filled, tenant, "click", "lead") == [0, 0]


def test_a_first_step_counts_in_the_span_and_what_follows_also_after_it(
    filled: Marts, tenant: TenantId
) -> None:
    last = datetime(2026, 3, 20, 23, 59, tzinfo=UTC)
    filled.event(tenant, "click", last, "ann")
    filled.event(tenant, "lead", last + 3 * DAY, "ann")
    filled.event(tenant, "click", last + MINUTE, "bob")
    filled.event(tenant, "lead", last + 2 * MINUTE, "bob")
    assert people(filled, tenant, "click", "lead") == [1, 1]


def test_people_are_told_apart_as_they_were_at_their_first_step(filled: Marts, tenant: TenantId) -> None:
    for visitor, channel in (("ann", "email"), ("bob", "email"), ("eve", "social")):
        filled.event(tenant, "click", NOON, visitor, channel=channel, device="mobile")
    filled.event(tenant, "lead", NOON + MINUTE, "ann", channel="direct", device="desktop")
    found = funnel(filled.client, tenant, asked("click", "lead", by="channel"))
    assert [(it.of, [step.people for step in it.steps]) for it in found.segments] == [
        ("email", [2, 1]),
        ("social", [1, 0]),
    ]
    assert [step.people for step in found.whole.steps] == [3, 1]
    by_device = funnel(filled.client, tenant, asked("click", "lead", by="device"))
    assert [(it.of, it.steps[1].people) for it in by_device.segments] == [("mobile", 1)]


def test_of_many_values_those_by_which_most_came_are_shown(filled: Marts, tenant: TenantId) -> None:
    for number in range(25):
        for visitor in range(1 + (number == 24)):
            filled.event(tenant, "click", NOON, f"{number}-{visitor}", country=f"{number:02}")
    found = funnel(filled.client, tenant, asked("click", "lead", by="country"))
    assert (len(found.segments), found.segments[0].of) == (20, "24")
    assert found.whole.steps[0].people == 26


STEPS = ("a", "b", "c")
_way = st.lists(
    st.tuples(st.sampled_from((*STEPS, "d")), st.integers(0, 40)), max_size=9, unique_by=lambda it: it[1]
)


def counted(way: Sequence[tuple[str, int]], steps: Sequence[str], window: int) -> int:
    """The most steps that any choice of a visitor's events takes in order within the window."""
    moments = sorted((at, event) for event, at in way)

    def onward(place: int, began: int, after: int) -> int:
        if place == len(steps):
            return 0
        reached = [
            1 + onward(place + 1, began, at)
            for at, event in moments
            if event == steps[place] and at > after and at - began <= window
        ]
        return max(reached, default=0)

    return max((1 + onward(1, at, at) for at, event in moments if event == steps[0]), default=0)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ways=st.lists(_way, max_size=8),
    steps=st.sampled_from([STEPS, ("a", "b"), ("a", "a", "b"), ("b", "a", "b")]),
)
def test_it_is_what_a_reader_of_all_events_would_count(
    ways: list[list[tuple[str, int]]], steps: tuple[str, ...], filled: Marts, tenant: TenantId
) -> None:
    filled.client.command("truncate table staging.stg_events")
    for visitor, way in enumerate(ways):
        for event, at in way:
            filled.event(tenant, event, NOON + at * timedelta(hours=6), f"visitor {visitor}")
    reached = [counted(way, steps, window=7 * 4) for way in ways]
    expected = [sum(it >= place for it in reached) for place in range(1, len(steps) + 1)]
    given = asked(*steps, window_days=7, **{"from": "2026-03-01", "to": "2026-04-30"})
    assert [step.people for step in funnel(filled.client, tenant, given).whole.steps] == expected


@pytest.mark.parametrize(
    "said",
    [
        {"steps": "click"},
        {"steps": ",".join(["click"] * (MOST_STEPS + 1))},
        {"steps": "click,,lead"},
        {"steps": "click," + "x" * 65},
        {"window_days": 0},
        {"window_days": 91},
        {"by": "mood"},
        {"stesp": "click,lead"},
    ],
)
def test_a_funnel_is_bounded(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FunnelAsked.model_validate(said)


def test_the_longest_span_is_said() -> None:
    with pytest.raises(Unanswerable, match="400 days are the most"):
        asked("click", "lead", **{"from": "2024-01-01"})


def test_a_steps_name_is_bound_and_never_part_of_the_query(filled: Marts, tenant: TenantId) -> None:
    hostile = "x') or 1=1 --"
    filled.event(tenant, hostile, NOON)
    filled.event(tenant, "lead", NOON + MINUTE)
    assert people(filled, tenant, hostile, "lead") == [1, 1]


def test_before_the_first_build_that_is_what_is_said(clickhouse: events.Client, tenant: TenantId) -> None:
    with pytest.raises(NotBuilt):
        funnel(clickhouse, tenant, asked("click", "lead"))
