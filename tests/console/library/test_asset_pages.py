"""The pages of assets: uploading, looking, saying what has to be known, and what hostile files come to."""

import hashlib
import io
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from sqlalchemy import Engine, event

from store import asset_files
from store.asset_files import Missing
from store.records.people import MemberRole
from store.settings import Settings
from tests.console.frame.test_browser import opened
from tests.console.library.test_links import a_campaign
from tests.console.visitors import Forms, Person, mail
from tests.creatives import files
from tests.creatives.test_pictures import png

UPLOADED = re.compile(r"/assets/(\d+)\?done=uploaded")


def picture(width: int = 640, height: int = 400) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (width, height), "#0f5c4a").save(drawn, "PNG")
    return drawn.getvalue()


def uploaded(forms: Forms, *given: tuple[str, bytes, str], **fields: str) -> httpx.Response:
    return forms.client.post(
        "/assets",
        data={"csrf": forms.csrf, **fields},
        files=[("files", file) for file in given],
        headers={"Origin": forms.site},
    )


def an_upload(forms: Forms, name: str = "hero.png", content: bytes = b"", **fields: str) -> int:
    answer = uploaded(forms, (name, content or picture(), ""), **fields)
    found = UPLOADED.fullmatch(answer.headers.get("location", ""))
    assert found, answer.text
    return int(found[1])


@contextmanager
def counting_statements() -> Iterator[list[str]]:
    """Every statement that any engine of this process runs meanwhile; the console is served from it."""
    said = list[str]()

    def hear(_: Any, __: Any, statement: str, *___: Any) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def test_a_file_is_uploaded_shown_described_and_found(marketer: Person) -> None:
    forms = marketer.forms()
    assert "No assets yet" in forms.get("/assets").text
    content = picture()
    asset = an_upload(forms, "sommer & hero.png", content, tags="Summer, hero , summer")
    shown = forms.get(f"/assets/{asset}").text
    for said in ("sommer &amp; hero.png", "640 × 400", "summer, hero", "Nothing uses it yet"):
        assert said in shown, said
    assert hashlib.sha256(content).hexdigest()[:4] in shown
    saved = forms.post_signed(
        f"/assets/{asset}", name="Hero", tags="WINTER", flags=["contains_people", "do_not_use"]
    )
    assert saved.headers["location"] == f"/assets/{asset}?done=saved"
    shown = forms.get(f"/assets/{asset}").text
    assert "Nothing that uses it can be submitted" in shown
    for query, is_there in (
        ("", True), ("?tag=Winter", True), ("?tag=summer", False), ("?text=her", True), ("?text=x", False),
        ("?kind=image", True), ("?kind=csv", False), ("?flag=do_not_use", True), ("?flag=ai_generated", False),
        ("?archived=true", False), ("?text=&kind=&flag=", True),
    ):  # fmt: skip
        assert (f'href="/assets/{asset}"' in forms.get(f"/assets{query}").text) is is_there, query
    with marketer.api() as api:
        read = api.get(f"/assets/{asset}").json()
        assert (read["name"], read["tags"], read["width"]) == ("Hero", ["winter"], 640)
        steps = [it["action"] for it in api.get("/audit", params={"entity": "asset"}).json()["items"]]
    assert sorted(steps) == ["add", "change"]


def test_several_files_are_taken_each_by_itself(marketer: Person) -> None:
    forms = marketer.forms()
    answer = uploaded(
        forms,
        ("a.png", picture(1, 1), "image/png"),
        ("b.png", files.JPEG, "image/png"),
        ("c.csv", files.CSV, "application/vnd.ms-excel"),
    )
    assert answer.status_code == 422
    assert "2 files were kept" in answer.text
    assert "says image/png and is image/jpeg" in answer.text
    assert uploaded(forms).status_code == 422
    assert "Choose a file first" in uploaded(forms).text
    many = [(f"{n}.txt", f"text {n}".encode(), "text/plain") for n in range(11)]
    assert "10 files at most" in uploaded(forms, *many).text
    with marketer.api() as api:
        assert sorted(it["name"] for it in api.get("/assets").json()["items"]) == ["a.png", "c.csv"]


