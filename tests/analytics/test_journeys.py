"""Journeys: how many touches and how many days, in bands that leave nobody out."""

from datetime import UTC, date, datetime, timedelta

import pytest

from marketing_pipelines.analytics.journeys import Journeys, JourneysAsked, journeys
from store.records.schema import TenantId
from tests.analytics.marts import Marts

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def found(filled: Marts, tenant: TenantId, goal: int = 0) -> Journeys:
    given = {"from": "2026-03-01", "to": "2026-03-10", "goal_id": goal or None}
    return journeys(filled.client, tenant, JourneysAsked.model_validate(given))


def took(filled: Marts, tenant: TenantId, touches: int, time: timedelta, **said: object) -> None:
    first = ("email", NOON - time, 0)
    filled.path(tenant, NOON, first, *[("seo", NOON, 0)] * (touches - 1), value=10, **said)


def test_touches_and_days_come_in_bands_that_add_up(filled: Marts, tenant: TenantId) -> None:
    took(filled, tenant, 1, timedelta())
    took(filled, tenant, 2, 23 * HOUR)
    took(filled, tenant, 6, 2 * DAY)
    took(filled, tenant, 30, 40 * DAY)
    took(filled, TenantId(tenant + 1_000_000), 3, DAY)
    told = found(filled, tenant)
    touches = {(it.least, it.most): (it.conversions, it.so_far) for it in told.touches if it.conversions}
    assert touches == {(1, 1): (1, 0.25), (2, 2): (1, 0.5), (6, 10): (1, 0.75), (11, None): (1, 1.0)}
    days = {(it.least, it.most): (it.conversions, it.so_far) for it in told.days if it.conversions}
    assert days == {(0, 0): (2, 0.5), (2, 3): (1, 0.75), (29, None): (1, 1.0)}
    assert (told.conversions, told.middle_touches, told.middle_days) == (4, 2, 0)
    assert sum(it.share for it in told.days) == pytest.approx(1)
    assert sum(it.value for it in told.touches) == 40


def test_a_goal_is_counted_by_itself_and_a_refund_is_no_conversion(filled: Marts, tenant: TenantId) -> None:
    took(filled, tenant, 2, DAY, goal_id=5)
    took(filled, tenant, 4, DAY, goal_id=6)
    took(filled, tenant, 4, 3 * DAY, goal_id=5, conversions=0)
    assert found(filled, tenant, goal=5).conversions == 1
    assert found(filled, tenant, goal=5).middle_days == 1


def test_nobody_takes_no_time(filled: Marts, tenant: TenantId) -> None:
    told = found(filled, tenant)
    assert (told.touches, told.days, told.middle_days, told.conversions) == ([], [], None, 0)
    assert told.asked.span.first == date(2026, 3, 1)
