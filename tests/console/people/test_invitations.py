"""People come by invitation and get new passwords by mail: one use, one newest link, and nothing told to strangers."""

import logging
import re
import threading
import uuid
from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import text

from connectors.face import Channel
from console.app import create_app
from marketing_pipelines.email import system_mails
from store import entry_tokens, records
from store.clock import now
from store.records import invitations, password_resets
from store.records.invitations import MOST_ISSUES
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.conftest import wait_until
from tests.connectors.conftest import sandbox
from tests.connectors.running_sandbox import Sandbox
from tests.console.conftest import served
from tests.console.frame.test_browser import opened, press_tab_to
from tests.console.mailing import Post, token_of
from tests.console.visitors import PASSWORD, Forms, Person, person
from tests.outbound.office import over_sendgrid

__all__ = ["sandbox"]

# That no library writes addresses of pages beside these is seen in the log of the process (test_process.py).
OURS = ("console", "marketing_pipelines", "store", "connectors")
NEW = "another horse, just as correct"


def fresh() -> str:
    return f"new-{uuid.uuid4().hex[:10]}@example.com"


@pytest.fixture
def admin_who_mails(house: Settings, post: Post, tenant: TenantId) -> Forms:
    return person(house, post.site, tenant, MemberRole.ADMIN).forms()


def invited(forms: Forms, email: str, role: str = "marketer", name: str = "Nia") -> None:
    answer = forms.post_signed("/people/invite", email=email, name=name, role=role)
    assert answer.headers["location"] == "/people?done=invited", answer.text


def reset_asked(post: Post, email: str) -> None:
    assert post.stranger().post("/forgot", email=email).headers["location"] == "/forgot?done=asked"
    post.carried()


def signs_in(post: Post, email: str, password: str) -> bool:
    return bool(post.stranger().post("/login", email=email, password=password).status_code == 303)


def test_the_invited_chooses_a_password_and_is_in(post: Post, admin_who_mails: Forms) -> None:
    email = fresh()
    invited(admin_who_mails, email)
    assert post.carried() == 1
    letter = post.letters(email)[0]
    assert letter["to"] == email
    assert letter["auto-submitted"] == "auto-generated"
    forms = post.stranger()
    page = forms.get(post.link(email))
    assert page.headers["referrer-policy"] == "strict-origin"
    assert page.headers["cache-control"] == "no-store"
    short = forms.post("/join", token=post.token(email), name="Nia", password="short")
    assert (short.status_code, "at least 12" in short.text) == (422, True)
    joined = forms.post("/join", token=post.token(email), name="Nia", password=NEW)
    assert joined.headers["location"] == "/"
    assert "Marketer" in forms.get("/account").text
    assert signs_in(post, email, NEW)
    assert "accept" in history(post.settings, "invitation")


def history(settings: Settings, entity: str) -> set[str]:
    with records.session(settings, Role.OWNER) as session:
        found = session.execute(text("select action from audit_entries where entity = :of"), {"of": entity})
        return {row.action for row in found}


def test_looking_at_a_link_uses_nothing_up_and_using_it_does(post: Post, admin_who_mails: Forms) -> None:
    email = fresh()
    invited(admin_who_mails, email)
    post.carried()
    for _ in range(3):
        assert post.stranger().get(post.link(email)).status_code == 200
        assert httpx.head(f"{post.site}{post.link(email)}").status_code in {200, 405}
    token = post.token(email)
    assert post.stranger().post("/join", token=token, name="", password=NEW).status_code == 303
    for again in (
        post.stranger().get(post.link(email)),
        post.stranger().post("/join", token=token, password=NEW),
    ):
        assert again.status_code == 410


def test_two_who_take_up_one_invitation_at_a_time_make_one_member(post: Post, admin_who_mails: Forms) -> None:
    email = fresh()
    invited(admin_who_mails, email)
    post.carried()
    token, start, answers = post.token(email), threading.Barrier(3), []

    def take_up() -> None:
        forms = post.stranger()
        start.wait()
        answers.append(forms.post("/join", token=token, password=NEW).status_code)

    threads = [threading.Thread(target=take_up) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 410, 410]


