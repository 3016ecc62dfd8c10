"""ETags: what has not changed is not sent again, and a change is made to what was read or not at all."""

import re
import threading
import uuid
from collections.abc import Callable

import httpx
import pytest

from console.door import etags
from store.records.people import MemberRole
from tests.console.scripted import LIST, in_a_day
from tests.console.visitors import Person, mail, submitted, written

People = dict[MemberRole, Person]
STALE = {"If-Match": '"0123456789abcdef"'}


def a_recipient(api: httpx.Client) -> str:
    return f"/recipients/{api.post('/recipients', json={'email': 'ann@example.com'}).json()['id']}"


def a_group(api: httpx.Client) -> str:
    return f"/groups/{api.post('/groups', json={'name': 'Readers'}).json()['id']}"


def an_action(api: httpx.Client) -> str:
    return f"/actions/{api.post('/actions', json=mail()).json()['id']}"


def the_policy(_: httpx.Client) -> str:
    return "/policy"


def the_tenant(api: httpx.Client) -> str:
    return f"/tenants/{api.get('/me').json()['tenant']['id']}"


def a_campaign(api: httpx.Client) -> str:
    return f"/campaigns/{api.post('/campaigns', json={'name': 'Winter'}).json()['id']}"


def a_project(api: httpx.Client) -> str:
    return f"/projects/{api.post('/projects', json={'name': uuid.uuid4().hex}).json()['id']}"


def an_asset(api: httpx.Client) -> str:
    body = {"kind": "text", "name": "Claim", "text": uuid.uuid4().hex}
    return f"/assets/{api.post('/assets', json=body).json()['id']}"


def a_link(api: httpx.Client) -> str:
    return f"/links/{api.post('/links', json={'long_url': 'https://example.com'}).json()['id']}"


def a_goal(api: httpx.Client) -> str:
    said = {"name": uuid.uuid4().hex, "event": "lead", "fixed_value": "12.5"}
    return f"/goals/{api.post('/goals', json=said).json()['id']}"


def a_feed(api: httpx.Client) -> str:
    said = {"name": "News", "url": f"https://{uuid.uuid4().hex}.example/"}
    return f"/feeds/{api.post('/feeds', json=said).json()['id']}"


def the_measurement(_: httpx.Client) -> str:
    return "/measurement"


def a_split(api: httpx.Client) -> str:
    said = {"visitor_id": uuid.uuid4().hex, "person_id": "ann", "reason": "lent"}
    return f"/identity/splits/{api.post('/identity/splits', json=said).json()['id']}"


def a_hold_out(api: httpx.Client) -> str:
    said = {"name": "Letters", "question": "No letters", "first_day": in_a_day(), "last_day": in_a_day()}
    return f"/hold-outs/{api.post('/hold-outs', json=said).json()['id']}"


def an_upload(api: httpx.Client) -> str:
    text = LIST.replace("{unique}", uuid.uuid4().hex)
    return f"/uploads/{api.post('/uploads', json={'text': text}).json()['id']}"


def a_user(api: httpx.Client) -> str:
    body = {"email": f"{uuid.uuid4().hex}@example.com", "role": "analyst", "password": "x" * 12}
    return f"/users/{api.post('/users', json=body).json()['id']}"


EDITS: list[tuple[Callable[[httpx.Client], str], str, dict]] = [
    (an_action, "PUT", {"payload": mail(subject="Summer sale")["payload"]}),
    (a_recipient, "PATCH", {"name": "Ann"}),
    (a_group, "PATCH", {"description": "of the letter"}),
    (a_campaign, "PUT", {"name": "Spring"}),
    (a_project, "PATCH", {"description": "of the shop"}),
    (the_policy, "PUT", {"rules": [{"quorum": 2}]}),
    (the_tenant, "PATCH", {"currency": "CHF"}),
    (a_user, "PATCH", {"role": "viewer"}),
    (an_asset, "PATCH", {"tags": ["winter"]}),
    (a_link, "PATCH", {"title": "Winter"}),
    (a_goal, "PUT", {"name": "Orders", "event": "order"}),
    (a_feed, "PUT", {"name": "Other", "url": "https://other.example/"}),
    (the_measurement, "PUT", {"session_gap_minutes": 20, "first_weight": "0.25"}),
]
OTHERS = [
    (an_action, "POST", "/submit", None),
    (an_action, "POST", "/cancel", None),
    (a_recipient, "POST", "/opt-out", {"reason": "asked"}),
    (a_recipient, "POST", "/opt-in", {"reason": "asked"}),
    (a_recipient, "DELETE", "", None),
    (a_user, "DELETE", "", None),
    (a_goal, "POST", "/make-headline", None),
    (a_goal, "DELETE", "", None),
    (a_hold_out, "POST", "/end", None),
    (a_feed, "POST", "/retire", None),
    (a_feed, "POST", "/revive", None),
    (a_feed, "DELETE", "", None),
    (a_split, "DELETE", "", None),
    (an_upload, "POST", "/confirm", None),
    (an_upload, "DELETE", "", None),
    (an_asset, "DELETE", "", None),
]


def test_every_change_that_is_described_with_an_etag_is_tried_here(admin: Person) -> None:
    paths = httpx.get(f"{admin.site}/api/openapi.json").json()["paths"]
    described = [
        f"{method} {re.sub('{.*?}', '{id}', path)}"
        for path, methods in paths.items()
        for method, operation in methods.items()
        if any(parameter["name"] == "If-Match" for parameter in operation.get("parameters", ()))
    ]
    with admin.api() as api:
        tried = [(thing(api), method, "") for thing, method, _ in EDITS]
        tried += [(thing(api), method, step) for thing, method, step, _ in OTHERS]
    named = {f"{method.lower()} /api{re.sub('[0-9]+', '{id}', path)}{step}" for path, method, step in tried}
    assert named == set(described)


