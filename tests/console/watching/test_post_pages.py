"""The page of posts: which of them people answered, in words and in a table, and who follows the places they are in."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from console.watching import post_reading
from marketing_pipelines.analytics.posts import Counted, Post
from store import events
from store.records.people import MemberRole
from tests.analytics.marts import Marts, marts
from tests.console.visitors import Person
from tests.console.watching.test_funnel_pages import shown

TODAY = datetime.now(UTC).date()


@pytest.fixture
def filled(clickhouse: events.Client) -> Iterator[Marts]:
    with marts(clickhouse) as made:
        yield made


@pytest.fixture
def posts_did(filled: Marts, marketer: Person) -> None:
    """Six on a page, one of them far better than the usual, and one of a profile that tells little."""
    for number in range(6):
        shares = 40 if number == 3 else 10
        filled.post_day(
            marketer.tenant, TODAY, f"p{number}", beginning=f"Coat {number}", impressions=500, total_impressions=1000,
            shares=shares // 2, total_shares=shares, action_id=5 if number == 3 else 0,
        )  # fmt: skip
    filled.post_day(
        marketer.tenant, TODAY, "li", platform="linkedin", account_name="Lindgrün", beginning="Hiring"
    )
    filled.place_day(
        marketer.tenant, TODAY, followers=1_234, followers_delta=12, posts_published=6, impressions=3_000
    )


@pytest.mark.usefixtures("posts_did")
def test_the_best_post_is_told_beside_the_usual_one(marketer: Person) -> None:
    page = marketer.forms().get("/posts").text
    told = shown(page)
    assert "Of 6 posts, people answered Coat 3 most often: 4.0 % of those times that it was seen." in told
    assert "The usual post has 1.0 %." in told
    assert "Shop Facebook 1,234 +12 6 3,000" in told
    assert '<a href="https://www.facebook.com/p3" rel="noopener noreferrer external">Coat 3</a>' in page
    assert '<a href="/actions/5">The action</a>' in page


@pytest.mark.usefixtures("posts_did")
def test_one_network_can_be_looked_at_and_exported(marketer: Person) -> None:
    page = marketer.forms().get("/posts?days=90&platform=linkedin").text
    told = shown(page)
    assert "Hiring" in told
    assert "Coat" not in told
    assert "report=posts" in page
    assert "platform=linkedin" in page


@pytest.mark.usefixtures("posts_did")
def test_others_see_nothing_of_it(strangers: dict[MemberRole, Person]) -> None:
    assert "No posts yet" in strangers[MemberRole.ADMIN].forms().get("/posts").text


def test_before_there_is_anything_the_page_says_what_to_do(marketer: Person) -> None:
    page = marketer.forms().get("/posts").text
    assert "No posts yet" in page
    assert 'href="/connections">Choose where you publish' in page


def test_words_of_a_network_are_words_and_no_code(filled: Marts, marketer: Person) -> None:
    bad = "<script>alert(1)</script>"
    filled.post_day(marketer.tenant, TODAY, "p", beginning=bad, post_url="javascript:alert(1)")
    filled.place_day(marketer.tenant, TODAY, account_name=bad)
    page = marketer.forms().get("/posts").text
    assert bad not in page
    assert "javascript:" not in page


@pytest.mark.parametrize("asked", ["days=8", "platform=tiktok-of-old", "days=x"])
def test_what_there_is_not_cannot_be_asked_for(marketer: Person, asked: str) -> None:
    assert marketer.forms().get(f"/posts?{asked}").status_code in (404, 422)


@pytest.mark.usefixtures("posts_did")
def test_the_api_tells_the_same(marketer: Person) -> None:
    with marketer.api() as api:
        told = api.get("/analytics/posts", params={"most": 2}).raise_for_status().json()
        best = told["posts"][0]
        assert (best["post_id"], best["brought"]["shares"], best["total"]["shares"]) == ("p3", 20, 40)
        assert (best["total"]["saves"], best["answer_rate"], told["of_posts"]) == (None, 0.04, 7)
        assert told["places"][0]["followers_gained"] == 12
        assert told["freshness"]["made_by"] == "marts/organic_performance"
        assert api.get("/analytics/posts", params={"most": 501}).status_code == 422


def post(number: int, seen: int | None, answers: int) -> Post:
    return Post(
        "facebook", "7", "Shop", f"{number}", "", "Coats", datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number), 0, 0,
        brought=Counted(), total=Counted(impressions=seen, reactions=answers),
    )  # fmt: skip


def test_few_posts_have_no_best_and_what_few_have_seen_is_chance() -> None:
    assert post_reading.best([post(number, 1000, 10) for number in range(4)]) is None
    few_saw = [post(9, 20, 20), post(8, None, 50)]
    found = post_reading.best([*few_saw, *(post(number, 1000, number) for number in range(5))])
    assert found is not None
    assert (found.post.post_id, found.rate, found.usual, found.of) == ("4", 0.004, 0.002, 5)
