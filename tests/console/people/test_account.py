"""One's own account: the name, the password, and everywhere one is signed in."""

import pytest
from sqlalchemy import text

from console.door.attempts import ACCOUNT
from store import records
from store.settings import Role, Settings
from tests.console.visitors import PASSWORD, Forms, Person

NEW = "a horse that is newer still"


def test_a_new_name_is_read_by_others(approver: Person, admin: Person) -> None:
    forms = approver.forms()
    assert forms.post_signed("/account/name", name="  ").status_code == 422
    assert forms.post_signed("/account/name", name="Amira <i>").headers["location"] == "/account?done=named"
    assert "Amira &lt;i&gt;" in admin.forms().get("/people").text


def test_a_new_password_takes_the_present_one_and_ends_all_other_log_ins(approver: Person) -> None:
    here, elsewhere = approver.forms(), approver.forms()
    csrf = here.csrf
    wrong = here.post_signed("/account/password", present="not mine", password=NEW)
    assert (wrong.status_code, 'id="present-trouble"' in wrong.text) == (422, True)
    short = here.post_signed("/account/password", present=PASSWORD, password="short")
    assert (short.status_code, 'id="password-trouble"' in short.text) == (422, True)
    assert elsewhere.get("/").status_code == 200
    changed = here.post("/account/password", csrf=csrf, present=PASSWORD, password=NEW)
    assert changed.headers["location"] == "/account?done=chosen"
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/").headers["location"] == "/login"
    assert here.post("/account/name", csrf=csrf, name="x").status_code == 403, (
        "the form was of the log-in before"
    )
    assert Forms(approver.site).post("/login", email=approver.email, password=PASSWORD).status_code == 401
    assert Forms(approver.site).post("/login", email=approver.email, password=NEW).status_code == 303


def test_the_present_password_is_not_guessed_here_either(approver: Person) -> None:
    forms = approver.forms()
    answers = [
        forms.post_signed("/account/password", present="wrong", password=NEW).status_code
        for _ in range(ACCOUNT.free + 1)
    ]
    assert answers == [422] * ACCOUNT.free + [429]


def test_one_signs_out_everywhere_else(approver: Person, admin: Person) -> None:
    here, elsewhere, others = approver.forms(), approver.forms(), admin.forms()
    assert here.get("/account").text.count("Another browser") == 1
    assert here.post_signed("/account/sign-out-elsewhere").headers["location"] == "/account?done=alone"
    assert here.get("/account").text.count("Another browser") == 0
    assert elsewhere.get("/").headers["location"] == "/login"
    assert others.get("/").status_code == 200, "somebody else's log-ins are theirs"


def test_log_ins_that_ended_long_ago_are_forgotten(house: Settings, approver: Person) -> None:
    approver.forms()
    old = "update log_ins set created_at = now() - interval '61 days' where user_id = :user"
    left = "select count(*) from log_ins where user_id = :user"
    with records.session(house, Role.OWNER) as session:
        session.execute(text(old), {"user": approver.id})
    approver.forms()
    with records.session(house, Role.OWNER) as session:
        assert session.scalar(text(left), {"user": approver.id}) == 1


def test_the_records_hold_no_cookie(house: Settings, approver: Person) -> None:
    forms = approver.forms()
    cookie = forms.client.cookies["console"]
    with records.session(house, Role.OWNER) as session:
        kept = session.execute(text("select * from log_ins where user_id = :u"), {"u": approver.id}).all()
    assert kept
    assert cookie not in str(kept)
    assert cookie.encode() not in b"".join(bytes(row.id_hash) for row in kept)


@pytest.mark.parametrize("path", ["/account/name", "/account/password", "/account/sign-out-elsewhere"])
def test_another_sites_form_changes_nothing(approver: Person, path: str) -> None:
    forms, elsewhere = approver.forms(), approver.forms()
    foreign = forms.post(
        path,
        headers={"Origin": "https://evil.example"},
        csrf=forms.csrf,
        name="x",
        present=PASSWORD,
        password=NEW,
    )
    assert foreign.status_code == 403
    assert elsewhere.get("/").status_code == 200
