"""A request that makes something is done once under its key, whoever repeats it, however often, whatever is killed."""

import sys
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from cli.readiness import answers_tcp
from console.app import ROUTERS
from store import records
from store.records.people import MemberRole
from store.settings import Role, Service, Settings
from tests.conftest import environment_of, process, wait_until
from tests.console.scripted import LIST, in_a_day
from tests.console.visitors import Person, mail, submitted, written

KEY = "Idempotency-Key"


def post(api: httpx.Client, key: str, path: str = "/actions", **changes: str) -> httpx.Response:
    return api.post(path, json=mail(**changes), headers={KEY: key})


def how_many(api: httpx.Client) -> int:
    return len(api.get("/actions", params={"limit": 100}).json()["items"])


def execute(house: Settings, statement: str, **values: object) -> None:
    with records.session(house, Role.OWNER) as session:
        session.execute(text(statement), values)


def test_a_repeated_request_is_answered_with_the_first_answer(marketer: Person) -> None:
    with marketer.api() as api:
        first = post(api, "order 7")
        again = post(api, "order 7")
        by_v1 = post(api, "order 7", "/v1/actions")
        assert (first.status_code, again.status_code, by_v1.status_code) == (201, 201, 201)
        assert again.content == by_v1.content == first.content
        assert again.headers["location"] == first.headers["location"]
        assert by_v1.headers["location"] == f"/api/v1/actions/{first.json()['id']}"
        assert "idempotent-replay" not in first.headers
        assert again.headers["idempotent-replay"] == "true"
        assert how_many(api) == 1


def test_a_key_belongs_to_one_request_and_one_person(marketer: Person, admin: Person) -> None:
    with marketer.api() as api, admin.api() as other:
        post(api, "k").raise_for_status()
        of_groups = api.post("/groups", json={"name": "Readers"}, headers={KEY: "k"})
        for refused in (post(api, "k", subject="Another"), of_groups):
            assert refused.status_code == 422
            assert refused.json()["errors"][0]["field"] == KEY
        assert post(other, "k").raise_for_status().json()["author_id"] == admin.id
        assert how_many(api) == 2


def test_every_endpoint_that_makes_something_takes_a_key(admin: Person) -> None:
    action = written(admin)
    bodies = {
        "/api/actions": mail(),
        "/api/recipients": {"email": "ann@example.com"},
        "/api/groups": {"name": "Readers"},
        "/api/campaigns": {"name": "Winter"},
        "/api/projects": {"name": "Shop"},
        "/api/links": {"long_url": "https://example.com/landing"},
        "/api/assets": {"kind": "text", "name": "Claim", "text": "Warm things."},
        "/api/tenants": {"slug": f"i-{uuid.uuid4().hex[:12]}", "name": "Branch"},
        "/api/users": {"email": f"i-{uuid.uuid4().hex}@example.com", "role": "viewer", "password": "x" * 12},
        "/api/actions/{action_id}/comments": {"text": "Is the price right?"},
        "/api/feeds": {"name": "News", "url": "https://news.example/feed"},
        "/api/goals": {"name": "Leads", "event": "lead"},
        "/api/hold-outs": {
            "name": "Letters",
            "question": "No letters",
            "first_day": in_a_day(),
            "last_day": in_a_day(),
        },
        "/api/identity/splits": {
            "visitor_id": "till",
            "person_id": "user:ann",
            "reason": "It stands in the shop.",
        },
        "/api/exports": {"report": "timeseries", "arguments": {"metric": "spend"}},
        "/api/uploads": {"text": LIST},
    }
    made = {route.path for router in ROUTERS for route in router.routes if route.status_code == 201}  # type: ignore[attr-defined]
    assert made == {*bodies, "/api/keys"}, "a key is shown once, which test_keys tries"
    with admin.api() as api:
        for path, body in bodies.items():
            address = path.removeprefix("/api").replace("{action_id}", str(action))
            first, again = (api.post(address, json=body, headers={KEY: path}) for _ in range(2))
            assert (first.status_code, again.status_code) == (201, 201), path
            assert again.json() == first.json()
            assert again.headers["idempotent-replay"] == "true"


def test_a_refused_request_leaves_the_key_free(marketer: Person) -> None:
    with marketer.api() as api:
        assert post(api, "k", recipient="nobody").status_code == 422
        assert api.post("/groups", json={"name": "Readers"}, headers={KEY: "g"}).status_code == 201
        taken = api.post("/groups", json={"name": "Readers"}, headers={KEY: "h"})
        assert taken.status_code == 422
        assert api.post("/groups", json={"name": "Writers"}, headers={KEY: "h"}).status_code == 201
        assert post(api, "k").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9", "tab\there"])
def test_a_key_is_short_and_printable(marketer: Person, key: str) -> None:
    with marketer.api() as api:
        refused = api.post("/actions", json=mail(), headers={KEY: key.encode("latin-1")})  # type: ignore[dict-item]
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == KEY
        assert how_many(api) == 0