def test_an_invitation_sent_again_voids_the_one_before_and_a_withdrawn_one_is_void(
    post: Post, admin_who_mails: Forms
) -> None:
    email = fresh()
    invited(admin_who_mails, email)
    post.carried()
    first = post.link(email)
    number = re.findall(r"/people/invitations/(\d+)/send-again", admin_who_mails.get("/people").text)[0]
    again = admin_who_mails.post_signed(f"/people/invitations/{number}/send-again")
    assert again.headers["location"] == "/people?done=sent-again"
    assert post.carried() == 1
    second = post.link(email)
    assert first != second
    assert post.stranger().get(first).status_code == 410
    assert post.stranger().get(second).status_code == 200
    admin_who_mails.post_signed(f"/people/invitations/{number}/withdraw")
    assert post.stranger().get(second).status_code == 410
    assert admin_who_mails.post_signed(f"/people/invitations/{number}/withdraw").status_code == 404


def test_an_invitation_is_sent_again_only_so_often(post: Post, admin_who_mails: Forms) -> None:
    email = fresh()
    invited(admin_who_mails, email)
    number = re.findall(r"/people/invitations/(\d+)/send-again", admin_who_mails.get("/people").text)[0]
    again = f"/people/invitations/{number}/send-again"
    assert {admin_who_mails.post_signed(again).status_code for _ in range(MOST_ISSUES - 1)} == {303}
    refused = admin_who_mails.post_signed(again)
    assert refused.status_code == 409
    assert f"It was sent {MOST_ISSUES} times" in refused.text


def test_a_lapsed_invitation_and_a_forged_token_are_of_no_use(post: Post, admin_who_mails: Forms) -> None:
    email = fresh()
    invited(admin_who_mails, email)
    post.carried()
    token = post.token(email)
    tenant, number = entry_tokens.names(token)
    wrong = [
        "",
        "x",
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        f"{tenant}.{number + 1}.{token.rpartition('.')[2]}",
        f"{2**63}.{number}.{token.rpartition('.')[2]}",
        entry_tokens.token(post.settings.derived(password_resets.KEY), tenant, number, issue=1),
        entry_tokens.token(b"another key", tenant, number, issue=1),
        "Ω" * 40,
    ]
    for forged in wrong:
        assert post.stranger().get("/join?" + str(httpx.QueryParams(token=forged))).status_code == 410
    with records.session(post.settings, Role.OWNER) as session:
        session.execute(text("update invitations set expires_at = now() where id = :id"), {"id": number})
    assert post.stranger().get(post.link(email)).status_code == 410
    with records.session(post.settings, Role.OWNER) as session:
        kept = session.execute(text("select * from invitations where id = :id"), {"id": number}).one()
        mails = session.execute(text("select * from system_mails")).all()
    assert token.rpartition(".")[2] not in f"{kept} {mails}", "what opens a tenant is kept nowhere"


def test_whoever_has_an_account_joins_with_it(
    house: Settings, post: Post, admin_who_mails: Forms, strangers: dict[MemberRole, Person]
) -> None:
    known = strangers[MemberRole.VIEWER]
    invited(admin_who_mails, known.email, role="analyst")
    post.carried()
    forms = post.stranger()
    assert "You have an account already" in forms.get(post.link(known.email)).text
    joined = forms.post("/join", token=post.token(known.email), password="not the password I have")
    assert joined.headers["location"] == "/login?done=joined"
    assert not forms.client.cookies, "the mail alone signs nobody in who has a password"
    assert not signs_in(post, known.email, "not the password I have")
    assert signs_in(post, known.email, PASSWORD)
    again = admin_who_mails.post_signed("/people/invite", email=known.email, name="", role="viewer")
    assert (again.status_code, "member already" in again.text) == (422, True)


def test_a_mail_is_handed_over_once_and_one_that_was_not_taken_is_tried_again(
    post: Post, admin_who_mails: Forms
) -> None:
    busy, gone = fresh(), fresh()
    post.server.refusals[busy] = ["451 try again later"]
    post.server.refusals[gone] = [f"550 no such user {gone}"]
    invited(admin_who_mails, busy)
    assert post.carried() in {0, 1}
    assert not post.letters(busy)
    with records.session(post.settings, Role.OWNER) as session:
        row = session.execute(
            text("select attempts, next_attempt_at, handed_over_at from system_mails")
        ).one()
        assert (row.attempts, row.handed_over_at) == (1, None)
        assert row.next_attempt_at > now()
        session.execute(text("update system_mails set next_attempt_at = now()"))
    carriers = [threading.Thread(target=post.carried) for _ in range(4)]
    for carrier in carriers:
        carrier.start()
    for carrier in carriers:
        carrier.join()
    assert len(post.letters(busy)) == 1
    invited(admin_who_mails, gone)
    post.carried()
    page = admin_who_mails.get("/people").text
    assert "the mail could not be sent" in page
    assert page.count(gone) < 8
    with records.session(post.settings, Role.OWNER) as session:
        assert gone not in session.scalar(
            text("select error from system_mails where recipient = :to"), {"to": gone}
        )


