"""Feeds as pages: found by an address, added, changed, retired and removed, and told how each is doing."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from console.app import create_app
from console.frame import wording
from console.pages.feeds import PAGE
from marketing_pipelines.trends import past_readings
from marketing_pipelines.trends.past_readings import PastReading
from marketing_pipelines.trends.publishers.troubles import Trouble
from store import events, records
from store.clock import now
from store.records.feeds import Feed, FeedStatus
from store.records.people import MemberRole
from store.records.schema import FeedId, TenantId
from store.settings import Environment, Role, Settings
from tests.console.conftest import served
from tests.console.queries import counted
from tests.console.visitors import Forms, Person, person
from tests.console.writing import etag_of
from tests.trends.publisher import Publisher, item, rss, status

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
TYPED = {
    "name": "News",
    "url": "https://news.example/feed",
    "topic": "trade",
    "language": "en",
    "weight": "2",
    "interval_minutes": "90",
}
People = dict[MemberRole, Person]


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    running = Publisher()
    yield running
    running.close()


def sent(forms: Forms, path: str = "/feeds", **changes: str) -> Any:
    return forms.post_signed(path, **{**TYPED, **changes})


def added(forms: Forms, **changes: str) -> int:
    answer = sent(forms, **changes)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].removeprefix("/feeds/").partition("?")[0])


def listed(settings: Settings, tenant: TenantId, **facts: Any) -> FeedId:
    """A feed as its readings have left it."""
    with records.session(settings, Role.PIPELINES, tenant=tenant) as session:
        feed = Feed(tenant_id=tenant, **{"name": "News", "url": "https://news.example/", **facts})
        session.add(feed)
        session.flush()
        return FeedId(feed.id)


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def published(
    client: events.Client, tenant: TenantId, feed: FeedId, *entries: tuple[str, str, datetime]
) -> None:
    """Entries by title, link, and when they were published and seen."""
    client.insert(
        "raw.feed_entries",
        [[tenant, feed, f"id of {title}", "x", title, link, "", "", at, at, "a run"] for title, link, at in entries],
        column_names=[
            "tenant_id", "feed_id", "entry_id", "content_hash", "title", "link", "summary", "author", "published_at",
            "first_seen_at", "run_id",
        ],
    )  # fmt: skip


def test_without_feeds_the_page_says_what_to_do(marketer: Person, people: People) -> None:
    page = marketer.forms().get("/feeds").text
    assert "You read no feeds yet" in page
    assert "Export OPML" not in page
    for name in ("HackerNews", "TechCrunch", "ProductHunt"):
        assert f'Add<span class="unseen"> {name}' in page
    shipped = re.search(r'<form method="post" action="/feeds">.*?</form>', page, re.DOTALL)
    assert shipped
    said = dict(re.findall(r'name="(\w+)" value="([^"]*)"', shipped[0]))
    forms = marketer.forms()
    taken = forms.post_signed("/feeds", **{name: said[name] for name in said if name != "csrf"})
    assert taken.status_code == 303
    assert "HackerNews" in forms.get(taken.headers["location"]).text
    reader = people[MemberRole.VIEWER].forms().get("/feeds").text
    assert "Add a feed" not in reader


def test_a_site_is_looked_at_and_its_feed_is_added(marketer: Person, publisher: Publisher) -> None:
    publisher.publish("/", b'<link rel="alternate" type="application/rss+xml" href="/news.xml">', "text/html")
    told = item("1", "Boots <b>are</b> back", "https://a.example/boots", "Tue, 10 Mar 2026 09:00:00 GMT")
    publisher.publish("/news.xml", rss(told, name="News of the <i>trade</i>"))
    forms = marketer.forms()
    assert "Address of a site or of a feed" in forms.get("/feeds/new").text
    found = forms.post_signed("/feeds/new", url=publisher.url("/"))
    assert found.status_code == 200
    assert 'value="News of the trade"' in found.text
    assert f'value="{publisher.url("/news.xml")}"' in found.text
    assert "Boots are back" in found.text
    assert 'href="https://a.example/boots" rel="noreferrer noopener nofollow"' in found.text
    number = added(forms, name="News of the trade", url=publisher.url("/news.xml"))
    page = forms.get(f"/feeds/{number}?done=added").text
    assert "Added. It is read with the next reading" in page
    assert "Not read yet" in page
    again = forms.post_signed("/feeds/new", url=publisher.url("/"))
    assert f'It is listed already: <a href="/feeds/{number}">' in again.text
    assert 'action="/feeds"' not in again.text


def test_a_page_that_names_several_lets_one_choose(marketer: Person, publisher: Publisher) -> None:
    links = "".join(
        f'<link rel="alternate" type="application/rss+xml" title="{name}" href="/{path}">'
        for path, name in [("all.xml", "All"), ("shop.xml", "&lt;script&gt;Shop"), ("old.xml", "")]
    )
    publisher.publish("/", links.encode(), "text/html")
    forms = marketer.forms()
    listed_already = added(forms, url=publisher.url("/old.xml"))
    page = forms.post_signed("/feeds/new", url=publisher.url("/").removeprefix("http://")).text
    assert "https" in page, "what nobody wrote is taken for https"
    page = forms.post_signed("/feeds/new", url=publisher.url("/")).text
    assert "The page names 3 feeds" in page
    assert "<script>Shop" not in page
    assert page.count('action="/feeds/new"') == 3, "the form above, and one for each that is not listed yet"
    assert f'href="/feeds/{listed_already}"' in page


def test_a_feed_that_is_only_where_feeds_usually_are_is_found(marketer: Person, publisher: Publisher) -> None:
    publisher.publish("/", b"<p>Welcome", "text/html")
    publisher.publish("/rss.xml", rss(name="Hidden"))
    found = marketer.forms().post_signed("/feeds/new", url=publisher.url("/"))
    assert 'value="Hidden"' in found.text
    assert "It is a feed, and empty right now." in found.text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Fill this in"),
        ("   ", "Fill this in"),
        ("javascript:alert(1)", "Write a whole web address"),
        ("http://ann:secret@news.example/", "Leave out the name and password"),
        ("x" * 3_000, "at most"),
    ],
)
def test_what_is_no_address_is_refused_beside_the_field(marketer: Person, typed: str, told: str) -> None:
    answer = marketer.forms().post_signed("/feeds/new", url=typed)
    assert answer.status_code == 422
    assert told in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_where_no_feed_is_found_it_is_said_what_to_do(marketer: Person, publisher: Publisher) -> None:
    publisher.publish("/plain", b"<p>Welcome", "text/html")
    publisher.answers["/away"] = status(500)
    publisher.answers["/gone"] = status(410)
    forms = marketer.forms()
    for path, told in (
        ("/plain", "none is where feeds usually are"),
        ("/away", "The host answers 500 Internal Server Error. Try again later"),
        ("/gone", "Look on the site for where its feed is now."),
        ("/nothing", "404"),
    ):
        answer = forms.post_signed("/feeds/new", url=publisher.url(path))
        assert answer.status_code == 422
        assert told in plain(answer.text), path
        assert "asked for again by itself" not in answer.text.replace("again and again by itself", ""), path
        blind = re.search(r'href="(/feeds/new\?url=[^"]+)">Add it without a look', answer.text)
        assert blind
        assert f'value="{publisher.url(path)}"' in forms.get(blind[1]).text


def test_a_feed_that_is_added_unseen_begins_with_the_name_of_its_host(marketer: Person) -> None:
    page = marketer.forms().get("/feeds/new?url=news.example/feed").text
    assert 'name="url" type="text" value="https://news.example/feed"' in page
    assert 'name="name" type="text" value="news.example"' in page
    assert "Nobody has looked at it yet" in page


def test_what_is_inside_is_not_looked_at_in_production(
    house: Settings, marketer: Person, publisher: Publisher
) -> None:
    publisher.publish("/", rss(name="Inside"))
    serious = house.model_copy(update={"environment": Environment.PRODUCTION})
    assert serious.production
    with served(create_app(serious)) as site:
        forms = Person(marketer.id, marketer.email, marketer.role, marketer.tenant, site)
        with forms.api() as api:
            refused = api.post("/feeds/discover", json={"url": publisher.url("/")})
    assert refused.status_code == 422
    assert "public web" in refused.json()["errors"][0]["reason"]
    assert publisher.requests["/", 200] == 0


def test_who_looks_again_and_again_waits_a_minute(marketer: Person, publisher: Publisher) -> None:
    publisher.publish("/", rss(name="News"))
    forms = marketer.forms()
    answers = [forms.post_signed("/feeds/new", url=publisher.url("/")) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert "Too many requests in this minute" in answers[-1].text
    assert publisher.requests["/", 200] == 20


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"name": " "}, "name", "Fill this in"),
        ({"url": "news"}, "url", "Write a whole web address"),
        ({"url": "https://ann:secret@news.example/"}, "url", "Leave out the name and password"),
        ({"weight": "0"}, "weight", "greater than 0"),
        ({"weight": "nan"}, "weight", "Write a number"),
        ({"weight": "many"}, "weight", "Write a number"),
        ({"interval_minutes": "4"}, "interval_minutes", "greater than or equal to 5"),
        ({"interval_minutes": "often"}, "interval_minutes", "Write a whole number"),
        ({"language": "Deutsch, bitte"}, "language", "Write a language by its short name"),
        ({"topic": "x" * 101}, "topic", "at most 100"),
    ],
)
def test_a_wrong_field_says_what_is_wrong_and_keeps_what_was_typed(
    marketer: Person, changes: dict[str, str], field: str, told: str
) -> None:
    answer = sent(marketer.forms(), **changes)
    assert answer.status_code == 422
    reason = re.search(rf'id="{field}-trouble">([^<]+)', answer.text)
    assert reason
    assert told in reason[1]
    assert 'value="trade"' in answer.text or field == "topic"


def test_an_address_stands_once_in_the_list(marketer: Person) -> None:
    forms = marketer.forms()
    added(forms)
    again = sent(forms, url="HTTPS://News.Example:443/feed")
    assert again.status_code == 422
    assert "“News” has this address already" in again.text


def test_a_feed_is_changed_retired_revived_and_removed(marketer: Person) -> None:
    forms = marketer.forms()
    number = added(forms)
    path = f"/feeds/{number}"
    editor = forms.get(f"{path}/edit").text
    assert 'value="90"' in editor
    changed = sent(forms, path, etag=etag_of(editor), name="Other", obeys_robots="true", weight="0.5")
    assert changed.headers["location"] == f"{path}?done=changed"
    page = plain(forms.get(path).text)
    for told in ("Other", "90 minutes, where robots.txt lets us", "0.5"):
        assert told in page
    assert forms.post_signed(f"{path}/retire").headers["location"] == f"{path}?done=retired"
    assert "Nobody asks for it any more" in forms.get(path).text
    assert forms.post_signed(f"{path}/revive").headers["location"] == f"{path}?done=revived"
    assert "Not read yet" in forms.get(path).text
    assert forms.post_signed(f"{path}/remove").headers["location"] == "/feeds?done=removed"
    assert forms.get(path).status_code == 404
    assert "Removed." in forms.get("/feeds?done=removed").text


def test_who_has_been_overtaken_sees_what_stands_there(marketer: Person, settings: Settings) -> None:
    forms = marketer.forms()
    number = added(forms)
    mine = etag_of(forms.get(f"/feeds/{number}/edit").text)
    with records.session(settings, Role.PIPELINES, tenant=marketer.tenant) as session:
        feed = session.get_one(Feed, number)
        feed.status, feed.last_success_at, feed.site_url = FeedStatus.OK, now(), "https://news.example/"
    read_since = sent(forms, f"/feeds/{number}", etag=mine, topic="makers")
    assert read_since.status_code == 303, "a reading overtakes nobody"
    assert "https://news.example/" in forms.get(f"/feeds/{number}").text, "the publisher's word stays"
    overtaken = sent(forms, f"/feeds/{number}", etag=mine, topic="shops")
    assert overtaken.status_code == 409
    assert "Somebody has saved this meanwhile" in overtaken.text
    assert "makers" in overtaken.text
    assert 'value="shops"' in overtaken.text
    anyway = sent(forms, f"/feeds/{number}", etag=etag_of(overtaken.text), topic="shops")
    assert anyway.status_code == 303


def test_the_list_says_how_each_is_doing_and_is_filtered(marketer: Person, settings: Settings) -> None:
    tenant = marketer.tenant
    listed(settings, tenant, name="Good", url="https://a.example/", topic="trade", status=FeedStatus.OK,
           last_success_at=now() - timedelta(minutes=10, seconds=20), next_fetch_at=now() + timedelta(hours=2, minutes=30))  # fmt: skip
    listed(settings, tenant, name="Broken", url="https://b.example/", topic="makers", status=FeedStatus.FAILING,
           last_error="The host answers 500. <b>")  # fmt: skip
    listed(settings, tenant, name="Over", url="https://c.example/", status=FeedStatus.RETIRED)
    forms = marketer.forms()
    page = plain(forms.get("/feeds").text)
    for told in ("1 of 2 feeds cannot be read.", "The host answers 500. &lt;b&gt;", "10 min ago", "in 2 h",
                 "Read no more", "2 feeds are read, 1 no more"):  # fmt: skip
        assert told in page, told
    for asked, shown in (
        ("status=failing", {"Broken"}),
        ("topic=trade", {"Good"}),
        ("text=B.EXAMPLE", {"Broken"}),
        ("text=answers+500", {"Broken"}),
        ("status=retired&text=o", {"Over"}),
        ("status=&topic=&text=", {"Good", "Broken", "Over"}),
        ("text=%25", set()),
    ):
        html = forms.get(f"/feeds?{asked}").text
        assert {name for name in ("Good", "Broken", "Over") if f">{name}</a>" in html} == shown, asked
    assert "None like this" in forms.get("/feeds?text=nothing").text
    assert forms.get("/feeds?status=nonsense").status_code == 404


def test_a_long_list_goes_on_page_by_page_and_takes_no_more_statements(
    marketer: Person, settings: Settings
) -> None:
    forms = marketer.forms()
    listed(settings, marketer.tenant)
    forms.get("/feeds")
    with counted(settings) as few:
        forms.get("/feeds")
    with records.session(settings, Role.PIPELINES) as session:
        session.add_all(
            Feed(tenant_id=marketer.tenant, name=f"Feed {n}", url=f"https://{n}.example/", topic="trade")
            for n in range(PAGE + 10)
        )
    with counted(settings) as many:
        first = forms.get("/feeds?topic=trade").text
    assert len(many) == len(few)
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward
    second = forms.get(onward[1].replace("&amp;", "&")).text
    assert (first.count('rowheader"'), second.count('rowheader"')) == (PAGE, 10)
    assert "Back to the start" in second


def test_a_feed_shows_what_it_published_and_how_its_readings_went(
    clickhouse: events.Client, marketer: Person, settings: Settings
) -> None:
    number = listed(
        settings, marketer.tenant, status=FeedStatus.OK, last_success_at=now(), moved_at=now(),
        moved_from="https://old.example/feed", site_url="https://news.example/",
    )  # fmt: skip
    published(
        clickhouse, marketer.tenant, number,
        (f"Boots {HOSTILE}", "javascript:alert(1)", now() - timedelta(hours=1)),
        ("Coats", "https://a.example/coats", now() - timedelta(days=2)),
    )  # fmt: skip
    past_readings.remember(
        clickhouse,
        marketer.tenant,
        [PastReading(number, "too_slow", 0, 0, 0, timedelta(seconds=45))],
        at=now() - timedelta(hours=2),
        run_id="a run",
    )
    past_readings.remember(
        clickhouse,
        marketer.tenant,
        [PastReading(number, "read", 2, 1, 12_345, timedelta(milliseconds=120))],
        at=now(),
        run_id="another run",
    )
    forms = marketer.forms()
    html = forms.get(f"/feeds/{number}").text
    assert "<script>alert" not in html
    assert "javascript:" not in html
    assert 'href="https://a.example/coats"' in html
    page = plain(html)
    assert page.index("Boots") < page.index("Coats")
    for told in ("https://old.example/feed, ", "Too slow", "12 KB", "120 ms", "45,000 ms"):
        assert told in page, told
    days = re.findall(r'<tr><th scope="row">(\d{4}-\d\d-\d\d)</th><td>(\d+)</td></tr>', html)
    assert len(days) == past_readings.SHOWN.days
    assert sum(int(count) for _, count in days) == 2
    assert " 1.0 " in plain(forms.get("/feeds").text), "two entries in the two days for which it is known"


@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_has_its_words(trouble: Trouble) -> None:
    assert wording.READINGS[trouble].text


def test_a_feed_that_fails_says_why_and_since_when(marketer: Person, settings: Settings) -> None:
    number = listed(
        settings, marketer.tenant, status=FeedStatus.FAILING, failures=7, last_error=f"Refused. {HOSTILE}",
        last_success_at=now() - timedelta(days=5), next_fetch_at=now() + timedelta(hours=3, minutes=30),
    )  # fmt: skip
    page = marketer.forms().get(f"/feeds/{number}").text
    assert "<script>alert" not in page
    for told in (
        "It has failed 7 times in a row, since it was read 5 days ago",
        "It is due in 3 h",
        "recovers by itself",
    ):
        assert told in plain(page), told
    assert "It has not been read yet" not in page


def test_another_tenants_feed_is_nobodys(marketer: Person, strangers: People) -> None:
    number = added(marketer.forms(), name="Only ours")
    forms = strangers[MemberRole.ADMIN].forms()
    assert "Only ours" not in forms.get("/feeds").text
    assert "Only ours" not in forms.get("/feeds/export.opml").text
    for path in ("", "/edit"):
        assert forms.get(f"/feeds/{number}{path}").status_code == 404
    for path in ("/retire", "/revive", "/remove"):
        assert forms.post_signed(f"/feeds/{number}{path}").status_code == 404
    assert sent(forms, f"/feeds/{number}").status_code == 404
    assert marketer.forms().get(f"/feeds/{number}").status_code == 200


def test_readers_read_and_change_nothing(people: People) -> None:
    number = added(people[MemberRole.MARKETER].forms())
    for role in (MemberRole.VIEWER, MemberRole.ANALYST, MemberRole.APPROVER):
        forms = people[role].forms()
        page = forms.get(f"/feeds/{number}").text
        assert "Retire" not in page
        assert sent(forms).status_code == 403
        assert forms.post_signed(f"/feeds/{number}/remove").status_code == 403
        assert forms.post_signed("/feeds/new", url="https://news.example/").status_code == 403
    assert people[MemberRole.VIEWER].forms().get("/feeds/export.opml").status_code == 403
    assert people[MemberRole.ANALYST].forms().get("/feeds/export.opml").status_code == 200


def test_hostile_names_are_text_everywhere(marketer: Person) -> None:
    forms = marketer.forms()
    number = added(forms, name=HOSTILE, topic=f"t{HOSTILE}")
    for path in ("/feeds", f"/feeds/{number}", f"/feeds/{number}/edit", "/feeds/new", "/trends"):
        page = forms.get(path).text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
    exported = forms.get("/feeds/export.opml")
    assert exported.headers["content-type"] == "text/x-opml; charset=utf-8"
    assert "attachment" in exported.headers["content-disposition"]
    assert "<script>" not in exported.text


def test_while_the_warehouse_is_away_the_feeds_stand(house: Settings, tenant: TenantId) -> None:
    away = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9")})
    with served(create_app(away)) as site:
        forms = person(house, site, tenant, MemberRole.MARKETER).forms()
        number = added(forms)
        assert "The warehouse does not answer" in forms.get(f"/feeds/{number}").text
        assert "The warehouse does not answer" in forms.get("/feeds").text


def test_the_page_of_trends_says_how_many_there_are(marketer: Person, settings: Settings) -> None:
    forms = marketer.forms()
    assert "You read no feeds yet" in forms.get("/trends").text
    for name, state in (("a", FeedStatus.OK), ("b", FeedStatus.FAILING), ("c", FeedStatus.RETIRED)):
        listed(settings, marketer.tenant, name=name, url=f"https://{name}.example/", status=state)
    page = forms.get("/trends").text
    assert "2 feeds are read, 1 of them cannot be read right now" in plain(page)
    assert 'href="/feeds?status=failing"' in page
