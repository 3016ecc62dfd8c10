"""Lists of feeds in and out: what an OPML document comes to, line by line, and that what goes out comes in again."""

import html
import re

import httpx
import pytest
from sqlalchemy import text

from store import records
from store.records.feeds import MOST_FEEDS
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.console.trends.test_feed_pages import added, plain
from tests.console.visitors import Forms, Person

OUTLINES = """
<outline text="Trade">
  <outline type="rss" text="News" xmlUrl="https://news.example/feed" language="en"/>
  <outline type="rss" text="Shops &lt;b&gt;" xmlUrl="https://shops.example/feed"/>
</outline>
<outline type="rss" text="Nowhere" xmlUrl="javascript:alert(1)"/>
<outline text="Empty"/>
"""
OPML = f'<opml version="2.0"><head/><body>{OUTLINES}</body></opml>'
BOMB = (
    '<!DOCTYPE o [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<opml><body><outline text="&b;" xmlUrl="https://bomb.example/"/></body></opml>'
)


def brought(forms: Forms, content: bytes | str, name: str = "feeds.opml") -> httpx.Response:
    sent = content.encode() if isinstance(content, str) else content
    return forms.client.post(
        "/feeds/import",
        data={"csrf": forms.csrf},
        files={"file": (name, sent, "text/x-opml")},
        headers={"Origin": forms.site},
    )


def carried(page: str) -> str:
    """What the page would send if somebody said yes."""
    found = re.search(r'name="text" value="([^"]*)"', page)
    assert found
    return html.unescape(found[1])


def names(person: Person) -> set[str]:
    with person.api() as api:
        return {feed["name"] for feed in api.get("/feeds").json()["items"]}


def test_a_file_is_looked_through_and_then_taken_over(marketer: Person) -> None:
    forms = marketer.forms()
    added(forms, name="Our own name", url="https://news.example/feed")
    looked = brought(forms, OPML)
    assert looked.status_code == 200
    page = plain(looked.text)
    for told in (
        "1 to add",
        "1 listed already",
        "Shops",
        "Trade",
        "is no web address",
        "“Empty” names no feed",
    ):
        assert told in page, told
    assert re.search(r"Line \d+: “Nowhere”", page)
    assert names(marketer) == {"Our own name"}, "nothing is added before somebody says yes"
    confirmed = forms.post_signed("/feeds/import/confirm", text=carried(looked.text))
    assert confirmed.headers["location"] == "/feeds?done=imported"
    assert "Imported." in forms.get("/feeds?done=imported").text
    assert names(marketer) == {"Our own name", "Shops"}
    assert "Nothing in it is new" in brought(forms, OPML).text


def test_what_is_pasted_is_read_as_well(marketer: Person) -> None:
    pasted = marketer.forms().post_signed("/feeds/import", text=OPML)
    assert "2 to add" in plain(pasted.text)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "Choose a file, or paste a list."),
        ("name,address\nNews,https://news.example/", "is no OPML"),
        ("<html><body>Sign in</body></html>", "is no OPML"),
        (b"\x00\xff\xfe", "is no OPML"),
        ("<opml>" + "x" * 2**20 + "</opml>", "split it"),
    ],
)
def test_what_is_no_list_is_refused_beside_the_field(
    marketer: Person, content: str | bytes, told: str
) -> None:
    answer = brought(marketer.forms(), content)
    assert answer.status_code == 422
    reason = re.search(r'id="file-trouble">([^<]+)', answer.text)
    assert reason
    assert told in reason[1]


def test_a_body_without_end_is_turned_away(marketer: Person) -> None:
    assert brought(marketer.forms(), b"x" * 3 * 2**20).status_code == 413


def test_a_bomb_does_not_go_off(marketer: Person) -> None:
    page = brought(marketer.forms(), BOMB).text
    assert "1 to add" in plain(page)
    assert "hahaha" not in page


