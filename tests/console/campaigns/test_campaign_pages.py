"""Campaigns in the console: listed, written, published, scheduled, paused and resumed, and where they stand."""

from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser

from console.frame.lineage import Asset
from store import events
from store.clock import now
from store.records.people import MemberRole
from store.settings import Settings
from tests.console.actions.test_actions_list import asked
from tests.console.campaigns.test_campaigns import in_days, in_zone
from tests.console.frame.test_browser import fit_every_screen, opened, sign_in_by_keyboard
from tests.console.visitors import Forms, Person, mail
from tests.console.writing import etag_of, many

AD_PERFORMANCE = """
create table if not exists marts.ad_performance
(
    tenant_id Int64, date_day Date, campaign_name String, currency LowCardinality(String), spend Decimal(18, 6),
    clicks Int64, conversions Decimal(18, 6)
)
engine = MergeTree
order by (tenant_id, date_day)
"""
LINK_DAILY = """
create table if not exists marts.link_daily
(tenant_id Int64, date_day Date, campaign_id Int64, human_clicks UInt64, bot_clicks UInt64)
engine = MergeTree
order by (tenant_id, date_day)
"""


def made(forms: Forms, **fields: Any) -> int:
    answer = forms.post_signed("/campaigns/new", **{"name": "Spring", **fields})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].split("/")[2].split("?")[0])


def read(reader: Person, campaign: int) -> dict[str, Any]:
    with reader.api() as api:
        return api.get(f"/campaigns/{campaign}").raise_for_status().json()


def test_empty_lists_say_what_a_campaign_is_and_lead_on(people: dict[MemberRole, Person]) -> None:
    forms = people[MemberRole.MARKETER].forms()
    assert "No campaigns yet" in forms.get("/campaigns").text
    assert 'href="/campaigns/new"' in forms.get("/campaigns").text
    nothing = forms.get("/campaigns?status=paused").text
    assert "Nothing fits" in nothing
    assert "Show all campaigns" in nothing
    assert 'href="/campaigns/new"' not in people[MemberRole.VIEWER].forms().get("/campaigns").text


def test_the_admin_address_opens_the_same_screen(marketer: Person) -> None:
    assert marketer.forms().get("/admin/campaigns").headers["location"] == "/campaigns"


def test_lists_are_filtered_by_status_and_text_and_go_on(marketer: Person) -> None:
    forms = marketer.forms()
    with marketer.api() as api:
        for number in range(26):
            api.post("/campaigns", json={"name": f"Campaign {number}"}).raise_for_status()
    special = made(forms, name="Autumn 100%")
    forms.post_signed(f"/campaigns/{special}/publish")
    assert "Autumn 100%" in forms.get("/campaigns?status=running&text=").text
    assert "Campaign 3<" not in forms.get("/campaigns?status=running").text
    assert forms.get("/campaigns?text=%25").text.count('scope="row"') == 1
    first = forms.get("/campaigns?text=campaign&status=draft").text
    onward = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "text=campaign" in onward
    assert "Campaign 0<" in forms.get(onward).text


def test_it_is_written_changed_published_paused_resumed_and_scheduled_anew(
    house: Settings, marketer: Person
) -> None:
    in_zone(house, marketer.tenant, "Europe/Berlin")
    forms = marketer.forms()
    campaign = made(
        forms, objective="More readers", start_date="2031-07-01T09:00", end_date="2031-07-09T18:00"
    )
    assert read(marketer, campaign)["start_date"] == "2031-07-01T09:00:00+02:00"
    address = f"/campaigns/{campaign}"
    page = forms.get(f"{address}?done=written").text
    assert "The campaign is written down." in page
    assert "It is a draft: publish or schedule it." in page
    editor = forms.get(f"{address}/edit").text
    assert 'value="2031-07-01T09:00"' in editor
    changed = forms.post_signed(
        f"{address}/edit",
        etag=etag_of(editor),
        name="Summer",
        utm_campaign="spring",
        start_date="2031-07-01T09:00",
        end_date="2031-07-09T18:00",
    )
    assert changed.status_code == 303
    assert read(marketer, campaign)["name"] == "Summer"
    for step, fields, status in (
        ("publish", {}, "scheduled"),
        ("pause", {"reason": "Wrong price"}, "paused"),
        ("resume", {}, "scheduled"),
        ("schedule", {"start_date": "", "end_date": "2031-08-01T00:00"}, "running"),
    ):
        assert forms.post_signed(f"{address}/{step}", **fields).status_code == 303, step
        assert read(marketer, campaign)["status"] == status
        if step == "pause":
            assert "Wrong price" in forms.get(address).text
    assert "It ends by itself at 1 Aug 2031" in forms.get(address).text
    assert forms.post_signed(f"{address}/resume").status_code == 409


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"objective": "x" * 501}, "objective"),
        ({"start_date": "tomorrow"}, "start_date"),
        ({"start_date": "9999-01-01T00:00"}, "start_date"),
        ({"start_date": "2031-07-02T00:00", "end_date": "2031-07-01T00:00"}, "end_date"),
        ({"utm_campaign": "a\tb"}, "utm_campaign"),
        ({"project_id": str(2**62)}, "project_id"),
        ({"title": "Only a subject"}, "message"),
        ({"title": "x", "message": "y"}, "recipient_emails"),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_is_kept(
    marketer: Person, fields: dict[str, str], field: str
) -> None:
    answer = marketer.forms().post_signed("/campaigns/new", **{"name": "Spring", **fields})
    assert answer.status_code == 422
    assert f'id="{field}-trouble"' in answer.text
    for said in fields.values():
        assert said.strip()[:50] in answer.text
    with marketer.api() as api:
        assert api.get("/campaigns").json()["items"] == []