def test_a_sender_that_dies_with_a_mail_in_hand_leaves_it_to_nobody(
    post: Post, admin_who_mails: Forms
) -> None:
    from store.records import system_mails

    email = fresh()
    invited(admin_who_mails, email)
    with records.session(post.settings, Role.WATCH) as session:
        assert system_mails.claim(session)
    assert post.carried() == 0
    assert "the mail may have arrived" in admin_who_mails.get("/people").text


def test_a_forgotten_password_looks_the_same_for_everybody(post: Post, approver: Person) -> None:
    nobody = fresh()
    answers = [post.stranger().post("/forgot", email=email) for email in (approver.email, nobody)]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    with records.session(post.settings, Role.OWNER) as session:
        assert session.scalar(text("select count(*) from system_mails")) == 2, "nothing is looked up yet"
    assert post.carried() == 1
    assert (len(post.letters(approver.email)), len(post.letters(nobody))) == (1, 0)
    with records.session(post.settings, Role.OWNER) as session:
        assert session.scalar(text("select count(*) from system_mails")) == 0, "nobody reads later who asked"


def test_a_new_password_ends_everything_that_was_before(post: Post, approver: Person) -> None:
    elsewhere = approver.forms()
    with approver.api() as program:
        assert program.get("/me").status_code == 200
        reset_asked(post, approver.email)
        forms, link = post.stranger(), post.link(approver.email)
        assert approver.email in forms.get(link).text
        token = token_of(link)
        assert forms.post("/reset", token=token, password="short").status_code == 422
        with records.session(post.settings, Role.OWNER) as session:
            ago = {"then": now() - timedelta(seconds=5)}
            session.execute(text("update log_ins set created_at = :then"), ago)
        assert forms.post("/reset", token=token, password=NEW).headers["location"] == "/"
        assert forms.get("/account").status_code == 200
        assert elsewhere.get("/").headers["location"] == "/login"
    assert post.stranger().get(link).status_code == 410
    assert post.stranger().post("/reset", token=token, password=NEW + "!").status_code == 410
    assert signs_in(post, approver.email, NEW)
    assert not signs_in(post, approver.email, PASSWORD)
    assert "reset_password" in history(post.settings, "user")


def test_what_programs_were_given_before_a_new_password_is_of_no_use(
    house: Settings, post: Post, approver: Person
) -> None:
    import jwt

    given = int((now() - timedelta(minutes=5)).timestamp())
    claims = {
        "sub": str(approver.id),
        "tenant": approver.tenant,
        "aud": "console-api",
        "iat": given,
        "exp": given + 3600,
    }
    headers = {"Authorization": f"Bearer {jwt.encode(claims, house.token_key, 'HS256')}"}
    assert httpx.get(f"{post.site}/api/me", headers=headers).status_code == 200
    reset_asked(post, approver.email)
    assert post.stranger().post("/reset", token=post.token(approver.email), password=NEW).status_code == 303
    assert httpx.get(f"{post.site}/api/me", headers=headers).status_code == 401


def test_only_the_newest_link_of_a_person_who_may_still_come_opens_anything(
    post: Post, approver: Person, admin: Person
) -> None:
    reset_asked(post, approver.email)
    first = post.link(approver.email)
    reset_asked(post, approver.email)
    second = post.link(approver.email)
    assert post.stranger().get(first).status_code == 410
    assert post.stranger().get(second).status_code == 200
    admins = admin.forms()
    assert admins.post_signed(f"/people/{approver.id}/disable").headers["location"] == "/people?done=disabled"
    assert post.stranger().get(second).status_code == 410
    admins.post_signed(f"/people/{approver.id}/enable")
    assert post.stranger().get(second).status_code == 410, "what was void stays void"