@pytest.mark.parametrize(("thing", "method", "step", "body"), OTHERS)
def test_a_step_fits_what_was_read_or_is_not_taken(
    admin: Person, thing: Callable[[httpx.Client], str], method: str, step: str, body: dict | None
) -> None:
    with admin.api() as api:
        path = thing(api)
        read = api.get(path)
        refused = api.request(method, path + step, json=body, headers=STALE)
        assert (refused.status_code, refused.headers["etag"]) == (412, read.headers["etag"])
        assert api.get(path).json() == read.json()
        fits = {"If-Match": read.headers["etag"]}
        assert api.request(method, path + step, json=body, headers=fits).status_code in {200, 204}


@pytest.mark.parametrize(("thing", "method", "body"), EDITS)
def test_a_change_fits_what_was_read_or_is_not_made(
    admin: Person, thing: Callable[[httpx.Client], str], method: str, body: dict
) -> None:
    with admin.api() as api:
        path = thing(api)
        read = api.get(path)
        tag = read.headers["etag"]
        assert tag.startswith('"')
        assert api.get(path, headers={"If-None-Match": f'"other", {tag}'}).status_code == 304
        refused = api.request(method, path, json=body, headers=STALE)
        assert (refused.status_code, refused.headers["etag"]) == (412, tag)
        assert api.get(path).json() == read.json()
        changed = api.request(method, path, json=body, headers={"If-Match": tag})
        assert changed.status_code == 200, changed.text
        now = api.get(path, headers={"If-None-Match": tag})
        assert now.status_code == 200
        assert now.headers["etag"] == changed.headers["etag"] != tag
        assert api.request(method, path, json=body, headers={"If-Match": tag}).status_code == 412
        assert api.request(method, path, json=body, headers={"If-Match": "*"}).status_code == 200


def test_what_was_made_comes_with_the_etag_of_what_is_read(marketer: Person) -> None:
    with marketer.api() as api:
        for path, body in (
            ("/actions", mail()),
            ("/recipients", {"email": "ann@example.com", "consent": "the fair"}),
            ("/groups", {"name": "Readers"}),
        ):
            made = api.post(path, json=body, headers={"Idempotency-Key": path})
            read = api.get(made.headers["location"].removeprefix("/api"))
            assert read.headers["etag"] == made.headers["etag"], path
            again = api.post(path, json=body, headers={"Idempotency-Key": path})
            assert again.headers["etag"] == made.headers["etag"]


def test_submitting_and_cancelling_ask_for_what_was_read(marketer: Person) -> None:
    path = f"/actions/{written(marketer)}"
    with marketer.api() as api:
        tag = api.get(path).headers["etag"]
        api.put(path, json={"payload": mail(subject="Another")["payload"]}).raise_for_status()
        for step in ("submit", "cancel"):
            assert api.post(f"{path}/{step}", headers={"If-Match": tag}).status_code == 412
        assert api.get(path).json()["state"] == "draft"
        now = api.get(path).headers["etag"]
        sent = api.post(f"{path}/submit", headers={"If-Match": now}).raise_for_status()
        assert api.post(f"{path}/cancel", headers={"If-Match": sent.headers["etag"]}).status_code == 200


def test_a_signature_makes_another_etag(people: People) -> None:
    with people[MemberRole.ADMIN].api() as admin, people[MemberRole.APPROVER].api() as approver:
        admin.put("/policy", json={"rules": [{"quorum": 2}]}).raise_for_status()
        path = f"/actions/{submitted(people[MemberRole.MARKETER])['id']}"
        before = admin.get(path).headers["etag"]
        approver.post(f"{path}/approve", json={}).raise_for_status()
        assert admin.get(path, headers={"If-None-Match": before}).json()["signatures"]["given"] == 1


def test_of_many_changes_to_what_all_have_read_one_is_made(marketer: Person) -> None:
    path = f"/actions/{written(marketer)}"
    start, answers = threading.Barrier(8), []

    def change(api: httpx.Client, number: int, tag: str) -> None:
        start.wait()
        body = {"payload": mail(subject=f"Number {number}")["payload"]}
        answers.append((api.put(path, json=body, headers={"If-Match": tag}).status_code, number))

    with marketer.api() as api:
        tag = api.get(path).headers["etag"]
        threads = [threading.Thread(target=change, args=(api, number, tag)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(status for status, _ in answers) == [200] + [412] * 7
        winner = next(number for status, number in answers if status == 200)
        assert api.get(path).json()["payload"]["subject"] == f"Number {winner}"


def test_a_weak_or_broken_tag_changes_nothing(marketer: Person) -> None:
    path = f"/actions/{written(marketer)}"
    with marketer.api() as api:
        tag = api.get(path).headers["etag"]
        assert api.get(path, headers={"If-None-Match": f"W/{tag}"}).status_code == 304
        for broken in (f"W/{tag}", tag.strip('"'), "", '"', "*x"):
            assert api.post(f"{path}/cancel", headers={"If-Match": broken}).status_code == 412, broken
        assert api.post(f"{path}/cancel", headers={"If-Match": f'"other",{tag}'}).status_code == 200


def test_the_order_in_which_a_payload_was_written_does_not_matter() -> None:
    assert etags.of({"a": 1, "b": [2]}) == etags.of({"b": [2], "a": 1}) != etags.of({"a": 1, "b": [3]})