def test_a_refused_schedule_and_pause_say_so_on_the_page(marketer: Person) -> None:
    forms = marketer.forms()
    campaign = made(forms)
    wrong = {"start_date": "2031-07-02T00:00", "end_date": "2031-07-01T00:00"}
    refused = forms.post_signed(f"/campaigns/{campaign}/schedule", **wrong)
    assert refused.status_code == 422
    assert 'id="end_date-trouble"' in refused.text
    assert 'value="2031-07-02T00:00"' in refused.text
    forms.post_signed(f"/campaigns/{campaign}/publish")
    assert forms.post_signed(f"/campaigns/{campaign}/pause", reason="x" * 501).status_code == 422
    assert forms.post_signed(f"/campaigns/{campaign}/pause", reason="a\0").status_code == 422


def test_nobody_overwrites_what_they_have_not_read(people: dict[MemberRole, Person]) -> None:
    mine, theirs = people[MemberRole.MARKETER].forms(), people[MemberRole.ADMIN].forms()
    address = f"/campaigns/{made(mine)}/edit"
    tag = etag_of(mine.get(address).text)
    theirs.post_signed(address, etag=etag_of(theirs.get(address).text), name="Theirs")
    refused = mine.post_signed(address, etag=tag, name="Mine")
    assert refused.status_code == 409
    assert 'value="Mine"' in refused.text
    assert "<dd>Theirs</dd>" in refused.text
    assert mine.post_signed(address, etag=etag_of(refused.text), name="Mine").status_code == 303


def test_publishing_asks_for_its_drafts_and_says_which_could_not_be(marketer: Person) -> None:
    forms = marketer.forms()
    campaign = made(forms)
    with marketer.api() as api:
        good = api.post("/actions", json=mail() | {"campaign_id": campaign}).json()["id"]
        link = {"type": "link_change", "payload": {"slug": "gone", "archived": True}}
        bad = api.post("/actions", json=link | {"campaign_id": campaign}).json()["id"]
    page = forms.post_signed(f"/campaigns/{campaign}/publish")
    assert page.status_code == 200
    assert "1 draft waits for approval now" in page.text
    assert f'href="/actions/{bad}/edit"' in page.text
    assert f'href="/actions/{good}/edit"' not in page.text
    assert f"/actions?campaign={campaign}&amp;state=pending_approval" in page.text


def test_recipients_come_along_and_the_page_says_how_far_they_have_got(marketer: Person) -> None:
    forms = marketer.forms()
    campaign = made(
        forms,
        title="Hello",
        message="It is spring.\r\nCome in.",
        recipient_emails="a@example.com\r\n\r\nb@x\r\n",
    )
    page = forms.get(f"/campaigns/{campaign}").text
    assert "They wait for a run that takes them in." in page
    assert "0 of 2 lines" in page
    assert read(marketer, campaign)["intake"]["lines"] == 2


