"""Versions of the platforms' interfaces: told of two months before they end."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from connectors import CONNECTORS
from connectors.face import Channel
from marketing_pipelines.insights import versions
from marketing_pipelines.insights.versions import WARNS_AHEAD, Ending
from store import records
from store.records.connections import Connection
from store.settings import Role
from tests.insights.advertiser import Advertiser

ENDS = date(2027, 2, 1)
UNTIL = {"v1": ENDS, "v2": ENDS + timedelta(days=200)}


@pytest.mark.parametrize(
    ("today", "found"),
    [
        (ENDS - WARNS_AHEAD - timedelta(days=1), []),
        (ENDS - WARNS_AHEAD, [Ending(ENDS, "v1", 3)]),
        (ENDS + timedelta(days=9), [Ending(ENDS, "v1", 3)]),
    ],
)
def test_it_is_told_of_two_months_before(today: date, found: list[Ending]) -> None:
    assert versions.near({"v1": 3, "v2": 1, "unheard-of": 1}, UNTIL, today) == found
    assert versions.is_over(found, today) == (bool(found) and today >= ENDS)


@pytest.mark.parametrize(("version", "told"), [(None, []), ("v20", []), ("v23", ["v23"])])
def test_what_connections_speak_is_looked_at(
    advertiser: Advertiser, version: str | None, told: list[str]
) -> None:
    """A version of which nobody has said when it ends warns of nothing."""
    advertiser.connect(Channel.GOOGLE_ADS, "1112223333")
    with records.session(advertiser.settings, Role.PIPELINES) as session:
        mine = update(Connection).where(Connection.tenant_id == advertiser.tenant)
        session.execute(mine.values(options={"version": version} if version else {}))
    found = versions.ending(advertiser.settings, Channel.GOOGLE_ADS, date(2027, 1, 1))
    assert [each.version for each in found] == told


def test_every_default_is_answered_for_a_while_yet() -> None:
    """Whoever releases this brings the connector up to date first."""
    for channel in Channel:
        until = versions.answered_until(channel).get(CONNECTORS[channel].endpoint.version)
        assert until is None or until > date(2026, 11, 23) + WARNS_AHEAD
