"""The page of the digest: stories by day and topic, as text and never as markup, and reading the feeds now."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from console.app import create_app
from console.trends import digest_reading
from store import events, records
from store.records.feeds import Feed, FeedStatus
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.console.conftest import served
from tests.console.queries import counted
from tests.console.visitors import Person, person
from tests.trends.digests import digested

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


@pytest.fixture
def today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=1, microsecond=0)


def test_stories_stand_in_their_order_with_what_speaks_for_each(
    clickhouse: events.Client, marketer: Person, today: datetime
) -> None:
    told = [("Boots", "https://a.example/boots", 8, 2), ("Coats", "https://a.example/coats", 2, 0)]
    digested(clickhouse, marketer.tenant, today, *told)
    page = marketer.forms().get("/trends").text
    assert page.index("Boots") < page.index("Coats")
    assert "8 feeds have told it." in page
    assert "<strong>4.0×</strong>" in page
    assert "trending, not yet sure" in page
    assert "an hour 1.2 to 9.9×" in page
    assert "an hour at least 1.2×" in page, "what has no bound is not given one"
    assert re.search(
        r'<a href="https://a\.example/boots" rel="[^"]*noreferrer noopener[^"]*" title="Boots">Boots</a>',
        page,
    )
    assert "/assets/trend_digest" in page
    assert "/assets/trend_scores" in page


def test_an_earlier_story_that_is_like_it_is_named(
    clickhouse: events.Client, marketer: Person, today: datetime
) -> None:
    like = {
        "resembles_title": HOSTILE,
        "resembles_on": today.date() - timedelta(days=9),
        "resembles_story_id": "s",
    }
    digested(clickhouse, marketer.tenant, today, ("Boots", "https://a.example/boots", 8, 2), **like)
    page = marketer.forms().get("/trends").text
    assert f"of {today - timedelta(days=9):%-d %b}" in page
    assert "<script>alert" not in page


def test_topics_have_digests_of_their_own(
    clickhouse: events.Client, marketer: Person, today: datetime
) -> None:
    digested(clickhouse, marketer.tenant, today, ("Boots", "", 8, 2), ("Coats", "", 5, 2))
    digested(clickhouse, marketer.tenant, today, ("Coats", "", 5, 2), topic="makers & co")
    forms = marketer.forms()
    address = f"/trends?day={today.date()}&topic=makers%20%26%20co"
    assert address.replace("&", "&amp;", 1) in forms.get("/trends").text
    page = forms.get(address).text
    assert "Coats" in page
    assert "Boots" not in page
    assert "Nothing of this topic" in forms.get(f"/trends?day={today.date()}&topic=nobody").text


def test_a_digest_can_be_taken_along(
    clickhouse: events.Client, marketer: Person, strangers: dict[MemberRole, Person], today: datetime
) -> None:
    digested(clickhouse, marketer.tenant, today, (HOSTILE, "https://a.example/boots", 8, 2))
    answer = marketer.forms().get("/trends.md")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert "8 feeds have told it" in answer.text
    assert "<script>" not in answer.text
    assert "You read no feeds yet" in strangers[MemberRole.ADMIN].forms().get("/trends.md").text


def test_what_publishers_write_is_text(clickhouse: events.Client, marketer: Person, today: datetime) -> None:
    links = ("javascript:alert(1)", "data:text/html,x", "//a.example", "https:", "http://[", "JaVaScRiPt:x")
    told = [(f"{HOSTILE} {number}", link, 1, 0) for number, link in enumerate(links)]
    digested(clickhouse, marketer.tenant, today, *told)
    page = marketer.forms().get("/trends").text
    assert "<script>" not in page
    assert "onerror=alert(2)&gt;" in page
    listed = page[page.index('<ol class="stories') : page.index("</ol>")]
    assert all(href.startswith("/trends/stories/") for href in re.findall('href="([^"]*)', listed))
    assert [digest_reading.web_address(link) for link in links] == [""] * len(links)


def test_days_lead_to_one_another(clickhouse: events.Client, marketer: Person, today: datetime) -> None:
    before, long_before = today - timedelta(days=1), today - timedelta(days=4)
    digested(clickhouse, marketer.tenant, long_before, ("Sandals", "https://a.example/", 1, 0))
    digested(clickhouse, marketer.tenant, before, ("Coats", "https://a.example/", 3, 0))
    digested(clickhouse, marketer.tenant, today, ("Coats", "https://a.example/", 6, 3))
    forms = marketer.forms()
    newest = forms.get("/trends").text
    assert f'rel="prev" href="/trends?day={before.date()}"' in newest
    assert 'rel="next"' not in newest
    middle = forms.get(f"/trends?day={before.date()}").text
    assert f'rel="prev" href="/trends?day={long_before.date()}"' in middle
    assert f'rel="next" href="/trends?day={today.date()}"' in middle
    gap = forms.get(f"/trends?day={before.date() - timedelta(days=1)}").text
    assert "Sandals" in gap, "a day that was not scored shows the one before"
    assert forms.get("/trends?day=nonsense").status_code == 404
    assert forms.get("/trends?day=9999-12-31").status_code == 200


def test_another_tenants_stories_are_not_there(
    clickhouse: events.Client, marketer: Person, strangers: dict[MemberRole, Person], today: datetime
) -> None:
    digested(clickhouse, marketer.tenant, today, ("Only ours", "https://a.example/", 1, 0))
    page = strangers[MemberRole.ADMIN].forms().get("/trends").text
    assert "Only ours" not in page
    assert "No stories yet" in page
    assert "You read no feeds yet" in page


def test_reading_is_asked_for_once_and_its_state_is_shown(
    settings: Settings, people: dict[MemberRole, Person]
) -> None:
    forms = people[MemberRole.MARKETER].forms()
    assert "Read the feeds now" in forms.get("/trends").text
    assert forms.post_signed("/trends/read").headers["location"] == "/trends?done=asked"
    page = forms.get("/trends?done=asked").text
    assert "Waiting for a run" in page
    assert "Read the feeds now" not in page, "one reading is enough"
    assert "Waiting for a run" in forms.get("/trends/reading").text
    viewer = people[MemberRole.VIEWER].forms()
    assert viewer.post_signed("/trends/read").status_code == 403
    assert "Read the feeds now" not in viewer.get("/trends").text
    assert forms.get("/admin/trends").headers["location"] == "/trends"


def test_more_stories_and_feeds_take_no_more_statements(
    settings: Settings, clickhouse: events.Client, marketer: Person, today: datetime
) -> None:
    forms = marketer.forms()
    digested(clickhouse, marketer.tenant, today, ("One", "https://a.example/", 1, 0), topic="one")
    forms.get("/trends")
    with counted(settings) as few:
        forms.get("/trends")
    digested(
        clickhouse,
        marketer.tenant,
        today,
        *((f"Story {n}", "https://a.example/", n, 1) for n in range(digest_reading.MOST_STORIES)),
    )
    with records.session(settings, Role.PIPELINES) as session:
        session.add_all(
            Feed(
                tenant_id=marketer.tenant, name=str(n), url=f"https://{n}.example/", status=FeedStatus.RETIRED
            )
            for n in range(20)
        )
    with counted(settings) as many:
        page = forms.get("/trends").text
    assert len(many) == len(few)
    assert page.count('class="rank"') == digest_reading.MOST_STORIES


def test_a_warehouse_that_is_away_is_said(house: Settings, tenant: TenantId) -> None:
    away = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9")})
    with served(create_app(away)) as site:
        answer = person(house, site, tenant, MemberRole.VIEWER).forms().get("/trends")
    assert answer.status_code == 200
    assert "The warehouse does not answer" in answer.text