def test_what_goes_out_comes_in_again(marketer: Person, strangers: dict[MemberRole, Person]) -> None:
    forms = marketer.forms()
    added(forms, name="News & “more” <b>", topic="trade & makers", weight="2.5")
    retired = added(forms, name="Over", url="https://over.example/")
    forms.post_signed(f"/feeds/{retired}/retire")
    sent_out = forms.get("/feeds/export.opml").content
    with strangers[MemberRole.MARKETER].api() as api, marketer.api() as own:
        assert own.get("/feeds/export.opml").content == sent_out
        told = api.post("/feeds/import", json={"text": sent_out.decode()}).json()
        assert [feed["name"] for feed in told["added"]] == ["News & “more”"], "a name is text, not markup"
        [feed] = api.get("/feeds").json()["items"]
    shown = {name: feed[name] for name in ("url", "topic", "language", "weight", "interval_minutes")}
    assert shown == {
        "url": "https://news.example/feed",
        "topic": "trade & makers",
        "language": "en",
        "weight": 2.5,
        "interval_minutes": 90,
    }


def test_a_program_is_told_line_by_line(marketer: Person) -> None:
    with marketer.api() as api:
        first = api.post("/feeds/import", json={"text": OPML, "dry_run": True}).json()
        assert api.get("/feeds").json()["items"] == []
        second = api.post("/feeds/import", json={"text": OPML}).json()
        assert second == first
        assert second["added"][0] == {"name": "News", "url": "https://news.example/feed", "topic": "Trade"}
        assert len(second["remarks"]) == 2
        assert all(re.match(r"line \d+: ", remark) for remark in second["remarks"])
        third = api.post("/feeds/import", json={"text": OPML}).json()
        assert (third["added"], len(third["known"])) == ([], 2)
        for wrong, told in (("no list", "is no OPML"), ("x" * (2**20 + 1), "split it")):
            refused = api.post("/feeds/import", json={"text": wrong})
            assert refused.status_code == 422
            [error] = refused.json()["errors"]
            assert error["field"] == "text"
            assert told in error["reason"]


def test_an_address_that_no_form_would_take_is_passed_over(marketer: Person) -> None:
    outlines = "".join(
        f'<outline text="{name}" xmlUrl="{url}"/>'
        for name, url in (
            ("Secret", "https://ann:secret@news.example/"),
            ("Long", "https://news.example/" + 2_030 * "x"),
            ("Good", "https://good.example/"),
        )
    )
    with marketer.api() as api:
        told = api.post("/feeds/import", json={"text": f"<opml><body>{outlines}</body></opml>"}).json()
    assert [feed["name"] for feed in told["added"]] == ["Good"]
    assert told["remarks"] == [
        "“Secret” is left out: leave out the name and password: everybody here could read them.",
        "“Long” is left out: it is longer than 2,048 characters.",
    ]


def test_more_than_there_is_room_for_is_refused_before_and_after(
    settings: Settings, marketer: Person
) -> None:
    many = "insert into feeds (tenant_id, name, url) select :tenant, n, 'https://' || n || '.example/' from generate_series(1, :count) n"
    with records.session(settings, Role.OWNER) as session:
        session.execute(text(many), {"tenant": marketer.tenant, "count": MOST_FEEDS - 1})
    forms = marketer.forms()
    looked = brought(forms, OPML)
    assert "there is room for 1 more" in plain(looked.text)
    assert "/feeds/import/confirm" not in looked.text
    refused = forms.post_signed("/feeds/import/confirm", text=OPML)
    assert refused.status_code == 409
    assert "2,000 are the most" in refused.text
    with marketer.api() as api:
        full = api.post("/feeds/import", json={"text": OPML})
        assert full.status_code == 409
        assert "2,000 are the most" in full.json()["detail"]
    added(forms, name="The last one")
    one_more = forms.post_signed(
        "/feeds", name="x", url="https://x.example/", weight="1", interval_minutes="60"
    )
    assert one_more.status_code == 409
    assert "2,000 are the most" in one_more.text


def test_the_longest_list_goes_through(marketer: Person) -> None:
    lines = "".join(
        f'<outline text="Feed number {n}" xmlUrl="https://{n}.example/feed"/>' for n in range(MOST_FEEDS)
    )
    forms = marketer.forms()
    looked = brought(forms, f"<opml><body>{lines}</body></opml>")
    assert "2,000 to add" in plain(looked.text)
    confirmed = forms.client.post(
        "/feeds/import/confirm",
        data={"csrf": forms.csrf, "text": carried(looked.text)},
        files={"none": ("", b"")},
        headers={"Origin": forms.site},
    )
    assert confirmed.status_code == 303, confirmed.text
    assert "2,000 feeds are read" in plain(forms.get("/feeds").text)
