"""Feeds over the API: found, added, listed, changed, retired, revived and removed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import text

from console.trends import feed_finding
from store import records
from store.records.feeds import Feed
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.conftest import wait_until
from tests.console.visitors import Person
from tests.trends.publisher import Publisher, endless, item, rss, status, waiting

NEWS = {
    "name": "News",
    "url": "https://news.example/feed",
    "site_url": "https://news.example/",
    "topic": "trade",
    "language": "en",
    "weight": 2.0,
    "interval_minutes": 90,
    "obeys_robots": True,
}


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    running = Publisher()
    yield running
    running.close()


def test_a_feed_is_added_read_changed_retired_revived_and_removed(marketer: Person) -> None:
    with marketer.api() as api:
        answer = api.post("/feeds", json=NEWS)
        assert answer.status_code == 201
        feed = answer.json()
        path = answer.headers["location"].removeprefix("/api")
        assert {name: feed[name] for name in NEWS} == NEWS
        assert (feed["status"], feed["last_error"], feed["failures"]) == ("new", None, 0)
        assert api.get(path).json() == feed
        changed = api.put(path, json={"name": "Other", "url": NEWS["url"]}).json()
        assert (changed["name"], changed["topic"], changed["weight"]) == ("Other", "", 1.0)
        assert api.post(f"{path}/retire").json()["status"] == "retired"
        assert api.post(f"{path}/retire").json()["status"] == "retired"
        assert api.post(f"{path}/revive").json()["status"] == "new"
        assert api.delete(path).status_code == 204
        assert api.get(path).status_code == 404
        assert api.delete(path).status_code == 404
        told = api.get("/audit", params={"entity": "feed", "entity_id": feed["id"]}).raise_for_status().json()
    assert [entry["action"] for entry in told["items"]] == ["add", "change", "retire", "revive", "remove"]


def test_feeds_are_looked_for(marketer: Person) -> None:
    with marketer.api() as api:
        for name, topic in (("One", "trade"), ("Two", "makers"), ("Three", "trade")):
            listing = {"name": name, "url": f"https://{name}.example/", "topic": topic}
            api.post("/feeds", json=listing).raise_for_status()

        def shown(**asked: str | int) -> list[str]:
            return [feed["name"] for feed in api.get("/feeds", params=asked).json()["items"]]

        assert shown() == ["Three", "Two", "One"]
        assert shown(topic="trade") == ["Three", "One"]
        assert shown(text="THREE.example") == ["Three"]
        assert shown(status="failing") == []
        first = api.get("/feeds", params={"limit": 2}).json()
        assert shown(cursor=first["next_cursor"]) == ["One"]
        assert api.get("/feeds", params={"status": "nonsense"}).status_code == 422


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "news"}, "url"),
        ({"url": "ftp://news.example/"}, "url"),
        ({"url": "https://ann:secret@news.example/"}, "url"),
        ({"url": "https://news.example/" + 2_048 * "x"}, "url"),
        ({"site_url": "javascript:alert(1)"}, "site_url"),
        ({"name": ""}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"topic": "x" * 101}, "topic"),
        ({"language": "<b>"}, "language"),
        ({"weight": 0}, "weight"),
        ({"weight": 101}, "weight"),
        ({"interval_minutes": 4}, "interval_minutes"),
        ({"interval_minutes": 10_081}, "interval_minutes"),
        ({"status": "ok"}, "status"),
    ],
)
def test_a_wrong_field_is_named_with_its_reason(
    marketer: Person, changes: dict[str, object], field: str
) -> None:
    with marketer.api() as api:
        refused = api.post("/feeds", json=NEWS | changes)
        assert refused.status_code == 422
        assert refused.headers["content-type"] == "application/problem+json"
        [error] = refused.json()["errors"]
        assert error["field"] == field
        assert error["reason"]


def test_an_address_is_listed_once_in_each_tenant(
    marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    with marketer.api() as api, strangers[MemberRole.MARKETER].api() as stranger:
        api.post("/feeds", json=NEWS).raise_for_status()
        other = api.post("/feeds", json=NEWS | {"url": "https://other.example/"}).raise_for_status().json()
        for refused in (
            api.post("/feeds", json=NEWS | {"url": "https://NEWS.example:443/feed"}),
            api.put(f"/feeds/{other['id']}", json=NEWS),
        ):
            assert refused.status_code == 422
            assert refused.json()["errors"] == [
                {"field": "url", "reason": "“News” has this address already."}
            ]
        assert stranger.post("/feeds", json=NEWS).status_code == 201
        path = f"/feeds/{other['id']}"
        for method, step in (
            ("GET", ""),
            ("PUT", ""),
            ("DELETE", ""),
            ("POST", "/retire"),
            ("POST", "/revive"),
        ):
            body = NEWS if method == "PUT" else None
            assert stranger.request(method, path + step, json=body).status_code == 404


def test_a_site_is_asked_for_its_feeds(marketer: Person, publisher: Publisher) -> None:
    links = "".join(
        f'<link rel="alternate" type="application/rss+xml" title="{name}" href="/{name}.xml">'
        for name in ("all", "shop")
    )
    publisher.publish("/", links.encode(), "text/html")
    told = item("1", "Boots <b>are</b> back", "https://a.example/boots", "Tue, 10 Mar 2026 09:00:00 GMT")
    publisher.publish("/all.xml", rss(told, name="All of it"))
    publisher.answers["/away"] = status(503)
    with marketer.api() as api:

        def found(path: str) -> list[dict[str, object]]:
            return (
                api.post("/feeds/discover", json={"url": publisher.url(path)})
                .raise_for_status()
                .json()["items"]
            )

        assert [(feed["title"], feed["url"]) for feed in found("/")] == [
            ("all", publisher.url("/all.xml")),
            ("shop", publisher.url("/shop.xml")),
        ]
        [feed] = found("/all.xml")
        assert (feed["title"], feed["site_url"]) == ("All of it", "https://news.example/")
        assert feed["latest"] == [
            {
                "title": "Boots are back",
                "link": "https://a.example/boots",
                "published_at": "2026-03-10T09:00:00Z",
            }
        ]
        refused = api.post("/feeds/discover", json={"url": publisher.url("/away")})
        assert refused.status_code == 422
        [error] = refused.json()["errors"]
        assert error["field"] == "url"
        assert "503" in error["reason"]
        assert api.post("/feeds/discover", json={"url": "", "also": 1}).status_code == 422
        last, *_ = [api.post("/feeds/discover", json={"url": publisher.url("/all.xml")}) for _ in range(20)][
            ::-1
        ]
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) > 0


def test_a_host_that_drips_or_floods_is_left(
    marketer: Person, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_finding, "LONGEST_LOOK", 0.5)
    publisher.answers["/drips"] = endless(publisher)
    publisher.publish("/floods", b" " * (feed_finding.LARGEST + 1))
    with marketer.api() as api:
        for path, told in (("/drips", "too long"), ("/floods", "more than 4.0 MiB")):
            refused = api.post("/feeds/discover", json={"url": publisher.url(path)})
            assert refused.status_code == 422
            assert told in refused.json()["errors"][0]["reason"]


def test_only_a_few_look_at_once(marketer: Person, publisher: Publisher) -> None:
    publisher.answers["/slow"] = waiting(publisher, rss(name="Slow"))
    with marketer.api() as api, ThreadPoolExecutor(feed_finding.LOOKS_AT_ONCE) as hands:

        def look() -> httpx.Response:
            return api.post("/feeds/discover", json={"url": publisher.url("/slow")})

        looking = [hands.submit(look) for _ in range(feed_finding.LOOKS_AT_ONCE)]
        wait_until("all to look", lambda: publisher.most_at_once == feed_finding.LOOKS_AT_ONCE)
        one_more = look()
        publisher.released.set()
        assert [each.result().status_code for each in looking] == [200] * feed_finding.LOOKS_AT_ONCE
        assert (one_more.status_code, one_more.headers["retry-after"]) == (429, "10")
        assert look().status_code == 200, "a hand is free again"


def test_who_takes_an_address_that_is_being_listed_is_told(house: Settings, marketer: Person) -> None:
    waits = "select count(*) from pg_locks where not granted"
    with marketer.api() as api, ThreadPoolExecutor(1) as other:
        path = f"/feeds/{api.post('/feeds', json=NEWS).json()['id']}"
        taken = {"name": "Mine", "url": "https://taken.example/"}
        with records.session(house, Role.OWNER) as session:
            session.add(Feed(tenant_id=marketer.tenant, **taken))
            session.flush()
            changing = other.submit(api.put, path, json=taken)
            wait_until("the change to wait", lambda: session.scalar(text(waits)) == 1)
        refused = changing.result()
        assert refused.status_code == 409
        assert "Somebody has just listed a feed at this address" in refused.json()["detail"]
        assert api.get(path).json()["url"] == NEWS["url"]


def test_a_feed_that_has_moved_for_good_is_offered_where_it_is(
    marketer: Person, publisher: Publisher
) -> None:
    publisher.publish("/new", rss(name="Moved"))
    publisher.answers["/old"] = status(301, location="/new")
    with marketer.api() as api:
        found = api.post("/feeds/discover", json={"url": publisher.url("/old")}).json()
    assert [feed["url"] for feed in found["items"]] == [publisher.url("/new")]
