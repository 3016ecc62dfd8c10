"""An empty house: a link that is printed, works once, and is of no use to anybody later."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from cli import signposts
from console.app import create_app
from console.people import front_door
from store import migrations
from store.embedded import postgres
from store.settings import Role, Settings
from tests.console.conftest import served
from tests.console.mailing import token_of
from tests.console.visitors import Forms, Person

PASSWORD = "the very first horse of all"
EMPTY = "empty_records"


@pytest.fixture
def empty(house: Settings) -> Settings:
    """An installation that nobody has an account in."""
    with psycopg.connect(postgres.superuser_url(house), autocommit=True) as connection:
        connection.execute(f"drop database if exists {EMPTY} with (force)")
        connection.execute(
            sql.SQL("create database {} owner {}").format(sql.Identifier(EMPTY), sql.Identifier(Role.OWNER))
        )
    url = house.postgres_url(Role.OWNER, "postgresql").rpartition("/")[0] + f"/{EMPTY}"
    settings = house.model_copy(update={"database_url": SecretStr(url)})
    migrations.migrate_postgres(settings)
    return settings


@pytest.fixture
def empty_site(empty: Settings) -> Iterator[str]:
    with served(create_app(empty)) as address:
        yield address


def filled_in(token: str, **changes: str) -> dict[str, Any]:
    return {
        "token": token,
        "tenant_name": "House of Ada",
        "slug": "ada",
        "time_zone": "Europe/Berlin",
        "currency": "eur",
        "email": "Ada@example.com",
        "name": "Ada",
        "password": PASSWORD,
        **changes,
    }


def test_the_link_makes_the_first_tenant_and_its_admin_once(empty: Settings, empty_site: str) -> None:
    link = signposts.setup_link(empty)
    token, forms = token_of(link), Forms(empty_site)
    for _ in range(2):
        assert forms.get(f"/setup?token={token}").status_code == 200
    assert forms.post("/setup", **filled_in(token)).headers["location"] == "/"
    assert "House of Ada" in forms.get("/").text
    account = forms.get("/account").text
    assert "ada@example.com" in account.lower()
    assert "Admin in House of Ada" in re.sub(r"\s+", " ", account)
    assert forms.get(f"/setup?token={token}").status_code == 410
    again = Forms(empty_site).post("/setup", **filled_in(token, slug="eve", email="eve@example.com"))
    assert again.status_code == 410
    assert signposts.setup_link(empty) == "", "nothing is printed any more"


def test_what_is_typed_wrong_is_kept_and_said_beside_its_field(empty: Settings, empty_site: str) -> None:
    token, forms = front_door.setup_token(empty), Forms(empty_site)
    wrong = filled_in(token, slug="No Slug", time_zone="Europe/Atlantis", password="short", email="ada")
    refused = forms.post("/setup", **wrong)
    assert refused.status_code == 422
    assert "House of Ada" in refused.text
    for field in ("slug", "time_zone", "password", "email"):
        assert f'id="{field}-trouble"' in refused.text
    assert "short" not in refused.text.replace("too short", "").replace("Short name", "")
    assert signposts.setup_link(empty), "nobody has come in"


def test_of_two_who_set_it_up_at_a_time_one_does(empty: Settings, empty_site: str) -> None:
    token, start, answers = front_door.setup_token(empty), threading.Barrier(4), []

    def set_up(number: int) -> None:
        start.wait()
        fields = filled_in(token, slug=f"t{number}", email=f"{number}@example.com")
        answers.append(Forms(empty_site).post("/setup", **fields).status_code)

    threads = [threading.Thread(target=set_up, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 410, 410, 410]


def test_without_the_token_and_where_somebody_has_an_account_it_is_of_no_use(
    house: Settings, empty_site: str, approver: Person
) -> None:
    for token in ("", "x", "A" * 43):
        assert Forms(empty_site).post("/setup", **filled_in(token)).status_code == 410
    right = front_door.setup_token(house)
    assert Forms(approver.site).get(f"/setup?token={right}").status_code == 410
    assert Forms(approver.site).post("/setup", **filled_in(right)).status_code == 410


def test_another_sites_form_sets_nothing_up(empty: Settings, empty_site: str) -> None:
    token = front_door.setup_token(empty)
    foreign = Forms(empty_site).post("/setup", headers={"Origin": "https://evil.example"}, **filled_in(token))
    assert foreign.status_code == 403
    assert signposts.setup_link(empty)