def test_others_campaigns_are_nothing_here(
    people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    theirs = made(strangers[MemberRole.MARKETER].forms(), name="Their secret")
    forms = people[MemberRole.ADMIN].forms()
    for number in (theirs, 2**60):
        for path in ("", "/edit"):
            assert forms.get(f"/campaigns/{number}{path}").status_code == 404
        for step in ("edit", "publish", "schedule", "pause", "resume"):
            assert forms.post_signed(f"/campaigns/{number}/{step}", name="Mine now").status_code == 404
    assert "Their secret" not in forms.get("/campaigns").text
    assert forms.get("/campaigns?status=gone").status_code == 404


def test_roles_see_what_they_may_do(people: dict[MemberRole, Person]) -> None:
    address = f"/campaigns/{made(people[MemberRole.MARKETER].forms())}"
    people[MemberRole.MARKETER].forms().post_signed(f"{address}/publish")
    approver = people[MemberRole.APPROVER].forms().get(address).text
    assert f'action="{address}/pause"' in approver
    assert f'action="{address}/schedule"' not in approver
    viewer = people[MemberRole.VIEWER].forms().get(address).text
    assert f'action="{address}/' not in viewer


def test_scripts_in_names_are_only_text(marketer: Person) -> None:
    hostile = '"><script>alert(1)</script>'
    forms = marketer.forms()
    campaign = made(forms, name=hostile, objective=hostile)
    for path in (
        "/campaigns",
        f"/campaigns/{campaign}",
        f"/campaigns/{campaign}/edit",
        "/calendar",
        "/actions",
    ):
        assert "<script>alert" not in forms.get(path).text, path


def test_what_it_brought_is_read_from_the_marts(
    settings: Settings, clickhouse: events.Client, marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    forms = marketer.forms()
    campaign = made(forms)
    assert "What it brought" not in forms.get(f"/campaigns/{campaign}").text
    clickhouse.command(AD_PERFORMANCE)
    clickhouse.command(LINK_DAILY)
    today = datetime.now(UTC).date()
    ads = ["tenant_id", "date_day", "campaign_name", "currency", "spend", "clicks", "conversions"]
    rows = [
        [marketer.tenant, today, "spring", "EUR", 40, 7, 3],
        [strangers[MemberRole.VIEWER].tenant, today, "spring", "EUR", 999, 1, 1],
    ]
    clickhouse.insert("marts.ad_performance", rows, column_names=ads)
    links = ["tenant_id", "date_day", "campaign_id", "human_clicks", "bot_clicks"]
    clickhouse.insert("marts.link_daily", [[marketer.tenant, today, campaign, 12, 5]], column_names=links)
    page = forms.get(f"/campaigns/{campaign}").text
    assert "40\u00a0EUR" in page
    assert '<p class="measure-value">12</p>' in page
    for asset in (Asset.AD_PERFORMANCE, Asset.LINK_DAILY):
        assert f"/assets/{asset}" in page
    assert "999" not in page


def test_a_campaign_that_is_over_says_how_it_comes_back(marketer: Person) -> None:
    with marketer.api() as api:
        said = {"name": "Last year", "start_date": in_days(-9), "end_date": in_days(-2)}
        campaign = api.post("/campaigns", json=said).json()["id"]
    forms = marketer.forms()
    page = forms.get(f"/campaigns/{campaign}").text
    assert "Bring it back" in page
    assert "has passed" in page
    back = forms.post_signed(f"/campaigns/{campaign}/schedule", end_date=f"{now().year + 2}-01-01T00:00")
    assert back.status_code == 303
    assert read(marketer, campaign)["status"] == "running"


def test_a_page_asks_as_often_for_many_as_for_few(house: Settings, marketer: Person) -> None:
    forms = marketer.forms()
    with marketer.api() as api:
        for number in range(5):
            api.post("/campaigns", json={"name": f"Campaign {number}"}).raise_for_status()
        few = asked(house, forms, "/campaigns")
        for number in range(19):
            api.post("/campaigns", json={"name": f"More {number}"}).raise_for_status()
        last = api.post("/campaigns", json={"name": "The last"}).json()["id"]
    assert asked(house, forms, "/campaigns") == few
    empty = asked(house, forms, f"/campaigns/{last}")
    many(house, marketer, 25, campaign=last)
    assert asked(house, forms, f"/campaigns/{last}") == empty


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_every_screen(
    browser: Browser, marketer: Person, scheme: Literal["light", "dark"]
) -> None:
    forms = marketer.forms()
    long = "Unbroken" * 20
    dates = {"start_date": "2031-03-05T09:00", "end_date": "2031-03-12T18:00"}
    campaign = made(forms, name=long, objective=long, **dates)
    with marketer.api() as api:
        due = {"due_at": "2031-03-06T10:00:00+00:00", "campaign_id": campaign}
        action = api.post("/actions", json=mail(subject=long) | due).json()["id"]
    pages = [
        "/actions?type=email",
        f"/actions?text={long}",
        "/actions/new",
        "/actions/new/ad_change",
        "/actions/new/sequence",
        f"/actions/{action}/edit",
        "/campaigns",
        "/campaigns/new",
        f"/campaigns/{campaign}",
        f"/campaigns/{campaign}/edit",
        "/calendar?view=month&from=2031-03-01",
        "/calendar?view=week&from=2031-03-05",
        "/calendar?view=week&from=2035-03-05",
    ]
    with opened(browser, marketer.site, color_scheme=scheme) as page:
        sign_in_by_keyboard(page, marketer)
        fit_every_screen(page, pages)
