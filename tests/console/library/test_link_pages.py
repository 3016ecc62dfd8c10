"""The pages of links: made, changed, followed in figures, drawn as a code; refusals beside their fields."""

import io
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from pydantic import SecretStr
from sqlalchemy import select

from console.app import create_app
from store import events, passwords, records
from store.audit import Actor, ActorKind
from store.records import links
from store.records.experiments import Experiment, Variant
from store.records.links import Link, LinkTarget
from store.records.people import MemberRole
from store.settings import Role, Service, Settings
from tests.console.conftest import served
from tests.console.frame.test_browser import opened
from tests.console.library.test_asset_pages import counting_statements
from tests.console.library.test_links import LANDING, a_campaign, click, counted
from tests.console.visitors import PASSWORD, Forms, Person, person
from tests.days import today

__all__ = ["counted"]

MADE = re.compile(r"/links/(\d+)\?done=made")


def a_link(forms: Forms, **fields: Any) -> int:
    answer = forms.post_signed("/links", **{"long_url": LANDING, **fields})
    found = MADE.fullmatch(answer.headers.get("location", ""))
    assert found, answer.text
    return int(found[1])


def kept(house: Settings, link: int) -> Link:
    with records.session(house, Role.OWNER) as session:
        found = session.scalars(select(Link).where(Link.id == link)).one()
        assert found.targets is not None
        return found


def under_test(house: Settings, person: Person, link: int) -> int:
    """The link gets two targets that an experiment owns; the number of the heavier variant."""
    with records.session(house, Role.OWNER) as session:
        experiment = Experiment(tenant_id=person.tenant, name="Headlines")
        session.add(experiment)
        session.flush()
        made = list[int]()
        for name, weight in (("warm", 0.9), ("cold", 0.1)):
            variant = Variant(
                tenant_id=person.tenant, experiment_id=experiment.id, name=name, link_id=link, weight=weight
            )
            session.add(variant)
            session.flush()
            url = f"https://shop.example/{name}"
            session.add(LinkTarget(tenant_id=person.tenant, link_id=link, url=url, variant_id=variant.id))
            made.append(variant.id)
        return made[0]