def test_of_many_at_once_one_is_done_and_all_learn_of_it(marketer: Person) -> None:
    many = 12
    start = threading.Barrier(many)
    answers: list[httpx.Response] = []

    def ask(api: httpx.Client) -> None:
        start.wait()
        answers.append(post(api, "the same"))

    with marketer.api() as api:
        threads = [threading.Thread(target=ask, args=[api]) for _ in range(many)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Counter(answer.status_code for answer in answers) == {201: many}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert sum("idempotent-replay" not in answer.headers for answer in answers) == 1
        assert how_many(api) == 1


@contextmanager
def answers_held_up(house: Settings, key: str) -> Iterator[None]:
    """While it lasts, the database does not come to keeping an answer under this key."""
    execute(
        house,
        """create function hold_up() returns trigger language plpgsql as
           $$ begin perform pg_advisory_xact_lock(4711); return new; end $$""",
    )
    execute(
        house,
        f"""create trigger hold_up before update on idempotency_keys
            for each row when (new.key = '{key}') execute function hold_up()""",
    )
    try:
        with records.session(house, Role.OWNER) as session:
            session.execute(text("select pg_advisory_xact_lock(4711)"))
            yield
    finally:
        execute(house, "drop function hold_up() cascade")


def is_held_up(house: Settings) -> bool:
    with records.session(house, Role.OWNER) as session:
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and objid = 4711 and not granted"
        return session.scalar(text(waiting)) == 1


def test_a_process_that_is_killed_before_it_answers_has_done_it_once(
    house: Settings, marketer: Person, tmp_path: Path
) -> None:
    """Killed between the commit and the answer: the worst moment there is."""
    address = house.address(Service.CONSOLE)
    failed: list[Exception] = []

    def ask() -> None:
        headers = {"Authorization": f"Bearer {marketer.token}", KEY: "lost"}
        try:
            httpx.post(f"{address}/api/actions", json=mail(), headers=headers, timeout=60)
        except httpx.HTTPError as error:
            failed.append(error)

    command = [sys.executable, "-m", "console"]
    with process(command, environment_of(house), tmp_path / "console.log") as running:
        wait_until("the console", lambda: answers_tcp(house.port(Service.CONSOLE)))
        with answers_held_up(house, "lost"):
            asking = threading.Thread(target=ask)
            asking.start()
            wait_until("the answer", lambda: is_held_up(house))
            running.kill()
            asking.join()
    assert len(failed) == 1
    with marketer.api() as api:
        told = post(api, "lost")
        assert (told.status_code, "Look up what was made" in told.json()["detail"]) == (409, True)
        assert how_many(api) == 1
        assert post(api, "lost", subject="Another").status_code == 422


def test_old_keys_are_forgotten(house: Settings, marketer: Person) -> None:
    with marketer.api() as api:
        for number in range(3):
            post(api, f"old {number}").raise_for_status()
        execute(
            house,
            "update idempotency_keys set created_at = created_at - interval '25 hours' where tenant_id = :id",
            id=marketer.tenant,
        )
        assert "idempotent-replay" not in post(api, "old 1").headers
        assert how_many(api) == 4
    with records.session(house, Role.OWNER) as session:
        left = "select key from idempotency_keys where tenant_id = :id"
        assert session.scalars(text(left), {"id": marketer.tenant}).all() == ["old 1"]


def test_an_answer_that_is_too_large_is_not_kept(marketer: Person) -> None:
    with marketer.api() as api:
        first = post(api, "large", body="x" * 90_000, html="y" * 190_000).raise_for_status()
        again = post(api, "large", body="x" * 90_000, html="y" * 190_000)
        assert (again.status_code, again.json()["location"]) == (409, first.headers["location"])
        assert how_many(api) == 1


def test_nothing_of_an_answer_can_be_read_in_the_database_nor_after_an_erasure(
    house: Settings, people: dict[MemberRole, Person]
) -> None:
    marketer = people[MemberRole.MARKETER]
    with marketer.api() as api, people[MemberRole.ADMIN].api() as admin:
        ann = api.post("/recipients", json={"email": "ann@example.com"}, headers={KEY: "ann"}).json()["id"]
        with records.session(house, Role.OWNER) as session:
            kept = "select answer_sealed from idempotency_keys where tenant_id = :id"
            assert b"example.com" not in session.scalars(text(kept), {"id": marketer.tenant}).one()
        assert admin.delete(f"/recipients/{ann}").status_code == 204
        again = api.post("/recipients", json={"email": "ann@example.com"}, headers={KEY: "ann"})
        assert (again.status_code, "ann@" in again.text) == (409, False)


def test_what_makes_nothing_takes_no_key(marketer: Person) -> None:
    path = f"/actions/{submitted(marketer)['id']}/cancel"
    with marketer.api() as api:
        assert api.post(path, headers={KEY: "c"}).status_code == 200
        assert api.post(path, headers={KEY: "c"}).status_code == 409
