"""Writing actions: a form for each type out of its payload, what is refused beside its field, and nothing overwritten."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from console.actions import action_fields, action_form
from console.actions.action_fields import FIELDS, STEP
from console.actions.action_form import Typed
from marketing_pipelines.outbound import kinds
from marketing_pipelines.outbound.kinds.sequence import Step
from store import records
from store.records.actions import ActionType
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.console.frame.test_browser import opened, press_tab_to, sign_in_by_keyboard
from tests.console.visitors import PASSWORD, Forms, Person, mail, submitted, written
from tests.console.writing import MAIL, SEQUENCE, etag_of

HOSTILE = '"><script>window.pwned=1</script>'
WHOLE = {
    "email": MAIL,
    "social_post": {"payload.network": "linkedin", "payload.text": "We are hiring"},
    "cms_webhook": {"payload.event": "page.published", "payload.data": '{"page": "/winter", "tags": [1]}'},
    "chat_message": {"payload.text": "The sale begins"},
    "ad_change": {
        "payload.change": "budget",
        "payload.platform": "meta",
        "payload.account": "act_1",
        "payload.campaign": "77",
        "payload.daily_budget": "120.50",
    },
    "conversion_report": {
        "payload.platform": "meta",
        "payload.account": "act_1",
        "payload.target": "777",
        "payload.goal": "1",
        "payload.event": "Purchase",
        "payload.conversions": json.dumps(
            [
                {
                    "id": "order-1",
                    "at": "2026-11-20T10:00:00Z",
                    "value": "12.50",
                    "currency": "EUR",
                    "click": "fbclid",
                    "click_id": "IwAR0abc",
                    "clicked_at": "2026-11-20T09:00:00Z",
                }
            ]
        ),
    },
    "text_message": {
        "payload.recipients": "+4915112345678\n+49 151 12345679",
        "payload.text": "The sale begins. Reply STOP to end",
        "payload.sender": "+4915735980000",
    },
    "link_change": {"payload.slug": "winter", "payload.archived": "false"},
    "sequence": SEQUENCE,
    "generic": {"payload.what": "Print 300 flyers", "payload.cost": "90"},
}


def read(reader: Person, action: int) -> dict[str, Any]:
    with reader.api() as api:
        return api.get(f"/actions/{action}").raise_for_status().json()


def saved(forms: Forms, type: str, **fields: Any) -> int:
    answer = forms.post_signed(f"/actions/new/{type}", **fields)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].split("/")[2])


def in_zone(house: Settings, tenant: TenantId, zone: str) -> None:
    with records.session(house, Role.OWNER) as session:
        session.execute(text("update tenants set time_zone = :z where id = :t"), {"z": zone, "t": tenant})


@pytest.mark.parametrize("type", list(ActionType))
def test_every_field_of_every_payload_is_in_its_form(type: ActionType) -> None:
    asked = {field.name for field in FIELDS[type]}
    known = set(kinds.of(type).payload.model_fields)
    assert asked == known - {"recipient"}, "one recipient is a list of one"
    assert {field.name for field in STEP} == set(Step.model_fields)
    assert type in action_fields.SENTENCES


@pytest.mark.parametrize("type", list(ActionType))
def test_each_type_is_chosen_written_kept_and_written_again(marketer: Person, type: ActionType) -> None:
    forms = marketer.forms()
    assert f'href="/actions/new/{type}"' in forms.get("/actions/new").text
    assert forms.get(f"/actions/new/{type}").status_code == 200
    fields = {"purpose": "contract", **WHOLE[type]}
    action = saved(forms, type, **fields)
    kept = read(marketer, action)
    assert (kept["type"], kept["state"]) == (type, "draft")
    page = forms.get(f"/actions/{action}/edit?done=saved").text
    assert "Saved as a draft." in page
    again = forms.post_signed(f"/actions/{action}/edit", etag=etag_of(page), **fields)
    assert again.status_code == 303
    assert read(marketer, action)["payload"] == kept["payload"]


def test_a_mail_says_all_that_was_typed(house: Settings, marketer: Person) -> None:
    in_zone(house, marketer.tenant, "Europe/Berlin")
    with marketer.api() as api:
        campaign = api.post("/campaigns", json={"name": "Spring"}).json()["id"]
        group = api.post("/groups", json={"name": "Readers"}).json()["id"]
    forms = marketer.forms()
    assert "Readers (0)" in forms.get("/actions/new/email").text
    action = saved(
        forms,
        "email",
        **MAIL,
        **{
            "payload.groups": group,
            "campaign_id": campaign,
            "due_at": "2031-07-01T09:00",
            "window.opens": "08:00",
            "window.closes": "18:30",
            "window.days": ["1", "5"],
            "budget_cap": "12.50",
            "dry_run": "on",
        },
    )
    kept = read(marketer, action)
    assert kept["title"] == "Winter mail"
    assert kept["payload"] == {
        "recipients": ["user@example.com", "second@example.com"],
        "groups": [group],
        "subject": "Winter sale",
        "body": "Hello,\n\nit is cold.",
    }
    assert kept["due_at"] == "2031-07-01T07:00:00Z"
    assert kept["time_zone"] == "Europe/Berlin"
    assert kept["window"] == {"opens": "08:00:00", "closes": "18:30:00", "days": [1, 5]}
    assert (kept["campaign_id"], kept["budget_cap"], kept["dry_run"]) == (campaign, "12.50", True)
    shown = forms.get(f"/actions/{action}/edit").text
    assert 'value="2031-07-01T09:00"' in shown


@pytest.mark.parametrize(
    ("type", "changes", "field", "reason"),
    [
        ("email", {"payload.subject": ""}, "payload.subject", "Fill this in"),
        ("email", {"payload.recipients": ""}, "payload.recipients", "Give recipient"),
        ("email", {"payload.recipients": "a@example.com\nnobody"}, "payload.recipients", "Line 2 is not"),
        ("email", {"payload.subject": "x" * 256}, "payload.subject", "at most 255"),
        ("email", {"payload.sender": "nobody"}, "payload.sender", "is not a mail address"),
        ("email", {"payload.groups": "seven"}, "payload.groups", "valid integer"),
        ("email", {"title": "x" * 201}, "title", "at most 200"),
        ("email", {"purpose": "fun"}, "purpose", "should be"),
        ("email", {"campaign_id": "1152921504606846976"}, "campaign_id", "There is no such campaign"),
        ("email", {"campaign_id": "9" * 400}, "campaign_id", "less than or equal"),
        ("email", {"standing_approval_id": "99"}, "standing_approval_id", "no such standing approval"),
        ("email", {"due_at": "soon"}, "due_at", "valid datetime"),
        ("email", {"due_at": "9999-12-31T23:59"}, "due_at", "between the years"),
        (
            "email",
            {"window.opens": "18:00", "window.closes": "08:00", "window.days": "1"},
            "window",
            "Must close after",
        ),
        ("email", {"window.opens": "18:00"}, "window", ""),
        ("email", {"budget_cap": "-1"}, "budget_cap", "greater than 0"),
        ("social_post", {"payload.text": "x" * 3001}, "payload.text", "takes 3,000 characters"),
        ("cms_webhook", {"payload.data": "[1]"}, "payload.data", "Must be a JSON object"),
        ("cms_webhook", {"payload.data": "[" * 100_000}, "payload.data", "Must be a JSON object"),
        ("cms_webhook", {"payload.data": '{"a": 1e999}'}, "payload.data", "holds numbers"),
        ("ad_change", {"payload.until": "2031-01-01", "payload.name": "x"}, "payload.change", "budget takes"),
        ("sequence", {"payload.steps.0.subject": ""}, "payload.steps.0.subject", "Fill this in"),
        ("sequence", {"payload.most": "many"}, "payload.most", "valid integer"),
        ("sequence", {"payload.until": "2001-01-01"}, "payload.until", "Its last day is over"),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_is_kept(
    marketer: Person, type: str, changes: dict[str, str], field: str, reason: str
) -> None:
    forms = marketer.forms()
    answer = forms.post_signed(f"/actions/new/{type}", **{"purpose": "contract", **WHOLE[type], **changes})
    assert answer.status_code in {404, 422}, answer.text[:300]
    page = answer.text
    assert f'id="{field}-trouble"' in page or f'id="{field}"' in page
    assert reason in page.replace("&#39;", "'")
    assert "autofocus" in page
    for said in changes.values():
        assert said[:60] in page.replace("&#34;", '"'), "what was typed stays"
    with marketer.api() as api:
        assert api.get("/actions").json()["items"] == []


def test_characters_that_cannot_be_stored_are_a_422(marketer: Person) -> None:
    forms = marketer.forms()
    for field in ("title", "payload.subject", "payload.body"):
        assert forms.post_signed("/actions/new/email", **MAIL | {field: "a\0b"}).status_code == 422


def test_steps_come_and_go_without_scripts_and_nothing_is_lost(marketer: Person) -> None:
    forms = marketer.forms()
    more = forms.post_signed("/actions/new/sequence", **SEQUENCE, do="add_step").text
    assert "Mail 2" in more
    assert "Good that you are here" in more
    three = SEQUENCE | {
        "payload.steps": "3",
        "payload.steps.1.subject": "Second",
        "payload.steps.2.after_days": "4",
        "payload.steps.2.subject": "Third",
        "payload.steps.2.body": "Still here",
    }
    less = forms.post_signed("/actions/new/sequence", **three, do="remove_step:1").text
    assert "Second" not in less
    assert 'name="payload.steps.1.subject" type="text" value="Third"' in less
    assert "Mail 3" not in less
    with marketer.api() as api:
        assert api.get("/actions").json()["items"] == []
    assert Typed({"payload.steps": ["9999999"]}).steps == 1
    assert action_form.with_step_added(Typed({"payload.steps": ["50"]})).steps == 50


def test_saving_and_asking_at_once(marketer: Person) -> None:
    forms = marketer.forms()
    answer = forms.post_signed("/actions/new/email", **MAIL, do="ask")
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("?done=submitted")
    assert read(marketer, int(answer.headers["location"].split("/")[2].split("?")[0]))["state"] == (
        "pending_approval"
    )


def test_what_cannot_be_asked_for_yet_is_saved_and_says_why_beside_its_field(marketer: Person) -> None:
    forms = marketer.forms()
    answer = forms.post_signed(
        "/actions/new/link_change", **WHOLE["link_change"], purpose="contract", do="ask"
    )
    assert answer.status_code == 422
    assert "saved as a draft" in answer.text
    assert 'id="payload.slug-trouble"' in answer.text
    with marketer.api() as api:
        [kept] = api.get("/actions").json()["items"]
    assert kept["state"] == "draft"
    assert f'action="/actions/{kept["id"]}/edit"' in answer.text, "saving again makes no second one"
    again = forms.post_signed(
        f"/actions/{kept['id']}/edit", etag=etag_of(answer.text), **WHOLE["link_change"]
    )
    assert again.status_code == 303


def test_an_edit_voids_the_votes_and_says_so_before(people: dict[MemberRole, Person]) -> None:
    marketer, approver = people[MemberRole.MARKETER], people[MemberRole.APPROVER]
    action = submitted(marketer)
    approver.forms().post_signed(f"/actions/{action['id']}/approve", manifest_hash=action["manifest_hash"])
    assert read(marketer, action["id"])["state"] == "approved"
    forms = marketer.forms()
    page = forms.get(f"/actions/{action['id']}/edit").text
    assert "the signature that is on it no longer counts" in page
    forms.post_signed(f"/actions/{action['id']}/edit", etag=etag_of(page), **MAIL)
    assert read(marketer, action["id"])["state"] == "draft"


def test_nobody_overwrites_what_they_have_not_read(people: dict[MemberRole, Person]) -> None:
    marketer, admin = people[MemberRole.MARKETER], people[MemberRole.ADMIN]
    action = written(marketer)
    mine, theirs = marketer.forms(), admin.forms()
    read_by_both = f"/actions/{action}/edit"
    tag = etag_of(mine.get(read_by_both).text)
    their_tag = etag_of(theirs.get(read_by_both).text)
    first = theirs.post_signed(read_by_both, etag=their_tag, **MAIL | {"payload.subject": "Theirs"})
    assert first.status_code == 303
    refused = mine.post_signed(read_by_both, etag=tag, **MAIL | {"payload.subject": "Mine"})
    assert refused.status_code == 409
    assert "Somebody has saved this meanwhile" in refused.text
    assert 'value="Mine"' in refused.text
    assert "<dd>Theirs</dd>" in refused.text
    assert read(marketer, action)["payload"]["subject"] == "Theirs"
    for guessed in ("", '"guess"'):
        assert mine.post_signed(read_by_both, etag=guessed, **MAIL).status_code == 409
    knowing = mine.post_signed(read_by_both, etag=etag_of(refused.text), **MAIL | {"payload.subject": "Mine"})
    assert knowing.status_code == 303
    assert read(marketer, action)["payload"]["subject"] == "Mine"


def test_a_moment_that_comes_twice_and_its_seconds_stay_when_they_are_not_touched(
    house: Settings, marketer: Person
) -> None:
    in_zone(house, marketer.tenant, "Europe/Berlin")
    second = datetime(2031, 10, 26, 2, 30, 17, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)
    with marketer.api() as api:
        body = mail(recipient=None, recipients=["a@example.com"]) | {"due_at": second.isoformat()}
        action = api.post("/actions", json=body).json()
    forms = marketer.forms()
    page = forms.get(f"/actions/{action['id']}/edit").text
    assert 'value="2031-10-26T02:30"' in page
    fields = MAIL | {"due_at": "2031-10-26T02:30"}
    forms.post_signed(f"/actions/{action['id']}/edit", etag=etag_of(page), **fields)
    assert read(marketer, action["id"])["due_at"] == action["due_at"]
    skipped = forms.post_signed("/actions/new/email", **MAIL | {"due_at": "2031-03-30T02:30"})
    assert skipped.status_code == 422
    assert "does not exist in Europe/Berlin" in skipped.text


def test_what_went_out_keeps_its_purpose_and_its_campaign(house: Settings, marketer: Person) -> None:
    action = written(marketer)
    with records.session(house, Role.OWNER) as session:
        session.execute(
            text(
                "insert into deliveries (tenant_id, action_id, version, step, recipient_key, occurrence, state, "
                "message_id) values (:t, :a, 1, 0, 'contact:1', 0, 'sent', '<x@example.com>')"
            ),
            {"t": marketer.tenant, "a": action},
        )
    forms = marketer.forms()
    page = forms.get(f"/actions/{action}/edit").text
    refused = forms.post_signed(
        f"/actions/{action}/edit", etag=etag_of(page), **MAIL | {"purpose": "legitimate_interest"}
    )
    assert refused.status_code == 409
    assert "have gone out; duplicate it instead" in refused.text
    assert forms.post_signed(f"/actions/{action}/edit", etag=etag_of(page), **MAIL).status_code == 303
    with marketer.api() as api:
        dry = api.put(f"/actions/{action}", json={"payload": mail()["payload"], "dry_run": True})
        assert (dry.status_code, dry.json()["errors"][0]["field"]) == (409, "dry_run")


def test_the_api_changes_the_same_things(marketer: Person, strangers: dict[MemberRole, Person]) -> None:
    action = written(marketer)
    with marketer.api() as api, strangers[MemberRole.MARKETER].api() as stranger:
        campaign = api.post("/campaigns", json={"name": "Spring"}).json()["id"]
        theirs = stranger.post("/campaigns", json={"name": "Theirs"}).json()["id"]
        said = {"payload": mail()["payload"], "purpose": "legitimate_interest", "dry_run": True}
        changed = api.put(f"/actions/{action}", json=said | {"campaign_id": campaign}).json()
        assert (changed["purpose"], changed["dry_run"]) == ("legitimate_interest", True)
        assert changed["campaign_id"] == campaign
        assert api.put(f"/actions/{action}", json=said | {"campaign_id": theirs}).status_code == 404
        emptied = api.put(f"/actions/{action}", json=said | {"campaign_id": None}).json()
        assert emptied["campaign_id"] is None


def test_a_copy_is_a_draft_of_ones_own(people: dict[MemberRole, Person]) -> None:
    action = submitted(people[MemberRole.ADMIN])
    marketer = people[MemberRole.MARKETER]
    answer = marketer.forms().post_signed(f"/actions/{action['id']}/duplicate")
    assert answer.status_code == 303
    copy = read(marketer, int(answer.headers["location"].split("/")[2]))
    assert (copy["state"], copy["author_id"]) == ("draft", marketer.id)
    assert copy["payload"] == action["payload"]
    assert copy["provenance"] == [{"kind": "action", "id": str(action["id"])}]


def test_others_and_what_is_settled_cannot_be_edited(
    people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    forms = people[MemberRole.MARKETER].forms()
    theirs = written(strangers[MemberRole.MARKETER])
    with strangers[MemberRole.MARKETER].api() as api:
        campaign = api.post("/campaigns", json={"name": "Theirs"}).json()["id"]
    for path in (f"/actions/{theirs}/edit", f"/actions/{theirs}/preview", f"/actions/{2**60}/edit"):
        assert forms.get(path).status_code == 404
        assert forms.post_signed(path, **MAIL).status_code == 404
    assert forms.post_signed(f"/actions/{theirs}/duplicate").status_code == 404
    assert forms.post_signed("/actions/new/email", **MAIL | {"campaign_id": campaign}).status_code == 404
    assert forms.get("/actions/new/letter").status_code == 404
    settled = submitted(people[MemberRole.MARKETER])["id"]
    forms.post_signed(f"/actions/{settled}/cancel")
    assert forms.get(f"/actions/{settled}/edit").status_code == 409
    assert forms.post_signed(f"/actions/{settled}/edit", **MAIL).status_code == 409


def test_the_preview_is_what_will_be_frozen_and_can_do_nothing(marketer: Person) -> None:
    forms = marketer.forms()
    html = f"<h1>Winter</h1>{HOSTILE}"
    fields = MAIL | {"payload.html": html, "purpose": "marketing_by_consent"}
    text_part = forms.post_signed("/actions/new/email/preview", **fields, part="text")
    assert "it is cold." in text_part.text
    assert "Unsubscribe" in text_part.text, "what the house adds is seen too"
    assert "second@example.com" in text_part.text
    html_part = forms.post_signed("/actions/new/email/preview", **fields, part="html")
    assert html_part.text.startswith("<h1>Winter</h1>")
    for shown in (text_part, html_part):
        policy = shown.headers["content-security-policy"]
        assert policy.endswith("sandbox")
        assert "default-src 'none'" in policy
    wrong = forms.post_signed("/actions/new/email/preview", **MAIL | {"payload.subject": ""})
    assert "It cannot be read yet" in wrong.text
    with marketer.api() as api:
        assert api.get("/actions").json()["items"] == [], "looking keeps nothing"


@pytest.mark.parametrize("type", list(ActionType))
def test_every_type_can_be_looked_at(marketer: Person, type: ActionType) -> None:
    forms = marketer.forms()
    assert "press Preview" in forms.get(f"/actions/new/{type}/preview").text
    shown = forms.post_signed(f"/actions/new/{type}/preview", **{"purpose": "contract", **WHOLE[type]})
    assert "It cannot be read yet" not in shown.text
    assert "<dt>To</dt>" in shown.text


def fill_mail(page: Page) -> None:
    page.get_by_label("To these addresses").fill("reader@example.com")
    page.get_by_label("Subject").fill("Winter sale")
    page.get_by_role("textbox", name="Words", exact=True).fill("Hello,\n\nit is cold.")
    page.get_by_role("textbox", name="HTML").fill("<h1>It is cold</h1>")


@pytest.mark.browser
def test_a_marketer_writes_a_mail_looks_at_it_and_asks_by_keyboard_alone(
    browser: Browser, marketer: Person
) -> None:
    with opened(browser, marketer.site) as page:
        sign_in_by_keyboard(page, marketer, "/actions")
        press_tab_to(page, "Write the first one")
        page.keyboard.press("Enter")
        page.wait_for_url("**/actions/new")
        press_tab_to(page, "Email")
        page.keyboard.press("Enter")
        page.wait_for_url("**/actions/new/email")
        expect(page.get_by_label("Title")).to_be_focused()
        page.keyboard.type("Winter mail")
        press_tab_to(page, "payload.recipients")
        page.keyboard.type("reader@example.com")
        press_tab_to(page, "payload.subject")
        page.keyboard.type("Winter sale")
        press_tab_to(page, "payload.body")
        page.keyboard.type("Hello, it is cold.")
        press_tab_to(page, "Preview")
        page.keyboard.press("Enter")
        frame = page.frame_locator("iframe[name=preview]")
        expect(frame.get_by_text("Hello, it is cold.")).to_be_visible()
        expect(page.get_by_label("Subject")).to_have_value("Winter sale")
        page.get_by_label("Title").focus()
        press_tab_to(page, "Save")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Saved as a draft")
        press_tab_to(page, "Save and ask")
        page.keyboard.press("Enter")
        page.wait_for_url("**?done=submitted")
        expect(page.get_by_role("heading", level=1)).to_have_text("Winter mail")


@pytest.mark.browser
def test_all_of_it_works_with_scripts_off(browser: Browser, marketer: Person) -> None:
    with opened(browser, marketer.site, java_script_enabled=False) as page:
        page.goto("/login?next=/actions/new/email")
        page.get_by_label("Email address").fill(marketer.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/actions/new/email")
        fill_mail(page)
        page.get_by_role("button", name="Preview as HTML").click()
        expect(page.frame_locator("iframe[name=preview]").get_by_role("heading")).to_have_text("It is cold")
        page.get_by_role("button", name="Save and ask for approval").click()
        page.wait_for_url("**?done=submitted")
        page.goto("/actions/new/sequence")
        page.get_by_role("button", name="Add a step").click()
        expect(page.get_by_role("group", name="Mail 2")).to_be_visible()


@pytest.mark.browser
def test_the_enter_key_saves_and_takes_no_mail_out(browser: Browser, marketer: Person) -> None:
    two = SEQUENCE | {
        "payload.steps": "2",
        "payload.steps.1.after_days": "3",
        "payload.steps.1.subject": "Second",
        "payload.steps.1.body": "Still here",
    }
    action = saved(marketer.forms(), "sequence", **two)
    with opened(browser, marketer.site) as page:
        sign_in_by_keyboard(page, marketer, f"/actions/{action}/edit")
        page.get_by_label("Title").fill("Welcome, all")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Saved as a draft")
    kept = read(marketer, action)
    assert kept["title"] == "Welcome, all"
    assert [step["subject"] for step in kept["payload"]["steps"]] == ["Hello", "Second"]