def test_everything_a_link_can_say_is_made_and_changed_by_forms(house: Settings, marketer: Person) -> None:
    forms, campaign = marketer.forms(), a_campaign(house, marketer.tenant)
    slug = f"s-{uuid.uuid4().hex[:10]}"
    terms = {
        "long_url": LANDING,
        "slug": slug, "title": "Summer <sale>", "channel": "email", "campaign_id": str(campaign),
        "tags": "print, shop", "starts_at": "2026-01-01T09:00", "expires_at": "2099-01-01T00:00",
        "max_clicks": "5000", "fallback_url": "https://example.com/over", "passed_parameters": "gclid, fbclid",
        "password": "hush hush",
        "to_url": ["https://shop.example/at", "", "https://shop.example/b"],
        "to_weight": ["1", "1", "3"], "to_countries": ["at, de", "", ""], "to_devices": ["mobile", "", ""],
        "to_systems": ["iOS", "", ""], "to_languages": ["de", "", ""],
    }  # fmt: skip
    link = a_link(forms, **terms)
    found = kept(house, link)
    assert (found.slug, found.title, found.campaign_id, found.max_clicks) == (
        slug,
        "Summer <sale>",
        campaign,
        5000,
    )
    assert (found.tags, found.passed_parameters) == (["print", "shop"], ["gclid", "fbclid"])
    assert passwords.is_right(found.password_hash or "", "hush hush")
    first, second = found.targets
    assert (first.countries, first.devices, first.systems, first.languages) == (
        ["AT", "DE"], ["mobile"], ["iOS"], ["de"],
    )  # fmt: skip
    assert (second.url, second.weight) == ("https://shop.example/b", 3)

    shown = forms.get(f"/links/{link}").text
    for said in (
        "Summer &lt;sale&gt;",
        "AT, DE · mobile · iOS · de",
        "everybody",
        "asked for",
        "gclid, fbclid",
    ):
        assert said in shown, said
    assert "hush" not in shown
    form = forms.get(f"/links/{link}/edit").text
    for value in ("Summer &lt;sale&gt;", "2026-01-01T09:00", "2099-01-01T00:00", "AT, DE", "print, shop"):
        assert f'value="{value}"' in form, value
    assert str(found.password_hash) not in form

    changed = {
        **terms,
        "title": "Autumn",
        "password": "",
        "to_url": [LANDING],
        "starts_at": "",
        "max_clicks": "",
    }
    saved = forms.post_signed(f"/links/{link}", **changed)
    assert saved.headers.get("location") == f"/links/{link}?done=saved", saved.text
    now = kept(house, link)
    assert (now.title, now.slug, now.starts_at, now.max_clicks) == ("Autumn", slug, None, None)
    assert now.password_hash == found.password_hash, "an empty field keeps the password"
    assert [(it.url, it.countries) for it in now.targets] == [(LANDING, ["AT", "DE"])]
    forms.post_signed(f"/links/{link}", **changed, no_password="true")
    assert kept(house, link).password_hash is None
    with marketer.api() as api:
        entries = api.get("/audit", params={"entity": "link"}).json()["items"]
    told = [it for it in entries if it["action"] == "change"]
    assert "title" in told[0]["after"]["changed"] or "title" in told[-1]["after"]["changed"]
    assert "argon2" not in str(entries)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("long_url", {"long_url": "javascript:alert(1)"}),
        ("long_url", {"long_url": ""}),
        ("slug", {"slug": "a b"}),
        ("title", {"title": "x" * 300}),
        ("channel", {"channel": "x" * 41}),
        ("tags", {"tags": ",".join(map(str, range(900)))}),
        ("starts_at", {"starts_at": "soon"}),
        ("expires_at", {"starts_at": "2026-02-01T00:00", "expires_at": "2026-01-01T00:00"}),
        ("max_clicks", {"max_clicks": "many"}),
        ("fallback_url", {"fallback_url": "ftp://example.com"}),
        ("passed_parameters", {"passed_parameters": "a b<c"}),
        ("password", {"password": "abc"}),
        ("campaign_id", {"campaign_id": "9" * 15}),
        ("targets-0", {"to_url": ["nowhere"]}),
        ("targets-0", {"to_url": [""], "to_countries": ["AT"]}),
        ("targets-1", {"to_url": [LANDING, LANDING], "to_countries": ["AT", "Austria"]}),
        ("targets-0", {"to_url": [LANDING], "to_devices": ["toaster"]}),
        ("targets-0", {"to_url": [LANDING], "to_weight": ["heavy"]}),
        ("targets-0", {"to_url": [LANDING], "to_weight": ["9999999"]}),
    ],
)
def test_a_refused_form_comes_back_with_the_reason_beside_its_field(
    house: Settings, marketer: Person, field: str, typed: dict[str, Any]
) -> None:
    forms = marketer.forms()
    link = a_link(forms)
    for path in ("/links", f"/links/{link}"):
        if field == "slug" and path != "/links":
            continue
        refused = forms.post_signed(path, **{"long_url": LANDING, "title": "Kept as typed", **typed})
        assert refused.status_code == 422, path
        assert f'id="{field}-trouble"' in refused.text
        assert 'aria-invalid="true"' in refused.text
        assert refused.text.count("autofocus") == 1
        if "title" not in typed:
            assert 'value="Kept as typed"' in refused.text
    assert kept(house, link).title == ""


def test_a_taken_slug_and_a_blocked_host_are_said_in_the_form(house: Settings, marketer: Person) -> None:
    forms, host = marketer.forms(), f"evil-{uuid.uuid4().hex[:8]}.example"
    with records.session(house, Role.OWNER) as session:
        links.block(session, Actor(ActorKind.OPERATOR, "test"), host, "phishing")
    slug = f"s-{uuid.uuid4().hex[:10]}"
    blocked = a_link(forms, slug=slug)
    taken = forms.post_signed("/links", long_url=LANDING, slug=slug)
    assert "is taken" in taken.text
    for fields in ({"long_url": f"https://{host}/"}, {"long_url": LANDING, "to_url": [f"https://{host}/"]}):
        refused = forms.post_signed("/links", **fields)
        assert (refused.status_code, "nobody is sent to" in refused.text) == (422, True)
    with records.session(house, Role.OWNER) as session:
        links.block(session, Actor(ActorKind.OPERATOR, "test"), "example.com", "later")
    try:
        away = forms.post_signed(f"/links/{blocked}/archive")
        assert away.headers["location"].endswith("done=archived"), "what is blocked can still be put away"
    finally:
        with records.session(house, Role.OWNER) as session:
            links.unblock(session, Actor(ActorKind.OPERATOR, "test"), "example.com")


def test_more_rows_keep_what_was_typed_and_save_nothing(marketer: Person) -> None:
    forms = marketer.forms()
    more = forms.post_signed("/links", long_url=LANDING, to_url=["https://shop.example/a"], more="true")
    assert more.status_code == 200
    assert more.text.count('name="to_url"') == 6
    assert 'value="https://shop.example/a"' in more.text
    with marketer.api() as api:
        assert api.get("/links").json()["items"] == []