def test_no_inbox_is_filled_by_asking(post: Post, approver: Person) -> None:
    answers = [post.stranger().post("/forgot", email=approver.email) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
    unknown = fresh()
    assert [post.stranger().post("/forgot", email=unknown).status_code for _ in range(4)][-1] == 429


def said_of_ours(caplog: pytest.LogCaptureFixture) -> str:
    ours = [record for record in list(caplog.records) if record.name.startswith(OURS)]
    return " ".join(f"{record.name} {record.getMessage()} {record.__dict__.get('fields')}" for record in ours)


def test_no_log_line_holds_a_token(
    post: Post, admin_who_mails: Forms, caplog: pytest.LogCaptureFixture
) -> None:
    email = fresh()
    with caplog.at_level(logging.DEBUG):
        invited(admin_who_mails, email)
        post.carried()
        post.stranger().get(post.link(email))
        post.stranger().post("/join", token=post.token(email), password=NEW)
        wait_until(
            "the line of the last request",
            lambda: "'method': 'POST', 'path': '/join'" in said_of_ours(caplog),
        )
    said = said_of_ours(caplog)
    assert post.token(email).rpartition(".")[2] not in said
    assert email not in said


def test_over_sendgrid_people_come_by_mail_too(
    house: Settings, post: Post, tenant: TenantId, sandbox: Sandbox
) -> None:
    settings, email = over_sendgrid(post.settings, sandbox.address), fresh()
    with served(create_app(settings)) as site:
        invited(person(house, site, tenant, MemberRole.ADMIN).forms(), email)
        assert "You get a link by mail" in Forms(site).get("/forgot").text
    assert system_mails.send(settings) == 1
    [mail] = (kept["mail"] for kept in sandbox.accepted(Channel.SENDGRID))
    assert mail["personalizations"][0]["to"] == [{"email": email}]
    assert "/join?token=" in mail["content"][0]["value"]
    assert not post.server.received


def test_without_a_mail_server_the_admin_is_shown_the_link_once(admin: Person) -> None:
    forms, email = admin.forms(), fresh()
    made = forms.post_signed("/people/invite", email=email, name="", role="viewer")
    assert "Hand this link over yourself" in made.text
    found = re.search(r"/join\?token=([\w.-]+)", made.text)
    assert found
    assert "/join?token=" not in forms.get("/people").text
    forms_of_new = Forms(admin.site)
    assert forms_of_new.post("/join", token=found[1], name="V", password=NEW).status_code == 303
    assert "sends no mail" in forms_of_new.get("/forgot").text


def test_an_admin_is_given_no_link_into_other_tenants(
    admin: Person, house: Settings, strangers: dict[MemberRole, Person]
) -> None:
    both = strangers[MemberRole.MARKETER]
    with records.session(house, Role.OWNER) as session:
        session.execute(
            text("insert into memberships (tenant_id, user_id, role) values (:t, :u, 'viewer')"),
            {"t": admin.tenant, "u": both.id},
        )
    forms = admin.forms()
    for what in ("new-password", "disable"):
        refused = forms.post_signed(f"/people/{both.id}/{what}")
        assert refused.status_code == 409
        assert "token=" not in refused.text
    assert both.forms().get("/").status_code == 200


def test_the_database_alone_makes_no_link(house: Settings) -> None:
    one = house.derived(invitations.KEY)
    assert one != house.derived(password_resets.KEY)


@pytest.mark.browser
def test_from_the_invitation_to_being_signed_in_by_keyboard_alone(
    browser: Browser, house: Settings, post: Post, tenant: TenantId
) -> None:
    boss, email = person(house, post.site, tenant, MemberRole.ADMIN), fresh()
    with opened(browser, post.site) as page:
        page.goto("/login?next=/people")
        expect(page.get_by_label("Email address")).to_be_focused()
        page.keyboard.type(boss.email)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        press_tab_to(page, "email")
        page.keyboard.type(email)
        press_tab_to(page, "Invite")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Invited")
        expect(page.get_by_role("region", name="Invited")).to_contain_text(email)
    assert post.carried() == 1
    with opened(browser, post.site) as page:
        page.goto(post.link(email))
        expect(page.get_by_role("heading", level=1)).to_contain_text("Join")
        press_tab_to(page, "name")
        page.keyboard.type("Nia")
        press_tab_to(page, "password")
        page.keyboard.type(NEW)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/join" not in url)
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        expect(page.get_by_text("Nia", exact=True)).to_be_visible()
