"""A story's own page: who tells it, how it spread, what joined and left it, now and as it was known at any moment."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from console.app import create_app
from marketing_pipelines.trends import scoring
from store import events, records
from store.records.feeds import Feed, FeedStatus
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.console.conftest import served
from tests.console.visitors import Person, person
from tests.trends.digests import digested
from tests.trends.newsroom import HOUR, NOON, Newsroom

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
BOOTS, COATS = "b" * 32, "c" * 32


@pytest.fixture
def newsroom(clickhouse: events.Client, marketer: Person) -> Newsroom:
    return Newsroom(clickhouse, marketer.tenant)


@pytest.fixture
def feed(settings: Settings, marketer: Person) -> int:
    with records.session(settings, Role.PIPELINES) as session:
        listed = Feed(
            tenant_id=marketer.tenant,
            name="Stoffblatt & Co",
            url="https://stoffblatt.example/",
            status=FeedStatus.RETIRED,
        )
        session.add(listed)
        session.flush()
        return listed.id


def told(reader: Person, story: str, **asked: Any) -> dict[str, Any]:
    with reader.api() as api:
        return api.get(f"/trends/stories/{story}", params=asked).raise_for_status().json()


def test_a_story_says_who_tells_it_and_how_it_was_recognised(
    newsroom: Newsroom, marketer: Person, feed: int
) -> None:
    newsroom.tells(BOOTS, feed, 5, topic="shops", title="Boots are back", why="alone")
    newsroom.tells(BOOTS, 7, 2, topic="makers", title=f"{HOSTILE} boots", likeness=0.87)
    story = told(marketer, BOOTS)
    assert [it["feed"] for it in story["tellings"]] == ["a feed that is listed no more", "Stoffblatt & Co"]
    assert (story["title"], story["feeds"], story["topics"]) == ("Boots are back", 2, ["makers", "shops"])
    page = marketer.forms().get(f"/trends/stories/{BOOTS}").text
    assert "Told by 2 feeds, about makers and shops; first by Stoffblatt &amp; Co" in page
    assert "the first to tell it" in page
    assert "the same words, 87 %" in page
    assert "<script>alert" not in page
    assert "It has no score yet" in page


def test_what_was_known_then_is_shown_as_it_was(newsroom: Newsroom, marketer: Person) -> None:
    newsroom.tells(BOOTS, 1, 9, title="Boots")
    newsroom.tells(COATS, 2, 8, "moves", title="Boots and coats")
    newsroom.tells(BOOTS, 2, 8, "moves", known=1, was=COATS, why="merged")
    newsroom.edits(f"{BOOTS}-1-9", 1, 1, "Boots, corrected")
    now, then = told(marketer, BOOTS), told(marketer, BOOTS, as_of=(NOON - 2 * HOUR).isoformat())
    assert (now["feeds"], now["title"]) == (2, "Boots, corrected")
    assert (then["feeds"], then["title"], then["turns"]) == (1, "Boots", [])
    assert [(it["why"], it["story_id"], it["from_story_id"], it["entries"]) for it in now["turns"]] == [
        ("merged", BOOTS, COATS, 1)
    ]
    gone = told(marketer, COATS)
    assert (gone["tellings"], gone["went_into"]) == ([], BOOTS)
    forms = marketer.forms()
    assert (
        f'All that told it belongs to <a href="/trends/stories/{BOOTS}">another story</a> now'
        in forms.get(f"/trends/stories/{COATS}").text
    )
    then_page = forms.get(f"/trends/stories/{COATS}?as_of={NOON - 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}").text
    assert "As it was known on" in then_page
    assert ">15 Oct 2026, 10:00 UTC</time>" in then_page
    assert "Told by 1 feed" in then_page


def test_its_score_is_shown_by_the_hour(settings: Settings, newsroom: Newsroom, marketer: Person) -> None:
    day_of_its_own = date(2026, 10, 15)
    for number in range(4):
        newsroom.tells(BOOTS, number, 3 - number, topic="shops")
    newsroom.tells(COATS, 9, 1)
    scoring.score_days(settings, [day_of_its_own], run_id="run")
    course = told(marketer, BOOTS)["course"]
    at_noon = next(it for it in course if it["as_of"].startswith("2026-10-15T12:00"))
    assert (at_noon["recent"], at_noon["before"], at_noon["label"]) == (4, 0, "Rapidly trending")
    assert [it["recent"] for it in course][:4] == [1, 2, 3, 4]
    half = told(marketer, BOOTS, as_of=(NOON - HOUR).isoformat())["course"]
    assert half == course[: len(half)]
    assert half[-1]["recent"] == 3
    page = marketer.forms().get(f"/trends/stories/{BOOTS}").text
    assert "<strong>4.0×</strong>" in page
    assert '<th scope="row">2026-10-15 12:00</th><td>4</td><td>0</td>' in page


def test_a_digest_leads_to_its_stories_and_they_can_be_drafted_from(
    clickhouse: events.Client, newsroom: Newsroom, people: dict[MemberRole, Person]
) -> None:
    marketer, viewer = people[MemberRole.MARKETER], people[MemberRole.VIEWER]
    newsroom.tells("story of Boots", 1, 2, title="Boots")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=1, microsecond=0)
    digested(clickhouse, marketer.tenant, today, ("Boots", "https://a.example/boots", 8, 2))
    forms = marketer.forms()
    assert 'href="/trends/stories/story%20of%20Boots"' in forms.get("/trends").text
    page = forms.get("/trends/stories/story of Boots").text
    assert f'href="/trends?day={today.date()}"' in page
    assert "Draft a mail" in page
    drafted = forms.post_signed(
        "/trends/draft", form="mail", day=str(today.date()), topic="", story_id="story of Boots"
    )
    assert drafted.status_code == 303
    assert "Draft a mail" not in viewer.forms().get("/trends/stories/story of Boots").text


def test_a_draft_leads_back_to_its_story(marketer: Person) -> None:
    with marketer.api() as api:
        mail = {"recipient": "a@example.com", "subject": "Boots", "body": "Warm."}
        said = {"type": "email", "payload": mail, "provenance": [{"kind": "story", "id": BOOTS}]}
        made = api.post("/actions", json=said).raise_for_status().json()
    assert f'href="/trends/stories/{BOOTS}"' in marketer.forms().get(f"/actions/{made['id']}").text


def test_what_nobody_told_is_not_there(
    newsroom: Newsroom, marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    newsroom.tells(BOOTS, 1, 2)
    assert marketer.forms().get(f"/trends/stories/{COATS}").status_code == 404
    assert strangers[MemberRole.ADMIN].forms().get(f"/trends/stories/{BOOTS}").status_code == 404
    with marketer.api() as api:
        assert api.get(f"/trends/stories/{COATS}").status_code == 404
        assert api.get(f"/trends/stories/{'x' * 65}").status_code == 422
        before = api.get(f"/trends/stories/{BOOTS}", params={"as_of": (NOON - 9 * HOUR).isoformat()})
        assert before.status_code == 404, "nobody had told it by then"


def test_topics_out_of_the_ordinary_stand_under_the_digest(
    clickhouse: events.Client, marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=1, microsecond=0)
    digested(clickhouse, marketer.tenant, today, ("Boots", "https://a.example/boots", 8, 2))
    columns = ["tenant_id", "as_of", "topic", "mentions", "expected", "z", "is_burst", "is_alarm", "run_id"]
    hours = [
        [marketer.tenant, today.replace(hour=3), "makers & co", 30, 4.5, 6.2, True, True, "run"],
        [marketer.tenant, today.replace(hour=4), "makers & co", 20, 5.5, 5.1, True, False, "run"],
        [marketer.tenant, today.replace(hour=4), "shops", 20, 19.0, 0.1, False, False, "run"],
    ]
    clickhouse.insert("raw.topic_scores", hours, column_names=columns)
    with marketer.api() as api, strangers[MemberRole.ADMIN].api() as stranger:
        [burst] = api.get("/trends/bursts", params={"date": str(today.date())}).json()["items"]
        assert stranger.get("/trends/bursts").json()["items"] == []
        quiet = api.get("/trends/bursts", params={"date": str(today.date() - timedelta(days=1))})
        assert quiet.json()["items"] == []
    assert (burst["topic"], burst["hours"], burst["mentions"], burst["expected"], burst["z"]) == (
        "makers & co",
        2,
        50,
        10.0,
        6.2,
    )
    page = marketer.forms().get("/trends").text
    assert "Topics out of the ordinary" in page
    assert f'href="/trends?day={today.date()}&amp;topic=makers%20%26%20co"' in page
    assert "z 6.2" in page


def test_a_warehouse_that_is_away_is_a_status(house: Settings, tenant: TenantId) -> None:
    away = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9")})
    with served(create_app(away)) as site:
        viewer = person(house, site, tenant, MemberRole.VIEWER)
        page = viewer.forms().get(f"/trends/stories/{BOOTS}")
        with viewer.api() as api:
            refused = api.get("/trends/bursts")
    assert (page.status_code, refused.status_code) == (503, 503)
    assert refused.headers["retry-after"] == "30"
