"""Bitly's answers, as documented: links, clicks, pages, refusals, and a sign-in that answers as a form."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from connectors import CONNECTORS, errors
from connectors.access_tokens import issue
from connectors.answers import Answer
from connectors.bitly import Bitly
from connectors.bitly_refusals import meaning_of
from connectors.errors import Scope
from connectors.face import Channel, Wire
from connectors.retries import Patience
from connectors.sandbox import endpoint
from connectors.sandbox.bitly import CREDENTIALS, GROUPS
from connectors.short_links import LinkGroup, ShortLink
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)
GROUP = "Bk1abcDEF23"
LINK: dict[str, Any] = {
    "created_at": "2026-10-01T10:00:00+0000",
    "id": "bit.ly/3xYz",
    "link": "https://bit.ly/3xYz",
    "long_url": "https://example.org/?utm_source=x",
    "archived": False,
    "tags": [],
    "custom_bitlinks": [],
    "deeplinks": [],
    "references": {"group": f"https://api-ssl.bitly.com/v4/groups/{GROUP}"},
}
SHORT = ShortLink(
    id="bit.ly/3xYz",
    link="https://bit.ly/3xYz",
    long_url="https://example.org/?utm_source=x",
    group_id=GROUP,
    created_at=datetime(2026, 10, 1, 10, tzinfo=UTC),
)
CLICKS: dict[str, Any] = {
    "link_clicks": [
        {"date": "2026-10-31T00:00:00+0000", "clicks": 12},
        {"date": "2026-10-30T00:00:00+0000", "clicks": 0},
        {"date": "2026-10-29T00:00:00+0000", "clicks": 7},
    ],
    "units": 3,
    "unit": "day",
    "unit_reference": "2026-10-31T00:00:00+0000",
}
INVALID_URL: dict[str, Any] = {
    "message": "INVALID_ARG_LONG_URL",
    "resource": "bitlinks",
    "description": "The value provided is invalid.",
    "errors": [{"field": "long_url", "error_code": "invalid"}],
}


def said(body: Any, status: int = 200) -> tuple[int, bytes]:
    return status, json.dumps(body).encode()


def bitly(wire: Wire) -> Bitly:
    return Bitly.connect({"access_token": "x"}, wire)


def meaning(status: int, body: Any = None, headers: dict[str, str] | None = None) -> errors.ChannelError:
    content = b"<html>" if body is None else json.dumps(body).encode()
    return meaning_of(Answer(status, httpx.Headers(headers or {}), content), where="Bitly", now=NOON)


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "INVALID_ARG_LONG_URL", errors.Invalid),
        (400, "ALREADY_A_BITLY_LINK", errors.Invalid),
        (401, "UNAUTHORIZED", errors.AuthRevoked),
        (402, "UPGRADE_REQUIRED", errors.Forbidden),
        (403, "FORBIDDEN", errors.Forbidden),
        (403, "RATE_LIMIT_EXCEEDED", errors.RateLimited),
        (403, "BRANDED_LINK_MONTHLY_LIMIT_EXCEEDED", errors.QuotaExhausted),
        (404, "NOT_FOUND", errors.Invalid),
        (409, "DUPLICATE", errors.Duplicate),
        (417, "EXPECTATION_FAILED", errors.Invalid),
        (422, "UNPROCESSABLE_ENTITY", errors.Invalid),
        (429, "RATE_LIMIT_EXCEEDED", errors.RateLimited),
        (429, "TOO_MANY_REQUESTS", errors.RateLimited),
        (429, "MONTHLY_ENCODE_LIMIT_REACHED", errors.QuotaExhausted),
        (429, "MONTHLY_RATE_LIMIT_EXCEEDED", errors.QuotaExhausted),
        (429, "API_USAGE_LIMIT_EXCEEDED", errors.QuotaExhausted),
        (500, "INTERNAL_ERROR", errors.Transient),
        (503, "TEMPORARILY_UNAVAILABLE", errors.Transient),
    ],
)
def test_a_refusal_has_its_class(status: int, message: str, kind: type[errors.ChannelError]) -> None:
    meant = meaning(status, {"message": message, "resource": "bitlinks", "description": "No."})
    assert type(meant) is kind
    assert meant.code == message


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, errors.Forbidden), (429, errors.RateLimited), (502, errors.Transient), (413, errors.TooMuchData)],
)
def test_a_refusal_without_words_goes_by_its_status(status: int, kind: type[errors.ChannelError]) -> None:
    assert (type(meaning(status)), meaning(status).code) == (kind, str(status))


def test_what_is_wrong_is_named() -> None:
    by_errors = meaning(400, INVALID_URL)
    assert isinstance(by_errors, errors.Invalid)
    assert (by_errors.field, by_errors.what) == ("long_url", "The value provided is invalid.")
    by_word = meaning(400, {"message": "INVALID_ARG_DOMAIN"})
    assert isinstance(by_word, errors.Invalid)
    assert by_word.field == "domain"
    not_led_to = meaning(417, {"message": "EXPECTATION_FAILED"})
    assert isinstance(not_led_to, errors.Invalid)
    assert not_led_to.field == "long_url"


def test_a_minute_is_waited_for_and_a_month_is_not() -> None:
    limited = meaning(429, {"message": "RATE_LIMIT_EXCEEDED"})
    assert isinstance(limited, errors.RateLimited)
    assert (limited.retry_after, limited.scope) == (60.0, Scope.USER)
    hinted = meaning(429, {"message": "RATE_LIMIT_EXCEEDED"}, {"retry-after": "7"})
    assert isinstance(hinted, errors.RateLimited)
    assert hinted.retry_after == 7.0
    spent = meaning(429, {"message": "MONTHLY_ENCODE_LIMIT_REACHED"})
    assert isinstance(spent, errors.QuotaExhausted)
    assert spent.reset_at == datetime(2026, 11, 1, tzinfo=UTC)


def test_a_month_ends_with_the_year_too() -> None:
    body = json.dumps({"message": "API_USAGE_LIMIT_EXCEEDED"}).encode()
    december = NOON.replace(month=12)
    spent = meaning_of(Answer(429, httpx.Headers(), body), where="Bitly", now=december)
    assert isinstance(spent, errors.QuotaExhausted)
    assert spent.reset_at == datetime(2027, 1, 1, tzinfo=UTC)


def test_a_403_may_say_in_a_header_that_it_is_a_limit() -> None:
    body = {"message": "FORBIDDEN", "description": "You are currently forbidden to access this resource."}
    limited = meaning(403, body, {"x-ratelimit-reason": "ip"})
    assert isinstance(limited, errors.RateLimited)
    assert limited.what.endswith(": ip")
    assert isinstance(meaning(403, body), errors.Forbidden)


def test_groups_are_those_that_are_active() -> None:
    groups = [
        {"guid": GROUP, "name": "Lindgrün", "is_active": True, "role": "org-admin", "bsds": []},
        {"guid": "Bk1formerly", "name": "Formerly", "is_active": False},
    ]
    with answering(said({"groups": groups})) as wire:
        assert bitly(wire).groups() == [LinkGroup(id=GROUP, name="Lindgrün")]


def test_a_token_that_was_taken_back_is_refused_as_if_the_groups_were_somebody_elses() -> None:
    body = {"message": "FORBIDDEN", "description": "You are currently forbidden to access this resource."}
    with answering(said(body, 403)) as wire, pytest.raises(errors.AuthRevoked):
        bitly(wire).groups()


@pytest.mark.parametrize("status", [200, 201])
def test_a_link_is_there_or_is_made(status: int) -> None:
    with answering(said(LINK, status)) as wire:
        assert bitly(wire).shorten(GROUP, "https://example.org/?utm_source=x", "bit.ly") == SHORT


def test_links_are_read_as_far_as_pages_name_another() -> None:
    here = f"{{address}}/v0/groups/{GROUP}/bitlinks"
    second = {**LINK, "id": "bit.ly/4aBc", "link": "https://bit.ly/4aBc", "title": "Poster"}
    first_page = {"links": [LINK], "pagination": {"next": f"{here}?search_after=a", "search_after": "a"}}
    last_page = {"links": [second], "pagination": {"prev": here, "next": "", "search_after": "", "size": 1}}
    with answering(said(first_page), said(last_page)) as wire:
        links = list(bitly(wire).links_since(GROUP, datetime(2026, 9, 1, tzinfo=UTC)))
    assert [(link.id, link.title) for link in links] == [("bit.ly/3xYz", ""), ("bit.ly/4aBc", "Poster")]


def test_a_page_that_gives_only_the_place_to_go_on_from_is_gone_on_from() -> None:
    second = {**LINK, "id": "bit.ly/4aBc"}
    pages = (
        {"links": [LINK], "pagination": {"search_after": "a"}},
        {"links": [second], "pagination": {"search_after": ""}},
    )
    with answering(*map(said, pages)) as wire:
        links = list(bitly(wire).links_since(GROUP, datetime(2026, 9, 1, tzinfo=UTC)))
    assert [link.id for link in links] == ["bit.ly/3xYz", "bit.ly/4aBc"]


@pytest.mark.parametrize(
    "following",
    [
        f"https://elsewhere.example/v0/groups/{GROUP}/bitlinks?search_after=a",
        "{address}/v0/user?search_after=a",
        f"{{address}}@elsewhere.example/v0/groups/{GROUP}/bitlinks",
        "//elsewhere.example/",
        "https://[x/",
    ],
)
def test_a_next_page_of_somebody_else_is_never_asked_for(following: str) -> None:
    page = {"links": [LINK], "pagination": {"next": following, "search_after": "a"}}
    with answering(said(page)) as wire, pytest.raises(errors.UnexpectedAnswer, match="somebody else's"):
        list(bitly(wire).links_since(GROUP, datetime(2026, 9, 1, tzinfo=UTC)))


def test_pages_that_go_round_are_left() -> None:
    here = f"{{address}}/v0/groups/{GROUP}/bitlinks?search_after=a"
    page = {"links": [LINK], "pagination": {"next": here, "search_after": "a"}}
    with answering(said(page)) as wire, pytest.raises(errors.UnexpectedAnswer, match="read before"):
        list(bitly(wire).links_since(GROUP, datetime(2026, 9, 1, tzinfo=UTC)))


def test_links_that_were_made_before_are_left_out_whatever_bitly_gives() -> None:
    with answering(said({"links": [LINK], "pagination": {}})) as wire:
        assert list(bitly(wire).links_since(GROUP, SHORT.created_at)) == [SHORT]
        assert list(bitly(wire).links_since(GROUP, SHORT.created_at + timedelta(seconds=1))) == []


def test_clicks_are_told_by_the_day_oldest_first_and_in_bitlys_words() -> None:
    with answering(said(CLICKS)) as wire:
        days = list(bitly(wire).clicks("bit.ly/3xYz", date(2026, 10, 29), date(2026, 10, 31)))
    assert [(day.day, day.clicks) for day in days] == [(date(2026, 10, 29), 7), (date(2026, 10, 31), 12)]
    assert days[0].raw == '{"clicks":7,"date":"2026-10-29T00:00:00+0000"}'


def test_days_that_were_not_asked_for_are_left_out() -> None:
    with answering(said(CLICKS)) as wire:
        days = list(bitly(wire).clicks("bit.ly/3xYz", date(2026, 10, 30), date(2026, 10, 31)))
    assert [day.day for day in days] == [date(2026, 10, 31)]


@pytest.mark.parametrize(
    "day",
    [{"date": "yesterday", "clicks": 1}, {"date": "2026-10-31T00:00:00+0000", "clicks": -1}, {"clicks": 1}],
)
def test_days_that_are_none_are_told(day: dict[str, Any]) -> None:
    with answering(said({"link_clicks": [day]})) as wire, pytest.raises(errors.UnexpectedAnswer):
        list(bitly(wire).clicks("bit.ly/3xYz", date(2026, 10, 31), date(2026, 10, 31)))


def asked_of(sandbox: Sandbox, link: str, since: date, until: date) -> list[httpx.URL]:
    asked: list[httpx.Request] = []
    with httpx.Client(timeout=10, event_hooks={"request": [asked.append]}) as http:
        opened = sandbox.connector(Channel.BITLY, http=http)
        assert isinstance(opened, Bitly)
        with suppress(errors.Invalid):  # a link that is nobody's is asked for no less
            list(opened.clicks(link, since, until))
    return [request.url for request in asked]


def test_a_links_slash_is_encoded_and_so_is_all_else(sandbox: Sandbox) -> None:
    today = sandbox.now.date()
    [url] = asked_of(sandbox, "bit.ly/lg00", today, today)
    assert url.raw_path.startswith(b"/bitly/v4/bitlinks/bit.ly%2Flg00/clicks?")
    [url] = asked_of(sandbox, "bit.ly/grün", today, today)
    assert url.raw_path.startswith(b"/bitly/v4/bitlinks/bit.ly%2Fgr%C3%BCn/clicks?")


def test_days_are_asked_for_by_thirty_back_from_a_moment_that_has_been(sandbox: Sandbox) -> None:
    today = sandbox.now.date()
    urls = asked_of(sandbox, "bit.ly/lg00", today - timedelta(days=44), today)
    asked = [dict(parse_qsl(url.query.decode())) for url in urls]
    assert asked == [
        {"unit": "day", "units": "30", "unit_reference": "2026-09-30T23:59:59+0000"},
        {"unit": "day", "units": "15", "unit_reference": "2026-10-15T12:00:00+0000"},
    ]


@pytest.mark.parametrize("token", ["", "two words", "line\nend", "x" * 4001])
def test_a_token_that_is_none_is_refused_without_being_repeated(token: str) -> None:
    with httpx.Client() as http, pytest.raises(errors.Invalid) as invalid:
        Bitly.connect({"access_token": token}, Wire(http=http))
    assert not token or token not in str(invalid.value)


@pytest.mark.parametrize("accepts_json", [True, False])
def test_a_code_becomes_a_token_without_an_end_in_either_form(sandbox: Sandbox, accepts_json: bool) -> None:
    there = endpoint(Channel.BITLY, sandbox.address)
    back = "http://127.0.0.1/callback"
    told = {"client_id": CREDENTIALS["client_id"], "response_type": "code", "redirect_uri": back}
    answer = sandbox.http.post(there.authorize_url, data={**told, "decision": "allow"})
    code = dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "client_id": CREDENTIALS["client_id"],
        "client_secret": CREDENTIALS["client_secret"],
    }

    def forget_what_is_accepted(request: httpx.Request) -> None:
        if not accepts_json:
            request.headers["accept"] = "*/*"

    heard: list[str] = []

    def hear(response: httpx.Response) -> None:
        heard.append(response.headers["content-type"])

    hooks: dict[str, list[Callable[..., Any]]] = {"request": [forget_what_is_accepted], "response": [hear]}
    with httpx.Client(timeout=10, event_hooks=hooks) as http:
        wire = Wire(http=http, patience=Patience(attempts=1))
        issued = issue(wire, there.token_url, form, where="Bitly sign-in")
    assert heard[0].startswith("application/json" if accepts_json else "application/x-www-form-urlencoded")
    kept = issued.beside({}, 0.0)
    assert kept == {"access_token": issued.access_token, "expires_at": 0}
    opened = sandbox.connector(Channel.BITLY, access_token=issued.access_token)
    assert isinstance(opened, Bitly)
    assert [group.id for group in opened.groups()] == list(GROUPS)


@pytest.mark.parametrize("body", [b"", b"login=me", b"access_token=", b"\xff=\xff", b"a=b&" * 100])
def test_a_form_that_holds_no_token_is_told(body: bytes) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    with answering((200, body), headers=kind) as wire, pytest.raises(errors.UnexpectedAnswer):
        issue(wire, wire.endpoint.token_url, {"client_id": "c"}, where="Bitly sign-in")


def test_bitly_is_asked_for_no_scope_and_at_its_own_addresses() -> None:
    connector = CONNECTORS[Channel.BITLY]
    assert connector.consent is not None
    assert connector.consent.scopes == ()
    assert connector.endpoint.token_url == "https://api-ssl.bitly.com/oauth/access_token"
    assert connector.endpoint.authorize_url == "https://bitly.com/oauth/authorize"