def test_a_table_shows_its_first_rows_escaped(marketer: Person) -> None:
    forms = marketer.forms()
    hostile = "name;value\n<script>alert(1)</script>;=cmd|' /C calc'!A0\n" + "x;y\n" * 40
    asset = an_upload(forms, "prices.csv", hostile.encode())
    shown = forms.get(f"/assets/{asset}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert" not in shown
    assert "20 of 41 rows" in shown
    with marketer.api() as api:
        read = api.get(f"/assets/{asset}").json()
        assert (read["kind"], read["rows"]) == ("csv", 41)


def test_only_pixels_are_shown_in_a_page_and_nothing_is_guessed_about(marketer: Person) -> None:
    forms = marketer.forms()
    for name, content, place in (
        ("a.png", picture(), "inline"),
        ("b.svg", files.SVG, "attachment"),
        ("c.html", files.HTML, "attachment"),
        ("d.pdf", files.PDF, "attachment"),
        ("e.csv", files.CSV, "attachment"),
    ):
        asset = an_upload(forms, name, content)
        answer = forms.get(f"/assets/{asset}/content")
        assert answer.content == content
        assert answer.headers["content-disposition"].startswith(place), name
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        page = forms.get(f"/assets/{asset}").text
        assert (f'src="/assets/{asset}/content"' in page) is (place == "inline"), name
        kept = forms.get(f"/assets/{asset}/content?download=true")
        assert kept.headers["content-disposition"].startswith("attachment")
        same = forms.get(f"/assets/{asset}/content", **{"If-None-Match": answer.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("bomb.png", png(50_000, 50_000), "million pixels"),
        ("long.png", png(30_000, 2), "million pixels"),
        ("polyglot.png", files.PNG + b"<script>alert(1)</script>", "goes on as something else"),
        ("polyglot.gif", b"GIF89a/*" + b"\0" * 10 + b"*/=1;alert(1);", "cannot be read|cut off"),
        ("torn.jpg", files.JPEG, "cannot be read"),
        ("bomb.csv", files.ZIP, "no letters"),
        ("markup.csv", b"<svg onload=alert(1)>,b\n1,2", "says text/csv and is image/svg"),
        ("ragged.csv", b"a,b\n1,2,3", "3 cells in row 2"),
        ("acting.svg", b"<svg onload='x()'/>", "event handler"),
        ("program.txt", files.EXECUTABLE, "is none of"),
        ("empty.txt", b"", "is empty"),
    ],
)
def test_hostile_files_are_refused_with_the_reason(
    marketer: Person, name: str, content: bytes, reason: str
) -> None:
    answer = uploaded(marketer.forms(), (name, content, ""))
    assert answer.status_code == 422
    assert re.search(reason, answer.text), answer.text
    assert 'role="alert"' in answer.text


def test_names_lead_nowhere_and_tags_are_bounded(house: Settings, marketer: Person) -> None:
    forms, asset = marketer.forms(), 0
    for number, name in enumerate(
        ("../../../etc/passwd", "C:\\temp\\a.txt", "a\r\nSet-Cookie: x.txt", "‮txt.exe")
    ):
        asset = an_upload(forms, name, f"text {number}".encode())
        with marketer.api() as api:
            kept = api.get(f"/assets/{asset}").json()["name"]
        assert not set(kept) & set("/\\\r\n\u202e"), kept
        disposition = forms.get(f"/assets/{asset}/content").headers["content-disposition"]
        assert "set-cookie" not in forms.get(f"/assets/{asset}/content").headers
        assert not set(disposition) & set("\r\n/\\")
    root = house.assets_directory
    assert all(
        re.fullmatch(r"(exports/)?\d+/[0-9a-f]{2}/[0-9a-f]{64}", str(it.relative_to(root)))
        for it in root.rglob("*")
        if it.is_file()
    )
    many = ",".join(f"t{number}" for number in range(10_000))
    for tags, reason in (
        (many[:3900], "20 tags"),
        ("x" * 41, "longer than"),
        ("a\u0007b", "control characters"),
    ):
        answer = uploaded(forms, ("a.png", picture(9, 9), "image/png"), tags=tags)
        assert answer.status_code == 422
        assert reason in answer.text
        assert 'id="tags-trouble"' in answer.text
    assert uploaded(forms, ("a.png", picture(9, 9), "image/png"), tags=many).status_code == 422
    for name in ("", "x" * 201, "a\u0007b"):
        refused = forms.post_signed(f"/assets/{asset}", name=name, tags="")
        assert refused.status_code == 422
        assert 'id="name-trouble"' in refused.text


def test_too_much_at_once_is_refused(house: Settings, marketer: Person) -> None:
    forms = marketer.forms()
    answer = uploaded(forms, ("a.txt", b"x" * (house.asset_max_bytes + 1), "text/plain"))
    assert (answer.status_code, "too large" in answer.text) == (422, True)
    half = b"x" * (house.asset_max_bytes // 2)
    answer = uploaded(forms, *[(f"{n}.txt", half, "text/plain") for n in range(9)])
    assert answer.status_code == 413


def test_what_is_used_is_known_and_not_deleted(house: Settings, marketer: Person) -> None:
    forms, campaign = marketer.forms(), a_campaign(house, marketer.tenant)
    with marketer.api() as api:
        banner = ("banner.png", picture(), "image/png")
        asset = api.post("/assets", files={"file": banner}, data={"campaign_id": campaign}).json()["id"]
        origin = [{"kind": "asset", "id": str(asset)}, {"kind": "asset", "id": "9" * 18}]
        by_origin = api.post("/actions", json={**mail(), "provenance": origin}).json()
        body = f"Picture: https://console.example/assets/{asset}/content"
        by_address = api.post("/actions", json=mail(body=body)).json()
        uses = api.get(f"/assets/{asset}/uses").json()
        assert uses["campaign_id"] == campaign
        assert [it["id"] for it in uses["actions"]] == [by_address["id"], by_origin["id"]]
        assert uses["count"] == 2
        shown = forms.get(f"/assets/{asset}").text
        assert f'href="/actions/{by_address["id"]}"' in shown
        assert f'href="/campaigns/{campaign}"' in shown
        assert "Delete for good" not in shown
        assert forms.post_signed(f"/assets/{asset}/delete").status_code == 409
        assert api.delete(f"/assets/{asset}").status_code == 409

        api.patch(f"/assets/{asset}", json={"flags": ["do_not_use"]}).raise_for_status()
        for action in (by_origin, by_address):
            refused = api.post(f"/actions/{action['id']}/submit")
            assert refused.status_code == 422
            assert refused.json()["errors"][0]["field"] == "assets"
        without = {"payload": mail(body="No picture")["payload"]}
        api.put(f"/actions/{by_address['id']}", json=without).raise_for_status()
        assert api.post(f"/actions/{by_address['id']}/submit").status_code == 200
        api.patch(f"/assets/{asset}", json={"flags": []}).raise_for_status()
        assert api.post(f"/actions/{by_origin['id']}/submit").status_code == 200


def test_what_nothing_uses_is_deleted_with_its_bytes(house: Settings, marketer: Person) -> None:
    forms, content = marketer.forms(), b"Warm things."
    with marketer.api() as api:
        text = api.post("/assets", json={"kind": "text", "name": "a", "text": content.decode()}).json()["id"]
        html = api.post("/assets", json={"kind": "html", "name": "b", "text": content.decode()}).json()["id"]
        storage, digest = asset_files.of(house), hashlib.sha256(content).digest()
        assert forms.post_signed(f"/assets/{text}/delete").headers["location"] == "/assets?done=deleted"
        assert forms.get(f"/assets/{text}").status_code == 404
        assert storage.get(marketer.tenant, digest) == content, "the other asset is of the same bytes"
        assert api.delete(f"/assets/{html}").status_code == 204
        with pytest.raises(Missing):
            storage.get(marketer.tenant, digest)
        entries = api.get("/audit", params={"entity": "asset"}).json()["items"]
        told = [it["before"]["sha256"] for it in entries if it["action"] == "delete"]
        assert told == [digest.hex()] * 2


def test_bytes_that_go_and_come_at_once_are_never_missing(marketer: Person) -> None:
    """Somebody deletes what somebody else uploads again: each record that is left has its bytes."""
    ends = threading.Event()

    def go_and_come(_: int) -> None:
        with marketer.api() as api:
            for _ in range(6):
                asset = api.post("/assets", json={"kind": "text", "name": "a", "text": "same"}).json()["id"]
                api.delete(f"/assets/{asset}")
            ends.set()

    with ThreadPoolExecutor(3) as several:
        list(several.map(go_and_come, range(3)))
    with marketer.api() as api:
        asset = api.post("/assets", json={"kind": "text", "name": "a", "text": "same"}).json()["id"]
        assert api.get(f"/assets/{asset}/content").text == "same"
    assert ends.is_set()


def test_archived_ones_leave_the_list_and_come_back(marketer: Person) -> None:
    forms = marketer.forms()
    asset = an_upload(forms)
    line = f'href="/assets/{asset}"'
    forms.post_signed(f"/assets/{asset}/archive")
    assert line not in forms.get("/assets").text
    assert line in forms.get("/assets?archived=true").text
    forms.post_signed(f"/assets/{asset}/restore")
    assert line in forms.get("/assets").text


def test_bytes_that_are_lost_are_said_in_their_place(house: Settings, marketer: Person) -> None:
    forms = marketer.forms()
    asset = an_upload(forms, "a.csv", files.CSV)
    asset_files.of(house).remove(marketer.tenant, hashlib.sha256(files.CSV).digest())
    page = forms.get(f"/assets/{asset}")
    assert page.status_code == 200
    assert "missing or damaged" in page.text
    assert forms.get(f"/assets/{asset}/content").status_code == 503


def test_another_tenants_assets_are_none_and_viewers_only_look(
    people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    asset = an_upload(people[MemberRole.MARKETER].forms())
    stranger = strangers[MemberRole.ADMIN].forms()
    for path in ("", "/content"):
        assert stranger.get(f"/assets/{asset}{path}").status_code == 404
    for step in ("", "/archive", "/restore", "/delete"):
        assert stranger.post_signed(f"/assets/{asset}{step}", name="x").status_code == 404
    with strangers[MemberRole.ADMIN].api() as api:
        assert api.get(f"/assets/{asset}/uses").status_code == 404
        assert api.patch(f"/assets/{asset}", json={"name": "x"}).status_code == 404
        assert api.delete(f"/assets/{asset}").status_code == 404
        origin = {**mail(), "provenance": [{"kind": "asset", "id": str(asset)}]}
        assert api.post("/actions", json=origin).status_code == 201, "a number that is nobody's of theirs"
    with people[MemberRole.MARKETER].api() as api:
        assert api.get(f"/assets/{asset}/uses").json()["count"] == 0
    viewer = people[MemberRole.VIEWER].forms()
    shown = viewer.get(f"/assets/{asset}").text
    assert ("Save" in shown, "Delete" in shown) == (False, False)
    assert 'type="file"' not in viewer.get("/assets").text


def test_the_number_of_statements_does_not_grow_with_the_list(marketer: Person) -> None:
    forms = marketer.forms()
    counts = list[int]()
    for more in (1, 12):
        for number in range(more):
            an_upload(forms, f"{more}-{number}.txt", f"{more} {number}".encode(), tags=f"t{number}")
        with counting_statements() as said:
            assert forms.get("/assets").status_code == 200
        counts.append(len(said))
    assert counts[0] == counts[1] < 25


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_uploads_and_describes_by_keyboard(
    browser: Browser, marketer: Person, tmp_path_factory: pytest.TempPathFactory, scripts: bool
) -> None:
    file = tmp_path_factory.mktemp("files") / "summer-hero.png"
    file.write_bytes(picture(1200, 630))
    with opened(
        browser, marketer.site, java_script_enabled=scripts, viewport={"width": 360, "height": 800}
    ) as page:
        page.goto("/assets")
        page.get_by_label("Email address").fill(marketer.email)
        page.get_by_label("Password").fill("a horse that is correct")
        page.keyboard.press("Enter")
        page.wait_for_url("**/assets")
        page.on("filechooser", lambda chooser: chooser.set_files(file))
        page.wait_for_load_state("load")
        chosen = page.get_by_label("Files")
        chosen.focus()
        expect(chosen).to_be_focused()
        page.keyboard.press("Enter")
        expect(chosen).to_have_value(re.compile("summer-hero.png"))
        page.keyboard.press("Tab")
        expect(page.get_by_label("Tags")).to_be_focused()
        page.keyboard.type("Summer, hero")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Uploaded")
        expect(page.get_by_role("heading", level=1)).to_have_text("summer-hero.png")
        image = page.get_by_role("img", name="summer-hero.png")
        expect(image).to_be_visible()
        if scripts:
            page.wait_for_load_state("load")
            assert image.evaluate("picture => picture.complete && picture.naturalWidth") == 1200
        page.get_by_label("Do not use").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Saved")
        expect(page.get_by_text("Nothing that uses it can be submitted")).to_be_visible()
        assert page.viewport_size
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
