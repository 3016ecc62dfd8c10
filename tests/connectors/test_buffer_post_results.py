"""How posts do that went out through Buffer: what it has been told, and 0 for what it has not."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import errors
from connectors.posts import PostResult
from connectors.publishing import Network
from tests.connectors.buffer_answers import ORGANIZATION, PLACE, Answer, buffer, channel, said, told_in
from tests.connectors.running_sandbox import NOON

WEEK = timedelta(days=7)
NODE: dict[str, Any] = {
    "id": "66f0a1b2c3d4e5f607182930",
    "status": "sent",
    "via": "buffer",
    "text": "New coats",
    "createdAt": "2026-10-14T09:00:00.000Z",
    "dueAt": "2026-10-14T09:00:01.000Z",
    "sentAt": "2026-10-14T09:00:07.000Z",
    "externalLink": "https://www.linkedin.com/feed/update/urn:li:share:1",
    "channelId": PLACE,
    "channelService": "linkedin",
    "metrics": [
        {"type": "reactions", "value": 41, "unit": "count"},
        {"type": "comments", "value": 0, "unit": "count"},
        {"type": "shares", "value": 3, "unit": "count"},
        {"type": "reposts", "value": 2.0, "unit": "count"},
        {"type": "quotes", "value": 1, "unit": "count"},
        {"type": "impressions", "value": 1200, "unit": "count"},
        {"type": "reach", "value": 900, "unit": "count"},
        {"type": "views", "value": 0, "unit": "count"},
        {"type": "clicks", "value": -1, "unit": "count"},
        {"type": "saves", "value": 1e300, "unit": "count"},
        {"type": "totalTimeWatched", "value": 2.5, "unit": "count"},
        {"type": "engagementRate", "value": 4.2, "unit": "percentage"},
        {"type": "somethingNew", "value": 5, "unit": "count"},
    ],
}


def listed(*nodes: dict[str, Any], **page: Any) -> Answer:
    edges = [{"node": node, "cursor": node["id"]} for node in nodes]
    return said(posts={"edges": edges, "pageInfo": {"hasNextPage": False, "endCursor": None, **page}})


def read(*answers: Answer) -> tuple[list[PostResult], list[Any]]:
    with buffer(channel("linkedin"), *answers) as (opened, heard):
        return list(opened.post_results(PLACE, Network.BUFFER, NOON - WEEK)), heard


def test_a_post_is_told_of_with_what_was_counted() -> None:
    [row], heard = read(listed(NODE))
    assert (row.network, row.place_id, row.post_id) == (Network.BUFFER, PLACE, NODE["id"])
    assert row.published_at == datetime(2026, 10, 14, 9, 0, 7, tzinfo=UTC)
    assert (row.post_url, row.beginning) == (NODE["externalLink"], "New coats")
    assert (row.reactions, row.impressions, row.reach, row.shares) == (41, 1200, 900, 6)
    assert row.video_watch_seconds == 150
    assert json.loads(row.raw) == NODE
    assert told_in(heard[1]) == {
        "organizationId": ORGANIZATION,
        "filter": {"channelIds": [PLACE], "status": ["sent"]},
        "sort": [{"field": "dueAt", "direction": "desc"}, {"field": "createdAt", "direction": "desc"}],
    }


def test_nought_may_mean_that_nobody_has_told_and_so_is_not_known() -> None:
    [row], _ = read(listed(NODE))
    assert (row.comments, row.views, row.clicks, row.saves) == (None, None, None, None)


@pytest.mark.parametrize("metrics", [None, []])
def test_what_has_not_been_counted_yet_is_not_known(metrics: list[Any] | None) -> None:
    [row], _ = read(listed({**NODE, "metrics": metrics}))
    assert (row.reactions, row.shares, row.impressions, row.video_watch_seconds) == (None, None, None, None)


def test_when_it_was_sent_is_what_counts_and_else_when_it_was_due_or_made() -> None:
    for missing, expected in (
        ({"sentAt": None}, "2026-10-14T09:00:01"),
        ({"sentAt": None, "dueAt": None}, "2026-10-14T09:00:00"),
    ):
        [row], _ = read(listed({**NODE, **missing}))
        assert row.published_at == datetime.fromisoformat(f"{expected}+00:00")


def test_pages_follow_their_cursor_nothing_comes_twice_and_what_is_old_ends_it() -> None:
    older = {**NODE, "id": "66f0a1b2c3d4e5f607182931", "sentAt": "2026-10-13T09:00:00Z"}
    ancient = {**NODE, "id": "66f0a1b2c3d4e5f607182932", "sentAt": "2026-01-13T09:00:00Z"}
    rows, heard = read(
        listed(NODE, hasNextPage=True, endCursor="a"),
        listed(NODE, older, hasNextPage=True, endCursor="b"),
        listed(ancient, hasNextPage=True, endCursor="c"),
    )
    assert [row.post_id for row in rows] == [NODE["id"], older["id"]]
    assert [json.loads(it.content)["variables"]["after"] for it in heard[1:]] == [None, "a", "b"]


@pytest.mark.parametrize("cursor", [None, "", "a"])
def test_a_cursor_that_leads_nowhere_is_told(cursor: str | None) -> None:
    again = listed(NODE, hasNextPage=True, endCursor=cursor)
    with pytest.raises(errors.UnexpectedAnswer):
        read(again)


@pytest.mark.parametrize(
    "wrong",
    [{"id": "../1"}, {"createdAt": "2026-10-14T09:00:00"}, {"sentAt": "soon"}, {"metrics": [{"value": 1}]}],
)
def test_what_cannot_be_believed_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.UnexpectedAnswer):
        read(listed({**NODE, **wrong}))


def test_a_channel_without_posts_has_none() -> None:
    for nothing in (listed(), said(posts={"edges": None, "pageInfo": {}})):
        assert read(nothing)[0] == []
