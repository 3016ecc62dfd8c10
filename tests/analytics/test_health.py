"""The health of tracking: each day as it came in, and what of it is worth a look."""

from datetime import date, timedelta

import pytest

from marketing_pipelines.analytics.health import Day, TrackingAsked, Worry, tracking, warnings
from marketing_pipelines.analytics.refusals import NotBuilt
from store import events
from store.records.schema import TenantId
from tests.analytics.marts import Marts

LAST = date(2026, 3, 14)
ONE = timedelta(days=1)
ASKED = TrackingAsked(last=LAST).settled(LAST)


def test_each_day_is_there_from_the_first_on_which_something_came(filled: Marts, tenant: TenantId) -> None:
    filled.tracked(
        tenant,
        LAST - 2 * ONE,
        received=12,
        events=10,
        copies=2,
        rejected=3,
        events_by_lateness={"within an hour": 7, "within three days": 1, "later": 2},
        rejected_by_reason={"wrong_origin": 3},
        share_with_consent=0.5,
    )
    filled.tracked(tenant, LAST, received=30, events=30, share_with_consent=1.0)
    filled.tracked(TenantId(tenant + 1_000_000), LAST, received=1_000)
    found = tracking(filled.client, tenant, ASKED)
    assert [(it.day, it.events, it.late, it.with_consent) for it in found.days] == [
        (LAST - 2 * ONE, 10, 3, 0.5),
        (LAST - ONE, 0, 0, None),
        (LAST, 30, 0, 1.0),
    ]
    assert found.days[0].by_reason == {"wrong_origin": 3}
    total = found.total
    assert (total.received, total.copies, total.with_consent) == (42, 2, pytest.approx(35 / 40))


def test_nothing_came_yet(filled: Marts, tenant: TenantId) -> None:
    assert tracking(filled.client, tenant, ASKED).days == ()


def test_before_the_first_build_nobody_knows(clickhouse: events.Client, tenant: TenantId) -> None:
    with pytest.raises(NotBuilt):
        tracking(clickhouse, tenant, ASKED)


def days(*said: Day) -> list[Day]:
    """Quiet ones before, that say what is usual."""
    usual = [Day(LAST - n * ONE, received=100, events=100) for n in range(9, len(said) - 1, -1)]
    return [*usual, *said]


def worries(*said: Day) -> set[Worry]:
    return {it.worry for it in warnings(days(*said))}


def test_an_ordinary_week_warns_of_nothing() -> None:
    assert worries(Day(LAST, received=100, events=100, copies=1, rejected=2)) == set()


@pytest.mark.parametrize(
    ("said", "worry"),
    [
        ({"rejected": 90}, Worry.REJECTED),
        ({"by_lateness": {"later": 80}}, Worry.LATE),
        ({"copies": 80}, Worry.COPIES),
        ({"page_views": 100, "unknown_channels": 30}, Worry.UNKNOWN_CHANNELS),
        ({"of_programs": 800}, Worry.PROGRAMS),
        ({"clocks_corrected": 80}, Worry.CLOCKS),
        ({"conversions": 60, "without_value": 6}, Worry.WITHOUT_VALUE),
        ({"click_ids": 60, "unmatched_click_ids": 20}, Worry.UNMATCHED_CLICKS),
        ({"without_currency": 1}, Worry.WITHOUT_CURRENCY),
        ({"devices_shared": 1}, Worry.SHARED_DEVICES),
        ({"people_crowded": 1}, Worry.CROWDED_PEOPLE),
    ],
)
def test_what_is_out_of_the_ordinary_is_told(said: dict[str, object], worry: Worry) -> None:
    assert worries(Day(LAST, received=100, events=100, **said)) == {worry}  # pyright: ignore[reportArgumentType]


def test_a_few_of_few_are_no_share() -> None:
    assert worries(Day(LAST, received=100, events=100, conversions=3, without_value=3)) == set()


def test_a_day_without_events_stands_out_unless_it_is_today() -> None:
    silent, thin = Day(LAST - 2 * ONE), Day(LAST - ONE, received=40, events=40)
    told = list(warnings(days(silent, thin, Day(LAST))))
    assert [(it.worry, it.day, it.count, it.of) for it in told] == [
        (Worry.NOTHING_CAME, silent.day, 0, 100),
        (Worry.FEW_CAME, thin.day, 40, 100),
    ]
