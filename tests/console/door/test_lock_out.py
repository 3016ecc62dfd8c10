"""Guessing takes ever longer, for all consoles together and across restarts, and holds up nobody else for ever."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from console.app import create_app
from console.door.attempts import ACCOUNT, ADDRESS
from store import records
from store.clock import now
from store.settings import Role, Settings
from tests.console.conftest import served
from tests.console.visitors import PASSWORD, Forms, Person

FREE = ACCOUNT.free
WRONG = "a horse that is wrong"


@pytest.fixture
def second_site(house: Settings) -> Iterator[str]:
    """Another console process over the same records, as far as its memory goes."""
    with served(create_app(house)) as address:
        yield address


def guess(site: str, email: str, password: str = WRONG) -> httpx.Response:
    return Forms(site).post("/login", email=email, password=password)


def locked_out(site: str, email: str) -> None:
    for _ in range(FREE):
        assert guess(site, email).status_code == 401
    assert guess(site, email).status_code == 429


def let_wait_pass(house: Settings) -> None:
    with records.session(house, Role.OWNER) as session:
        session.execute(text("update sign_in_tries set waits_until = now() where waits_until is not null"))


def test_a_few_wrong_guesses_make_every_console_wait(site: str, second_site: str, approver: Person) -> None:
    locked_out(site, approver.email)
    refused = guess(second_site, approver.email.upper(), PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= ACCOUNT.first_wait.total_seconds()
    assert "try again in" in refused.text
    log_in = {"email": approver.email, "password": PASSWORD}
    program = httpx.post(f"{second_site}/api/auth/login", json=log_in)
    assert program.status_code == 429
    assert program.headers["content-type"] == "application/problem+json"
    assert int(program.headers["retry-after"]) > 0


def test_it_holds_across_a_restart(house: Settings, site: str, approver: Person) -> None:
    locked_out(site, approver.email)
    with served(create_app(house)) as again:
        assert guess(again, approver.email, PASSWORD).status_code == 429


def test_the_wait_doubles_up_to_a_longest_and_tries_during_it_do_not_count(
    house: Settings, site: str, approver: Person
) -> None:
    locked_out(site, approver.email)
    for _ in range(20):
        assert guess(site, approver.email).status_code == 429
    let_wait_pass(house)
    assert guess(site, approver.email).status_code == 401
    second = int(guess(site, approver.email).headers["retry-after"])
    assert ACCOUNT.first_wait.total_seconds() < second <= 2 * ACCOUNT.first_wait.total_seconds()
    assert ACCOUNT.wait_after(10_000) == ACCOUNT.longest_wait
    assert ACCOUNT.wait_after(FREE - 1) is None
    let_wait_pass(house)
    assert guess(site, approver.email, PASSWORD).status_code == 303, "whoever waits is let in"
    assert guess(site, approver.email).status_code == 401, "and begins anew"


def test_nobody_locks_a_person_out_of_a_browser_they_have_signed_in_with(
    site: str, approver: Person, admin: Person
) -> None:
    theirs = approver.forms()
    theirs.client.cookies.delete("console")
    locked_out(site, approver.email)
    assert theirs.post("/login", email=approver.email, password=PASSWORD).status_code == 303
    other = admin.forms()
    assert other.post("/login", email=approver.email, password=PASSWORD).status_code == 429, (
        "a mark is of one address"
    )
    forged = Forms(site)
    forged.client.cookies.set("known", f"x.{'0' * 64}")
    assert forged.post("/login", email=approver.email, password=PASSWORD).status_code == 429


def test_a_known_browser_may_not_guess_without_end_either(site: str, approver: Person) -> None:
    theirs = approver.forms()
    answers = [
        theirs.post("/login", email=approver.email, password="wrong").status_code for _ in range(FREE + 1)
    ]
    assert answers == [401] * FREE + [429]


def test_an_unknown_address_waits_the_same(house: Settings, site: str, approver: Person) -> None:
    unknown = "nobody-at-all@example.com"
    for email in (unknown, approver.email):
        locked_out(site, email)
    answers = [guess(site, email) for email in (unknown, approver.email)]
    assert {answer.status_code for answer in answers} == {429}
    with records.session(house, Role.OWNER) as session:
        kept = session.execute(text("select * from sign_in_tries")).all()
        said = session.execute(
            text("select entity_id from audit_entries where tenant_id = 0 and action = 'lock_out'")
        ).all()
    assert len(said) >= 2, "the chain of the house tells of both, and of neither by name"
    assert unknown not in f"{kept} {said}"
    assert approver.email not in f"{kept} {said}"


def test_guesses_side_by_side_count_each(site: str, second_site: str, approver: Person) -> None:
    together = 24
    start, answers = threading.Barrier(together), []

    def try_one(number: int) -> None:
        start.wait()
        answers.append(guess((site, second_site)[number % 2], approver.email).status_code)

    threads = [threading.Thread(target=try_one, args=(number,)) for number in range(together)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(401) == FREE
    assert answers.count(429) == together - FREE


def test_one_address_that_tries_many_accounts_waits_too(house: Settings, site: str, approver: Person) -> None:
    guess(site, "first@example.com")
    with records.session(house, Role.OWNER) as session:
        session.execute(text("update sign_in_tries set tries = :most"), {"most": ADDRESS.free - 1})
    guess(site, "second@example.com")
    refused = guess(site, approver.email, PASSWORD)
    assert refused.status_code == 429
    let_wait_pass(house)
    assert guess(site, approver.email, PASSWORD).status_code == 303


def test_what_was_tried_long_ago_is_forgotten(house: Settings, site: str, approver: Person) -> None:
    locked_out(site, approver.email)
    with records.session(house, Role.OWNER) as session:
        ago = {"then": now() - timedelta(days=2)}
        session.execute(text("update sign_in_tries set last_at = :then, waits_until = :then"), ago)
    guess(site, "somebody@example.com")
    with records.session(house, Role.OWNER) as session:
        assert session.scalar(text("select count(*) from sign_in_tries")) == 2
    for _ in range(FREE):
        assert guess(site, approver.email).status_code == 401
