"""Trends over the API: feeds are read because somebody asks, and the digest is what came of it, or says what to do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from console.app import create_app
from marketing_pipelines.defs.trends.automation import fetch_feeds_job
from marketing_pipelines.trends import digest, membership, scoring
from store import records
from store.records.feeds import Feed, FeedStatus
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.console.conftest import served
from tests.console.requested import asked_for, run, told
from tests.console.visitors import Person, person
from tests.trends.publisher import Publisher, item, rss


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    running = Publisher()
    yield running
    running.close()


@pytest.fixture
def subscribed(settings: Settings, marketer: Person, publisher: Publisher) -> Iterator[Publisher]:
    """The marketer's tenant reads a feed with two stories and one that is gone, none of which is due."""
    recently = f"{datetime.now(UTC) - timedelta(hours=1):%a, %d %b %Y %H:%M:%S GMT}"
    publisher.publish(
        "/news",
        rss(
            item("1", "Boots <b>are</b> back", "https://a.example/boots", recently),
            item("2", "Coats", "https://a.example/coats", recently),
        ),
    )
    with records.session(settings, Role.PIPELINES) as session:
        later = datetime.now(UTC) + timedelta(days=1)
        session.add_all(
            Feed(tenant_id=marketer.tenant, name=path, url=publisher.url(path), next_fetch_at=later)
            for path in ("/news", "/nothing")
        )
    yield publisher
    with records.session(settings, Role.PIPELINES) as session:
        mine = update(Feed).where(Feed.tenant_id == marketer.tenant)
        session.execute(mine.values(status=FeedStatus.RETIRED))  # nobody is left to answer


def made_from_what_was_read(settings: Settings) -> None:
    """What follows a reading by the assets' own conditions."""
    today = [datetime.now(UTC).date()]
    membership.assign_new(settings, run_id="a run")
    scoring.score_days(settings, today, run_id="a run")
    digest.make_days(settings, today, run_id="a run")


def test_feeds_are_read_because_somebody_asks_and_the_digest_shows_it(
    settings: Settings, marketer: Person, subscribed: Publisher
) -> None:
    with marketer.api() as api:
        assert "POST /api/trends/ingest" in api.get("/trends/digest").json()["told"]
        answer = api.post("/trends/ingest")
        asked = answer.json()
        assert (answer.status_code, asked["kind"], asked["state"]) == (202, "fetch_feeds", "waiting")
        assert answer.headers["location"] == asked["follow"] == f"/api/requested-runs/{asked['id']}"
        assert api.post("/trends/ingest").json()["id"] == asked["id"], "one reading is enough"

        wanted = asked_for(settings, asked["id"])
        assert wanted
        assert wanted.job_name == "fetch_feeds_job"
        result = run(settings, wanted, fetch_feeds_job)
        assert result.success, "a feed that fails fails no run"
        shown = told(result, "fetch_feeds")
        assert (shown["feeds"], shown["failing"], shown["entries"]) == (2, 1, 2)
        assert (
            result.asset_materializations_for_node("fetch_feeds")[0].asset_key.to_user_string()
            == "feed_entries"
        )
        followed = api.get(asked["follow"].removeprefix("/api")).json()
        assert (followed["state"], followed["outcome"]) == ("done", {"feeds": 2, "failing": 1, "entries": 2})

        shown_now = api.get("/trends/digest").json()
        assert (shown_now["items"], shown_now["as_of"]) == ([], None)
        assert "scored within minutes" in shown_now["told"]
        made_from_what_was_read(settings)
        shown_now = api.get("/trends/digest", params={"limit": 1}).json()
        assert len(shown_now["items"]) == 1
        shown_now = api.get("/trends/digest").json()
        assert {story["title"] for story in shown_now["items"]} == {"Boots are back", "Coats"}
        assert shown_now["items"][0]["recent"] == 1
        assert shown_now["items"][0]["is_new"] is True
        assert shown_now["told"] == ""
        assert datetime.fromisoformat(shown_now["as_of"]) <= datetime.now(UTC) + timedelta(seconds=2)

        again = api.post("/trends/ingest").json()
        assert again["id"] != asked["id"], "what is done does not hold up another asking"
        wanted = asked_for(settings, again["id"])
        assert wanted
        run(settings, wanted, fetch_feeds_job)
        followed = api.get(f"/requested-runs/{again['id']}").json()
    assert followed["outcome"]["feeds"] == 0, "a moment later no publisher is asked again"
    assert subscribed.requests["/news", 200] == 1


def test_without_feeds_the_digest_says_how_to_get_some(settings: Settings, marketer: Person) -> None:
    with marketer.api() as api:
        shown_now = api.get("/trends/digest")
    assert (shown_now.status_code, shown_now.json()["items"]) == (200, [])
    assert "You read no feeds yet" in shown_now.json()["told"]


def test_another_tenants_stories_are_not_shown(
    settings: Settings,
    people: dict[MemberRole, Person],
    strangers: dict[MemberRole, Person],
    subscribed: Publisher,
) -> None:
    with people[MemberRole.MARKETER].api() as api, strangers[MemberRole.ADMIN].api() as stranger:
        asked = api.post("/trends/ingest").json()
        wanted = asked_for(settings, asked["id"])
        assert wanted
        run(settings, wanted, fetch_feeds_job)
        made_from_what_was_read(settings)
        assert len(api.get("/trends/digest").json()["items"]) == 2
        assert stranger.get("/trends/digest").json()["items"] == []
        assert stranger.get(f"/requested-runs/{asked['id']}").status_code == 404
        assert stranger.post("/trends/ingest").json()["id"] != asked["id"]


def test_while_the_warehouse_is_away_the_digest_says_so(house: Settings, marketer: Person) -> None:
    away = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9/")})
    with served(create_app(away)) as site:
        reader = person(house, site, marketer.tenant, MemberRole.VIEWER)
        with reader.api() as api:
            refused = api.get("/trends/digest")
    assert refused.status_code == 503
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "30"
    assert "warehouse" in refused.json()["detail"]
