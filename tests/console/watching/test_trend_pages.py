"""The page of trends: stories by day as text and never as markup, feeds in plain words, and reading them now."""

import re
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from pydantic import SecretStr

from console.app import create_app
from console.watching import trends
from marketing_pipelines.trends import scoring
from store import events, records
from store.records.feeds import Feed, FeedStatus
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.console.conftest import served
from tests.console.queries import counted
from tests.console.visitors import Person, person

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


def scored(
    client: events.Client, tenant: TenantId, at: datetime, *stories: tuple[str, str, int, int]
) -> None:
    """Each story by title, link, and mentions in the last day and in the two before."""
    rows = pl.DataFrame(
        [
            {
                "story_id": f"story of {title}",
                "title": title,
                "link": link,
                "recent": recent,
                "before": before,
                "velocity": recent / max(before, 1),
                "label": "Trending",
                "is_new": before == 0,
            }
            for title, link, recent, before in stories
        ],
        schema=scoring.NO_STORIES.schema,
    )
    scoring.replace_scores(client, tenant, [at], [rows], "a run")


@pytest.fixture
def today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=1, microsecond=0)


def test_stories_stand_in_their_order_with_what_their_score_is_made_of(
    clickhouse: events.Client, marketer: Person, today: datetime
) -> None:
    scored(
        clickhouse, marketer.tenant, today,
        ("Coats", "https://a.example/coats", 2, 4), ("Boots", "https://a.example/boots", 8, 2),
    )  # fmt: skip
    page = marketer.forms().get("/trends").text
    assert page.index("Boots") < page.index("Coats")
    assert "8 feeds in the last day, 2 in the two before" in page
    assert "<strong>4.0×</strong>" in page
    assert re.search(
        r'<a href="https://a\.example/boots" rel="[^"]*noreferrer noopener[^"]*">Boots</a>', page
    )
    assert "/assets/trend_scores" in page


def test_what_publishers_write_is_text(clickhouse: events.Client, marketer: Person, today: datetime) -> None:
    links = ("javascript:alert(1)", "data:text/html,x", "//a.example", "https:", "http://[", "JaVaScRiPt:x")
    told = [(f"{HOSTILE} {number}", link, 1, 0) for number, link in enumerate(links)]
    scored(clickhouse, marketer.tenant, today, *told)
    page = marketer.forms().get("/trends").text
    assert "<script>" not in page
    assert "onerror=alert(2)&gt;" in page
    listed = page[page.index('<ol class="stories') : page.index("</ol>")]
    assert "href=" not in listed
    assert [trends.web_address(link) for link in links] == [""] * len(links)


def test_days_lead_to_one_another(clickhouse: events.Client, marketer: Person, today: datetime) -> None:
    before, long_before = today - timedelta(days=1), today - timedelta(days=4)
    scored(clickhouse, marketer.tenant, long_before, ("Sandals", "https://a.example/", 1, 0))
    scored(clickhouse, marketer.tenant, before, ("Coats", "https://a.example/", 3, 0))
    scored(clickhouse, marketer.tenant, today, ("Coats", "https://a.example/", 6, 3))
    forms = marketer.forms()
    newest = forms.get("/trends").text
    assert f'rel="prev" href="/trends?day={before.date()}"' in newest
    assert 'rel="next"' not in newest
    assert f"first seen {before:%-d %b}" in newest
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
    scored(clickhouse, marketer.tenant, today, ("Only ours", "https://a.example/", 1, 0))
    page = strangers[MemberRole.ADMIN].forms().get("/trends").text
    assert "Only ours" not in page
    assert "No stories yet" in page
    assert "You read no feeds yet" in page


def test_feeds_say_how_they_are_doing(settings: Settings, marketer: Person) -> None:
    with records.session(settings, Role.PIPELINES) as session:
        session.add_all(
            [
                Feed(tenant_id=marketer.tenant, name=HOSTILE, url="https://a.example/feed", status=FeedStatus.FAILING,
                     last_error="answered 500 <b>"),
                Feed(tenant_id=marketer.tenant, name="Gone", url="https://b.example/feed", status=FeedStatus.RETIRED),
            ]
        )  # fmt: skip
    page = marketer.forms().get("/trends").text
    assert "Cannot be read" in page
    assert "answered 500 &lt;b&gt;" in page
    assert "Gone for good" in page
    assert "<script>" not in page
    assert "/assets/feed_entries" in page


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
    scored(clickhouse, marketer.tenant, today, ("One", "https://a.example/", 1, 0))
    forms.get("/trends")
    with counted(settings) as few:
        forms.get("/trends")
    scored(
        clickhouse, marketer.tenant, today, *((f"Story {n}", "https://a.example/", n, 1) for n in range(80))
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
    assert page.count('class="rank"') == trends.MOST_STORIES


def test_a_warehouse_that_is_away_is_said(house: Settings, tenant: TenantId) -> None:
    away = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9")})
    with served(create_app(away)) as site:
        answer = person(house, site, tenant, MemberRole.VIEWER).forms().get("/trends")
    assert answer.status_code == 200
    assert "The warehouse does not answer" in answer.text
