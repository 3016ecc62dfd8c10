"""How often the API may be asked, and how its answers say so."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.requests import Request

from console.app import create_app
from console.rates import WINDOW_SECONDS, Rates, address_of
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.settings import Settings
from tests.console.conftest import served
from tests.console.visitors import Person, everyone

FEW = 8


@pytest.fixture
def hurried(house: Settings) -> Iterator[str]:
    """A console that soon has enough."""
    with served(create_app(house.model_copy(update={"api_rate_per_minute": FEW}))) as address:
        yield address


@pytest.fixture
def people(house: Settings, hurried: str, tenant: TenantId) -> dict[MemberRole, Person]:
    return everyone(house, hurried, tenant)


def test_each_answer_says_how_many_are_left_and_the_last_is_a_problem(
    people: dict[MemberRole, Person],
) -> None:
    with people[MemberRole.VIEWER].api() as viewer, people[MemberRole.ANALYST].api() as analyst:
        paths = ["/me", "/nothing", "/recipients", "/actions/x", "/v1/me"]
        answers = [viewer.get(path) for path in paths]
        assert [answer.status_code for answer in answers] == [200, 404, 403, 422, 200]
        assert [int(answer.headers["ratelimit-remaining"]) for answer in answers] == [7, 6, 5, 4, 3]
        assert {answer.headers["ratelimit-limit"] for answer in answers} == {str(FEW)}
        for _ in range(3):
            viewer.get("/me").raise_for_status()
        refused = viewer.get("/v1/me")
        assert refused.status_code == 429
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["instance"] == "/api/v1/me"
        assert refused.headers["ratelimit-remaining"] == "0"
        assert 0 < int(refused.headers["retry-after"]) <= WINDOW_SECONDS
        assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"]
        assert analyst.get("/me").status_code == 200, "somebody else's requests are their own"


def test_whoever_shows_nothing_or_something_forged_is_counted_by_address(
    hurried: str, people: dict[MemberRole, Person]
) -> None:
    token = people[MemberRole.VIEWER].token
    statuses = [
        httpx.get(f"{hurried}/api/me", headers={"Authorization": f"Bearer {n}.{n}.{n}"}).status_code
        for n in range(FEW)
    ]
    assert statuses == [401] * (FEW - 1) + [429]
    assert httpx.post(f"{hurried}/api/auth/login", json={}).status_code == 429
    signed = httpx.get(f"{hurried}/api/me", headers={"Authorization": f"Bearer {token}"})
    assert signed.status_code == 200, "whoever has a token does not suffer from it"


def test_pages_and_programs_that_watch_are_not_counted(hurried: str) -> None:
    for _ in range(FEW + 1):
        assert httpx.get(f"{hurried}/healthz").status_code == 200
        assert "ratelimit-limit" not in httpx.get(f"{hurried}/login").headers


def test_any_number_where_none_is_set(house: Settings) -> None:
    with served(create_app(house.model_copy(update={"api_rate_per_minute": 0}))) as address:
        answer = httpx.get(f"{address}/api/me")
        assert (answer.status_code, "ratelimit-limit" in answer.headers) == (401, False)


def test_a_minute_later_it_begins_again_and_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    rates = Rates(2, lambda: clock[0])
    assert [rates.count("a").is_over for _ in range(3)] == [False, False, True]
    assert rates.count("a").reset == WINDOW_SECONDS
    clock[0] += WINDOW_SECONDS
    assert not rates.count("a").is_over
    monkeypatch.setattr("console.rates._MOST_REMEMBERED", 3)
    for key in "bcdef":
        rates.count(key)
    assert list(rates._minutes) == ["d", "e", "f"]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
    ],
)
def test_a_home_network_of_ipv6_is_one_address(one: str, other: str, is_same: bool) -> None:
    names = {
        address_of(Request({"type": "http", "client": (host, 1), "headers": []})) for host in (one, other)
    }
    assert (len(names) == 1) == is_same
