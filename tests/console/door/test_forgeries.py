"""Forged, replayed and cross-site requests: each would be done if it were what it looks like, and changes nothing."""

import httpx
import pytest

from console.door.permissions import ACCESS
from store.records.people import MemberRole
from store.settings import Settings
from tests.console.scripted import API, Request, Workplace, changed, changes, closed, digest
from tests.console.visitors import Forms, Person

FORMS = [endpoint for endpoint in closed() if changes(endpoint) and API not in endpoint]
CALLS = [endpoint for endpoint in closed() if changes(endpoint) and API in endpoint]
# Asked for without signing in; what they change, they change for whoever holds a link or a password.
OPEN = [endpoint for endpoint, roles in ACCESS.items() if roles is None and changes(endpoint)]
ELSEWHERE = "https://elsewhere.example"
FOREIGN: tuple[dict[str, str], ...] = (
    {"Origin": ELSEWHERE},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": ELSEWHERE, "Sec-Fetch-Site": "same-origin"},
)
# A browser says at least one of the two with every form.
SAYS_NOTHING: dict[str, str] = {}


@pytest.fixture
def workplace(house: Settings, providers: str, people: dict[MemberRole, Person]) -> Workplace:
    return Workplace(house, people, providers)


@pytest.fixture
def admin_forms(admin: Person) -> Forms:
    forms = admin.forms()
    assert forms.csrf
    return forms


def not_refused(answers: dict[tuple[str, str], httpx.Response]) -> dict[tuple[str, str], int]:
    return {asked: answer.status_code for asked, answer in answers.items() if answer.status_code != 403}


def test_a_form_without_its_own_log_ins_token_changes_nothing(
    workplace: Workplace, admin: Person, admin_forms: Forms, marketer: Person
) -> None:
    requests = [workplace.request(endpoint, by=admin) for endpoint in FORMS]
    tokens = {
        "none": None,
        "empty": "",
        "another log-in of the same person": admin.forms().csrf,
        "somebody else's": marketer.forms().csrf,
        "of the right length": "0" * 64,
    }
    before = digest(workplace.house, workplace.tenant)
    here = {"Origin": admin.site}
    answers = {
        (request.endpoint, said): request.from_form(admin_forms, here, token)
        for request in requests
        for said, token in tokens.items()
    }
    assert not_refused(answers) == {}
    assert changed(before, digest(workplace.house, workplace.tenant)) == []


def test_a_form_of_another_site_changes_nothing(
    workplace: Workplace, admin: Person, admin_forms: Forms
) -> None:
    """Even one that has got hold of the token."""
    requests = [workplace.request(endpoint, by=admin) for endpoint in FORMS]
    before = digest(workplace.house, workplace.tenant)
    answers = {
        (request.endpoint, str(headers)): request.from_form(admin_forms, headers, admin_forms.csrf)
        for request in requests
        for headers in (*FOREIGN, SAYS_NOTHING)
    }
    assert not_refused(answers) == {}
    assert changed(before, digest(workplace.house, workplace.tenant)) == []


def test_a_script_of_another_site_changes_nothing_over_the_api(workplace: Workplace, admin: Person) -> None:
    requests = [workplace.request(endpoint, by=admin) for endpoint in CALLS]
    before = digest(workplace.house, workplace.tenant)
    with admin.api() as api:
        answers = {
            (request.endpoint, str(headers)): request.from_program(api, headers)
            for request in requests
            for headers in FOREIGN
        }
    assert not_refused(answers) == {}
    assert changed(before, digest(workplace.house, workplace.tenant)) == []


@pytest.mark.parametrize("endpoint", OPEN)
def test_another_site_signs_nobody_in(site: str, admin: Person, endpoint: str) -> None:
    """Nor out of their own account and into somebody else's."""
    said = {"email": admin.email, "password": "a horse that is correct", "next": "/"}
    stranger = Forms(site)
    for headers in FOREIGN:
        answer = Request(endpoint, endpoint.partition(" ")[2], said).from_form(stranger, headers, None)
        assert answer.status_code == 403, headers
        assert not stranger.client.cookies


def test_what_changes_something_is_not_done_by_following_a_link(
    workplace: Workplace, admin: Person, admin_forms: Forms
) -> None:
    """GET and HEAD of every path that takes a form, with everything in the address that the form would say."""
    requests = [workplace.request(endpoint, by=admin) for endpoint in FORMS]
    before = digest(workplace.house, workplace.tenant)
    done = []
    for request in requests:
        said = {**request.said, "csrf": admin_forms.csrf}
        is_a_page_too = request.endpoint.replace("POST ", "GET ") in ACCESS
        for method in ("GET", "HEAD"):
            answer = admin_forms.client.request(method, request.path, params=said)
            if answer.status_code != 405 and not (is_a_page_too and method == "GET"):
                done.append((method, request.endpoint, answer.status_code))
    assert done == []
    assert changed(before, digest(workplace.house, workplace.tenant)) == []


def test_a_form_from_before_signing_out_changes_nothing(
    workplace: Workplace, admin: Person, admin_forms: Forms
) -> None:
    """Replayed with its cookie and its token, as somebody would who had read along."""
    requests = [workplace.request(endpoint, by=admin) for endpoint in FORMS]
    cookies = dict(admin_forms.client.cookies)
    admin_forms.post_signed("/logout")
    admin_forms.client.cookies.update(cookies)
    before = digest(workplace.house, workplace.tenant)
    let_in = {}
    for request in requests:
        answer = request.of(admin_forms)
        if not answer.headers.get("location", "").startswith("/login"):
            let_in[request.endpoint] = answer.status_code
    assert let_in == {}
    assert changed(before, digest(workplace.house, workplace.tenant)) == []


@pytest.mark.parametrize("step", ["approve", "deny", "request-changes"])
def test_a_decision_that_is_sent_again_is_no_second_one(
    workplace: Workplace, approver: Person, step: str
) -> None:
    request = workplace.request(f"POST /actions/{{action_id}}/{step}", by=approver)
    forms = approver.forms()
    assert request.of(forms).status_code == 303
    before = digest(workplace.house, workplace.tenant)
    assert request.of(forms).status_code == 409
    assert changed(before, digest(workplace.house, workplace.tenant)) == []


def test_a_vote_on_other_words_is_no_vote(workplace: Workplace, approver: Person) -> None:
    """The form of a version that has been replaced since, and one that was sent for another action."""
    edited = workplace.request("POST /actions/{action_id}/approve", by=approver)
    another = workplace.request("POST /actions/{action_id}/approve", by=approver)
    number = edited.path.split("/")[2]
    workplace.writer.put(
        f"/actions/{number}",
        json={"payload": {"recipient": "a@example.com", "subject": "Other", "body": "words"}},
    )
    workplace.writer.post(f"/actions/{number}/submit").raise_for_status()
    forms = approver.forms()
    before = digest(workplace.house, workplace.tenant)
    for said in (edited.said, another.said):
        assert Request(edited.endpoint, edited.path, said).of(forms).status_code == 409
    assert changed(before, digest(workplace.house, workplace.tenant)) == []
