"""Creatives over the API: kept as they came, known by their bytes, and handed out so that no browser runs them."""

import hashlib
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from store import records
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.console.library.test_links import a_campaign
from tests.console.visitors import Person
from tests.creatives import files

BANNER = ("banner.png", files.PNG, "image/png")


def test_a_file_is_kept_as_it_came(house: Settings, marketer: Person) -> None:
    campaign = a_campaign(house, marketer.tenant)
    with marketer.api() as api:
        made = api.post("/assets", files={"file": BANNER}, data={"campaign_id": campaign})
        assert made.status_code == 201, made.text
        asset = made.json()
        assert made.headers["location"] == f"/api/assets/{asset['id']}"
        assert (asset["kind"], asset["name"], asset["media_type"]) == ("image", "banner.png", "image/png")
        assert (asset["campaign_id"], asset["uploaded_by"]) == (campaign, marketer.id)
        assert asset["size"] == len(files.PNG)
        assert asset["sha256"] == hashlib.sha256(files.PNG).hexdigest()
        assert api.get(f"/assets/{asset['id']}").json() == asset
        assert api.get(f"/assets/{asset['id']}/content").content == files.PNG
        [entry] = api.get("/audit", params={"entity": "asset"}).json()["items"]
        assert (entry["action"], entry["after"]["sha256"]) == ("add", asset["sha256"])


def test_words_come_as_json(marketer: Person) -> None:
    with marketer.api() as api:
        body = {"name": "Greeting", "kind": "html", "text": "<p>Grüße</p>"}
        asset = api.post("/assets", json=body).raise_for_status().json()
        assert (asset["kind"], asset["media_type"]) == ("html", "text/html")
        content = api.get(f"/assets/{asset['id']}/content")
        assert content.text == "<p>Grüße</p>"
        assert content.headers["content-type"] == "text/html; charset=utf-8"


def test_the_same_bytes_are_one_asset_of_a_tenant(
    marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    with marketer.api() as api, strangers[MemberRole.MARKETER].api() as others:
        first = api.post("/assets", files={"file": BANNER})
        again = api.post("/assets", files={"file": ("other.png", files.PNG, "image/png")})
        assert (again.status_code, again.json()) == (200, first.json())
        theirs = others.post("/assets", files={"file": BANNER})
        assert (theirs.status_code, theirs.json()["id"] != first.json()["id"]) == (201, True)


def test_no_browser_shows_or_guesses_what_was_uploaded(marketer: Person) -> None:
    with marketer.api() as api:
        for upload in (
            ("a.svg", files.SVG, "image/svg+xml"),
            ("b.html", files.HTML, "text/html"),
            ('ü"; filename=evil.exe\n.pdf', files.PDF, "application/pdf"),
        ):
            asset = api.post("/assets", files={"file": upload}).raise_for_status().json()
            answer = api.get(f"/assets/{asset['id']}/content")
            assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
            assert not set(answer.headers["content-disposition"]) & set('"\r\n')
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"]
            assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_what_is_known_is_not_sent_again(marketer: Person) -> None:
    with marketer.api() as api:
        path = api.post("/assets", files={"file": BANNER}).json()["content_url"].removeprefix("/api")
        tag = api.get(path).headers["etag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            same = api.get(path, headers={"if-none-match": known})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        assert api.get(path, headers={"if-none-match": '"other"'}).content == files.PNG


@pytest.mark.parametrize(
    ("upload", "reason"),
    [
        (("x.png", files.JPEG, "image/png"), "says image/png and is image/jpeg"),
        (("x.png", files.HTML, "image/png"), "says image/png and is text/html"),
        (("x.txt", files.EXECUTABLE, "text/plain"), "is none of"),
        (("x.zip", files.ZIP, "application/zip"), "control characters"),
        (("x.png", files.PNG + b"<script>", "image/png"), "goes on as something else"),
        (("x.svg", b"<svg onload='x()'/>", "image/svg+xml"), "event handler"),
        (("x.txt", b"", "text/plain"), "is empty"),
    ],
)
def test_what_is_bad_or_disguised_is_refused_with_the_reason(
    marketer: Person, upload: tuple[str, bytes, str], reason: str
) -> None:
    with marketer.api() as api:
        refused = api.post("/assets", files={"file": upload})
    assert refused.status_code == 422
    [error] = refused.json()["errors"]
    assert error["field"] == "file"
    assert reason in error["reason"]


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("text", {"name": "x", "kind": "text"}),
        ("text", {"name": "x", "kind": "text", "text": ""}),
        ("text", {"name": "x", "kind": "text", "text": "a\u0007b"}),
        ("text", {"name": "x", "kind": "text", "text": "<svg><script/></svg>"}),
        ("kind", {"name": "x", "kind": "image", "text": "x"}),
        ("name", {"kind": "text", "text": "x"}),
        ("name", {"name": "a\nb", "kind": "text", "text": "x"}),
        ("name", {"name": "x" * 201, "kind": "text", "text": "x"}),
        ("campaign_id", {"name": "x", "kind": "text", "text": "x", "campaign_id": -1}),
        ("path", {"name": "x", "kind": "text", "text": "x", "path": "/etc/passwd"}),
    ],
)
def test_words_that_cannot_be_kept_are_refused_by_field(
    marketer: Person, field: str, body: dict[str, Any]
) -> None:
    with marketer.api() as api:
        refused = api.post("/assets", json=body)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["field"] == field