def test_weights_that_a_bandit_moves_are_read_and_not_set(house: Settings, marketer: Person) -> None:
    forms = marketer.forms()
    link = a_link(forms, to_url=[LANDING])
    variant = under_test(house, marketer, link)
    shown = forms.get(f"/links/{link}").text
    assert "Headlines" in shown
    assert "moves the weights" in shown
    form = forms.get(f"/links/{link}/edit").text
    assert "variant warm" in form
    assert 'value="https://shop.example/warm"' not in form
    forms.post_signed(
        f"/links/{link}", long_url=LANDING, to_url=["https://shop.example/new"], to_weight=["7"]
    )
    assert {(it.url, it.variant_id is None) for it in kept(house, link).targets} == {
        ("https://shop.example/warm", False),
        ("https://shop.example/cold", False),
        ("https://shop.example/new", True),
    }
    with marketer.api() as api:
        api.patch(f"/links/{link}", json={"targets": []}).raise_for_status()
        targets = api.get(f"/links/{link}").json()["targets"]
    assert [it["share"] for it in targets] == [0.9, 0.1]
    assert targets[0]["variant_id"] == variant


def test_the_api_changes_what_is_named_and_empties_what_is_null(marketer: Person) -> None:
    with marketer.api() as api:
        body = {
            "long_url": LANDING,
            "expires_at": "2099-01-01T00:00:00Z",
            "password": "hush hush",
            "tags": ["a"],
        }
        link = api.post("/links", json=body).raise_for_status().json()
        assert link["has_password"] is True
        path = f"/links/{link['id']}"
        changed = api.patch(path, json={"expires_at": None, "long_url": None, "title": "Sale"}).json()
        assert (changed["expires_at"], changed["long_url"], changed["title"]) == (None, LANDING, "Sale")
        assert (changed["has_password"], changed["tags"], changed["slug"]) == (True, ["a"], link["slug"])
        assert api.patch(path, json={"password": ""}).json()["has_password"] is False
        assert api.patch(path, json={"archived": True}).json()["state"] == "archived"
        assert [it["id"] for it in api.get("/links", params={"state": "archived"}).json()["items"]] == [
            link["id"]
        ]
        assert api.get("/links", params={"state": "live"}).json()["items"] == []
        assert api.patch(path, json={"archived": False}).json()["state"] == "live"
        for refused in ({"slug": "other"}, {"long_url": "nowhere"}, {"campaign_id": 2**60}, {"clicks": 1}):
            assert api.patch(path, json=refused).status_code in {404, 422}, refused


def test_the_list_is_found_by_text_campaign_and_state_with_clicks_of_people(
    house: Settings, marketer: Person, counted: events.Client
) -> None:
    forms, campaign = marketer.forms(), a_campaign(house, marketer.tenant)
    assert "No links yet" in forms.get("/links").text
    shown = a_link(forms, title="Summer sale", campaign_id=str(campaign))
    over = a_link(forms, title="Winter", expires_at="2020-01-01T00:00")
    columns = ["tenant_id", "date_day", "link_id", "clicks", "human_clicks", "bot_clicks", "human_visitors"]
    rows = [
        [marketer.tenant, today() - timedelta(days=ago), shown, people + 50, people, 50, people]
        for ago, people in ((0, 11), (6, 100), (7, 3000), (29, 5), (30, 70_000))
    ]
    counted.insert("marts.link_daily", rows, column_names=columns)
    page = forms.get("/links").text
    assert re.search(r">111<.*?>3,116<", page, re.DOTALL)
    assert "marts/link_daily" in page
    for query, found in (
        ("?text=SUMMER", {shown}), (f"?campaign={campaign}", {shown}), ("?state=over", {over}),
        ("?state=live", {shown}), ("?text=&campaign=&state=", {shown, over}), ("?text=nothing", set()),
        ("?state=waiting", set()), ("?state=archived", set()),
    ):  # fmt: skip
        listed = set(map(int, re.findall(r'href="/links/(\d+)"', forms.get(f"/links{query}").text)))
        assert listed == found, query
    assert forms.get("/admin/links").headers["location"] == "/links"


def test_figures_stand_by_day_and_kind_with_their_assets(
    house: Settings, marketer: Person, counted: events.Client
) -> None:
    forms = marketer.forms()
    link = a_link(forms)
    variant = under_test(house, marketer, link)
    assert "Nobody has followed it" in forms.get(f"/links/{link}").text
    columns = [
        "tenant_id", "date_day", "link_id", "clicks", "human_clicks", "bot_clicks", "human_visitors", "variant_id",
    ]  # fmt: skip
    rows = [[marketer.tenant, today() - timedelta(days=1), link, 48, 41, 7, 33, variant]]
    counted.insert("marts.link_daily", rows, column_names=columns)
    clicks = [click(marketer.tenant, link, n, "AT" if n else "<b>", is_bot=n > 2) for n in range(5)]
    counted.insert("staging.stg_events", clicks)
    page = forms.get(f"/links/{link}?days=7").text
    assert re.search(r'measure-value">41<', page)
    assert re.search(r'measure-value">2<', page), "previews"
    assert re.search(r'measure-value">5<', page), "other programs"
    for said in ("&lt;b&gt;", "news.example", "mobile", str(today() - timedelta(days=1)), "marts/link_daily"):
        assert said in page, said
    assert page.count('<th scope="row">2') == 7, "each day of the span, also those without clicks"
    assert re.search(r"variant warm.*?90 %.*?41", page, re.DOTALL)


