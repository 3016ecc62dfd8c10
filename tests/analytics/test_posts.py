"""What posts brought in a span: sums of days beside how they stand, and None where a network tells nothing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from connectors.publishing import Network
from marketing_pipelines.analytics.posts import Counted, PostsAsked, posts
from marketing_pipelines.analytics.refusals import NotBuilt
from marketing_pipelines.analytics.reports import named
from store import events
from store.records.schema import TenantId
from tests.analytics.marts import Marts, marts

FIRST, DAY = date(2026, 3, 2), timedelta(days=1)
LAST = FIRST + 6 * DAY
ASKED = PostsAsked(first=FIRST, last=LAST)


@pytest.fixture
def filled(clickhouse: events.Client) -> Iterator[Marts]:
    with marts(clickhouse) as made:
        yield made


def test_days_are_summed_up_and_the_last_one_says_how_it_stands(filled: Marts, tenant: TenantId) -> None:
    filled.post_day(tenant, FIRST - DAY, "1", impressions=900, total_impressions=900, reactions=9)
    filled.post_day(
        tenant, FIRST, "1", impressions=100, total_impressions=1000, reactions=3, total_reactions=12
    )
    filled.post_day(
        tenant,
        LAST,
        "1",
        impressions=50,
        total_impressions=1050,
        reactions=-1,
        total_reactions=11,
        action_id=5,
        campaign_id=9,
    )
    filled.post_day(tenant, LAST + DAY, "1", impressions=7, total_impressions=1057)
    [post] = posts(filled.client, tenant, ASKED).posts
    assert (post.brought, post.total) == (
        Counted(impressions=150, reactions=2),
        Counted(impressions=1050, reactions=11),
    )
    assert (post.action_id, post.campaign_id, post.created_at) == (5, 9, datetime(2026, 1, 1, 8, tzinfo=UTC))
    assert post.answer_rate == pytest.approx(11 / 1050)


def test_what_people_answered_most_comes_first_and_as_many_as_were_asked_for(
    filled: Marts, tenant: TenantId
) -> None:
    for number, answers in (("few", 1), ("many", 30), ("none", None)):
        filled.post_day(tenant, FIRST, number, comments=answers, clicks=answers)
    found = posts(filled.client, tenant, PostsAsked(first=FIRST, last=LAST, most=2))
    assert ([post.post_id for post in found.posts], found.of_posts) == (["many", "few"], 3)


def test_nothing_is_said_of_what_is_not_told(filled: Marts, tenant: TenantId) -> None:
    filled.post_day(tenant, FIRST, "1")
    filled.post_day(tenant, FIRST, "2", total_impressions=0, total_reactions=0)
    by_id = {post.post_id: post for post in posts(filled.client, tenant, ASKED).posts}
    assert (by_id["1"].brought, by_id["1"].brought.answers, by_id["1"].answer_rate) == (Counted(), None, None)
    assert by_id["2"].answer_rate is None, "nobody has seen it yet"


def test_places_say_who_follows_them_now_and_how_many_more_that_are(filled: Marts, tenant: TenantId) -> None:
    filled.place_day(tenant, FIRST, followers=103, followers_delta=3, posts_published=1, impressions=10)
    filled.place_day(tenant, LAST, followers=101, followers_delta=-2, posts_published=2)
    filled.place_day(tenant, LAST, account_id="8", platform="linkedin", account_name="Lindgrün")
    here, there = posts(filled.client, tenant, ASKED).places
    assert (here.followers, here.followers_gained, here.posts_published) == (101, 1, 3)
    assert here.brought == Counted(impressions=10)
    assert (there.name, there.followers, there.followers_gained) == ("Lindgrün", None, None)


def test_one_network_alone_can_be_asked_for(filled: Marts, tenant: TenantId) -> None:
    for network in ("facebook", "linkedin"):
        filled.post_day(tenant, FIRST, network, platform=network)
        filled.place_day(tenant, FIRST, platform=network)
    found = posts(filled.client, tenant, PostsAsked(first=FIRST, last=LAST, platform=Network.LINKEDIN))
    assert (
        [post.post_id for post in found.posts] == [place.platform for place in found.places] == ["linkedin"]
    )


def test_other_tenants_posts_are_not_told_of(filled: Marts, tenant: TenantId) -> None:
    filled.post_day(TenantId(tenant + 1), FIRST, "theirs", reactions=3)
    filled.place_day(TenantId(tenant + 1), FIRST, followers=3)
    found = posts(filled.client, tenant, ASKED)
    assert (found.posts, found.places, found.of_posts) == ([], [], 0)


def test_a_network_that_there_is_not_is_no_question() -> None:
    with pytest.raises(ValidationError, match="platform"):
        PostsAsked.model_validate({"platform": "facebook' or 1"})


def test_before_the_first_build_there_is_nothing_to_ask(clickhouse: events.Client, tenant: TenantId) -> None:
    with pytest.raises(NotBuilt):
        posts(clickhouse, tenant, ASKED)


def test_the_export_has_every_figure_in_its_column(filled: Marts, tenant: TenantId) -> None:
    filled.post_day(tenant, FIRST, "1", impressions=100, total_impressions=1000, total_shares=10)
    report = named("posts")
    [frame] = report.rows(filled.client, tenant, ASKED)
    assert frame.columns == [column.name for column in report.columns]
    [row] = frame.to_dicts()
    assert (row["post_id"], row["impressions"], row["total_impressions"], row["reactions"]) == (
        "1",
        100,
        1000,
        None,
    )
    assert row["answer_rate"] == pytest.approx(0.01)