def test_forms_that_are_none_are_refused(marketer: Person) -> None:
    with marketer.api() as api:
        for answer, status, field in (
            (api.post("/assets", data={"name": "x"}, files={"other": BANNER}), 422, "file"),
            (api.post("/assets", files={"file": BANNER}, data={"kind": "text"}), 422, "kind"),
            (api.post("/assets", files={"file": BANNER}, data={"campaign_id": "x"}), 422, "campaign_id"),
            (api.post("/assets", files={"file": BANNER}, data={"owner": "x"}), 422, "owner"),
        ):
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)
        assert (
            api.post("/assets", content=files.PNG, headers={"content-type": "image/png"}).status_code == 415
        )
        assert (
            api.post("/assets", content=b"{", headers={"content-type": "application/json"}).status_code == 400
        )
        two = [("file", BANNER), ("file", BANNER)]
        assert api.post("/assets", files=two).status_code == 400
        torn = {"content-type": "multipart/form-data; boundary=x"}
        assert api.post("/assets", content=b"--x\r\nno", headers=torn).status_code in {400, 422}


def test_what_is_too_large_is_refused_and_what_is_just_small_enough_is_taken(
    house: Settings, marketer: Person
) -> None:
    largest = house.asset_max_bytes
    with marketer.api() as api:
        exactly = api.post("/assets", files={"file": ("a.txt", b"x" * largest, "text/plain")})
        assert exactly.status_code == 201, exactly.text
        for size in (largest + 1, largest + 10**6):
            refused = api.post("/assets", files={"file": ("a.txt", b"x" * size, "text/plain")})
            assert refused.status_code == 413


def test_another_tenants_assets_and_campaigns_are_none(
    house: Settings, marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    stranger = strangers[MemberRole.MARKETER]
    theirs = a_campaign(house, stranger.tenant)
    with marketer.api() as api, stranger.api() as other:
        refused = api.post("/assets", files={"file": BANNER}, data={"campaign_id": theirs})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (404, "campaign_id")
        asset = api.post("/assets", files={"file": BANNER}).json()["id"]
        assert other.get(f"/assets/{asset}").status_code == 404
        assert other.get(f"/assets/{asset}/content").status_code == 404
        assert other.get("/assets").json()["items"] == []


def test_they_come_a_page_at_a_time_by_kind_and_campaign(house: Settings, marketer: Person) -> None:
    campaign = a_campaign(house, marketer.tenant)
    with marketer.api() as api:
        made = [
            api.post("/assets", json={"name": f"n{n}", "kind": "text", "text": f"text {n}"}).json()["id"]
            for n in range(4)
        ]
        banner = api.post("/assets", files={"file": BANNER}, data={"campaign_id": campaign}).json()["id"]
        first = api.get("/assets", params={"limit": 3}).json()
        rest = api.get("/assets", params={"limit": 3, "cursor": first["next_cursor"]}).json()
        assert [it["id"] for it in first["items"] + rest["items"]] == [banner, *made[::-1]]
        for chosen in ({"kind": "image"}, {"campaign_id": campaign}):
            assert [it["id"] for it in api.get("/assets", params=chosen).json()["items"]] == [banner]


def test_an_asset_is_never_changed(house: Settings, marketer: Person) -> None:
    with marketer.api() as api:
        asset = api.post("/assets", files={"file": BANNER}).json()["id"]
    for role in (Role.CONSOLE, Role.PIPELINES, Role.OWNER):
        with (
            pytest.raises(DBAPIError, match=r"permission denied|append-only"),
            records.session(house, role, tenant=marketer.tenant) as session,
        ):
            session.execute(text("update assets set sha256 = 'x' where id = :id"), {"id": asset})


def test_viewers_read_and_do_not_upload(people: dict[MemberRole, Person]) -> None:
    with people[MemberRole.VIEWER].api() as viewer:
        assert viewer.get("/assets").status_code == 200
        assert viewer.post("/assets", files={"file": BANNER}).status_code == 403


def test_the_api_describes_both_bodies(site: str, marketer: Person) -> None:
    with marketer.api() as api:
        described = api.get("/openapi.json").json()["paths"]["/api/assets"]["post"]
    content = described["requestBody"]["content"]
    assert set(content) == {"multipart/form-data", "application/json"}
    assert content["multipart/form-data"]["schema"]["required"] == ["file"]
    assert "$defs" not in str(content)
