"""Clicks of links, out of the marts: all, people's and programs' side by side, and each tenant's own."""

from collections.abc import Iterator

import pytest

from marketing_pipelines.links.figures import Clicks, clicks_of_links
from store import events
from store.records.schema import LinkId, TenantId
from store.settings import Settings

OURS, THEIRS = TenantId(901), TenantId(902)
COLUMNS = ["tenant_id", "link_id", "clicks", "human_clicks", "bot_clicks"]
ROWS = [(OURS, 1, 5, 3, 2), (OURS, 1, 4, 4, 0), (OURS, 2, 1, 0, 1), (THEIRS, 1, 9, 9, 0)]


@pytest.fixture
def client(settings: Settings) -> Iterator[events.Client]:
    """Without the mart, before and after, whatever dbt has built here."""
    with events.connect(settings) as opened:
        opened.command("drop table if exists marts.link_daily")
        yield opened
        opened.command("drop table if exists marts.link_daily")


def test_before_the_first_build_nothing_was_clicked(client: events.Client) -> None:
    assert clicks_of_links(client, OURS) == {}


def test_clicks_are_told_apart_and_walled_off(client: events.Client) -> None:
    client.command(
        "create table marts.link_daily (tenant_id Int64, link_id Int64, clicks UInt64, human_clicks UInt64, "
        "bot_clicks UInt64) engine = MergeTree order by (tenant_id, link_id)"
    )
    client.insert("marts.link_daily", ROWS, column_names=COLUMNS)
    assert clicks_of_links(client, OURS) == {LinkId(1): Clicks(9, 7, 2), LinkId(2): Clicks(1, 0, 1)}
