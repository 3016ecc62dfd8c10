"""The timeline of a visitor: whose a device is, why, and what happened in order."""

from datetime import UTC, datetime, timedelta

import pytest

from marketing_pipelines.analytics.refusals import NotBuilt
from marketing_pipelines.analytics.timeline import MOST_MOMENTS, TimelineAsked, recent_converters, timeline
from store import events
from store.records.schema import TenantId
from tests.analytics.marts import Marts

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def of(visitor: str, **said: datetime | None) -> TimelineAsked:
    return TimelineAsked(visitor_id=visitor, **said)


def test_a_device_is_read_as_whose_it_is_today(filled: Marts, tenant: TenantId) -> None:
    filled.owner(tenant, "phone", "user:bob", until=NOON)
    filled.owner(tenant, "phone", "user:ann", since=NOON)
    filled.meeting(tenant, "phone", "user:ann", NOON, source="click")
    filled.moment(tenant, "user:ann", NOON)
    filled.moment(tenant, "user:bob", NOON)
    filled.owner(TenantId(tenant + 1_000_000), "phone", "user:eve", since=NOON)
    found = timeline(filled.client, tenant, of("phone"))
    assert (found.person_id, len(found.moments)) == ("user:ann", 1)
    assert [(it.person_id, it.since, it.until) for it in found.owners] == [
        ("user:bob", None, NOON),
        ("user:ann", NOON, None),
    ]
    assert found.owner == found.owners[1]
    [meeting] = found.meetings
    assert (meeting.identity, meeting.source, meeting.times) == ("user:ann", "click", 1)


def test_a_contact_who_is_a_user_is_read_as_the_user(filled: Marts, tenant: TenantId) -> None:
    filled.owner(tenant, "phone", "contact:7")
    filled.owner(tenant, "phone", "user:ann")
    assert timeline(filled.client, tenant, of("phone")).person_id == "user:ann"


def test_what_lies_close_together_is_one_sitting(filled: Marts, tenant: TenantId) -> None:
    filled.moment(tenant, "ann", NOON + DAY, "refund", value=-4, currency="EUR")
    filled.moment(
        tenant, "ann", NOON + 5 * MINUTE, "conversion", detail="Purchases", value=10, currency="EUR"
    )
    filled.moment(tenant, "ann", NOON, channel="email", page_views=3, detail="/shop")
    found = timeline(filled.client, tenant, of("ann"))
    assert [[(it.kind, it.value) for it in sitting] for sitting in found.sittings] == [
        [("visit", 0), ("conversion", 10)],
        [("refund", -4)],
    ]
    assert (found.person_id, found.is_known, found.goes_on_before) == ("ann", True, None)


def seen_often(filled: Marts, tenant: TenantId, times: int) -> list[datetime]:
    """So many visits of ann's, a minute after each other from the next day on."""
    moments = [NOON + DAY + n * MINUTE for n in range(times)]
    filled.client.insert(
        "marts.moments",
        [[tenant, "ann", at, "visit"] for at in moments],
        column_names=["tenant_id", "person_id", "at", "kind"],
    )
    return moments


def test_a_long_life_is_read_in_pieces(filled: Marts, tenant: TenantId) -> None:
    moments = seen_often(filled, tenant, MOST_MOMENTS)
    for kind in ("visit", "click"):
        filled.moment(tenant, "ann", NOON, kind)
    latest = timeline(filled.client, tenant, of("ann"))
    assert [it.at for it in latest.moments] == moments
    assert latest.goes_on_before == NOON + DAY
    earlier = timeline(filled.client, tenant, of("ann", before=latest.goes_on_before))
    assert ([it.at for it in earlier.moments], earlier.goes_on_before) == ([NOON, NOON], None)


def test_what_happened_at_once_is_read_at_once(filled: Marts, tenant: TenantId) -> None:
    moments = seen_often(filled, tenant, MOST_MOMENTS - 1)
    for kind in ("visit", "click"):
        filled.moment(tenant, "ann", NOON, kind)
    latest = timeline(filled.client, tenant, of("ann"))
    assert ([it.at for it in latest.moments], latest.goes_on_before) == (moments, NOON + DAY)


def test_nobody_is_known_by_a_name_that_nothing_came_under(filled: Marts, tenant: TenantId) -> None:
    assert not timeline(filled.client, tenant, of("nobody' or 1=1")).is_known


def test_before_the_first_build_there_is_no_timeline(clickhouse: events.Client, tenant: TenantId) -> None:
    with pytest.raises(NotBuilt):
        timeline(clickhouse, tenant, of("ann"))


def test_examples_are_those_who_converted_lately_each_once(filled: Marts, tenant: TenantId) -> None:
    filled.conversion(tenant, "user:ann", NOON, value=3)
    filled.conversion(tenant, "user:ann", NOON + MINUTE, value=5)
    filled.conversion(tenant, "user:bob", NOON + 2 * MINUTE, is_refund=True)
    filled.conversion(tenant, "user:eve", NOON - 9 * DAY)
    filled.conversion(TenantId(tenant + 1_000_000), "user:zoe", NOON)
    [ann] = recent_converters(filled.client, tenant, NOON + DAY)
    assert (ann.person_id, ann.value, ann.converted_at) == ("user:ann", 5, NOON + MINUTE)