def test_without_clickhouse_the_pages_stand_and_say_so(house: Settings, marketer: Person) -> None:
    link = a_link(marketer.forms())
    away = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9/")})
    with served(create_app(away)) as site:
        forms = person(away, site, marketer.tenant, MemberRole.MARKETER).forms()
        for path in ("/links", f"/links/{link}"):
            page = forms.get(path)
            assert page.status_code == 200
            assert "figures cannot be read right now" in page.text, path


def test_codes_are_pictures_of_the_short_address(marketer: Person) -> None:
    forms = marketer.forms()
    link = a_link(forms)
    drawing = forms.get(f"/links/{link}/qr.svg")
    assert drawing.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in drawing.headers["content-security-policy"]
    with marketer.api() as api:
        short = api.get(f"/links/{link}").json()["short_url"]
    assert short in drawing.text
    image = Image.open(io.BytesIO(forms.get(f"/links/{link}/qr.png").content))
    assert image.size[0] == image.size[1] > 300
    for ending in ("svg", "png"):
        kept_ = forms.get(f"/links/{link}/qr.{ending}?download=true").headers["content-disposition"]
        assert re.fullmatch(rf'attachment; filename="[\w-]+\.{ending}"', kept_)


def test_another_tenants_links_are_none_and_viewers_only_look(
    people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    link = a_link(people[MemberRole.MARKETER].forms())
    stranger = strangers[MemberRole.ADMIN].forms()
    for path in ("", "/edit", "/qr.svg", "/qr.png"):
        assert stranger.get(f"/links/{link}{path}").status_code == 404, path
    for step in ("", "/archive", "/restore"):
        assert stranger.post_signed(f"/links/{link}{step}", long_url=LANDING).status_code == 404
    with strangers[MemberRole.ADMIN].api() as api:
        assert api.patch(f"/links/{link}", json={"title": "mine"}).status_code == 404
    viewer = people[MemberRole.VIEWER].forms()
    shown = viewer.get(f"/links/{link}").text
    assert f"/links/{link}/edit" not in shown
    assert "/links/new" not in viewer.get("/links").text
    for path in ("/links/new", f"/links/{link}/edit"):
        assert viewer.get(path).status_code == 403


def test_the_number_of_statements_does_not_grow_with_the_list(house: Settings, marketer: Person) -> None:
    forms, campaign = marketer.forms(), a_campaign(house, marketer.tenant)
    counts = list[int]()
    for more in (1, 12):
        for _ in range(more):
            a_link(forms, campaign_id=str(campaign), to_url=[LANDING, LANDING])
        with counting_statements() as said:
            assert forms.get("/links").status_code == 200
        counts.append(len(said))
    assert counts[0] == counts[1] < 25


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_makes_a_link_by_keyboard(
    browser: Browser, house: Settings, marketer: Person, scripts: bool
) -> None:
    slug = f"k-{uuid.uuid4().hex[:8]}"
    with opened(
        browser, marketer.site, java_script_enabled=scripts, viewport={"width": 360, "height": 800}
    ) as page:
        page.goto("/links")
        page.get_by_label("Email address").fill(marketer.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/links")
        page.get_by_role("link", name="New link").focus()
        page.keyboard.press("Enter")
        page.get_by_label("Address", exact=True).focus()
        page.keyboard.type(f"{house.address(Service.COLLECTOR)}/r/x")
        page.keyboard.press("Tab")
        page.keyboard.type(slug)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("One field needs another look")
        address = page.get_by_label("Address", exact=True)
        expect(address).to_be_focused()
        expect(address).to_have_attribute("aria-invalid", "true")
        page.keyboard.press("Control+A")
        page.keyboard.type("https://shop.example/sale")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Made")
        expect(page.get_by_role("heading", level=1)).to_have_text(f"/{slug}")
        code = page.get_by_role("img", name="QR code for")
        expect(code).to_be_visible()
        if scripts:
            page.wait_for_load_state("load")
            assert code.evaluate("picture => picture.complete && picture.naturalWidth > 0")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
