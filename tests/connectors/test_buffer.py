"""Buffer in its own words: its channels, what it refuses beside a success, and tokens that hold once."""

from dataclasses import asdict
from datetime import timedelta

import pytest

from connectors import errors
from connectors.buffer import Buffer
from connectors.buffer_services import LIMITS, SERVICES
from connectors.face import Channel
from connectors.publishing import FoundPlace, Network
from connectors.sandbox import CREDENTIALS
from connectors.sandbox.buffer_questions import Unreadable, read
from connectors.sandbox.places import places_of
from tests.connectors.buffer_answers import (
    GRANT,
    ORGANIZATION,
    PLACE,
    UNAUTHENTICATED,
    Answer,
    buffer,
    channel,
    operation,
    refused,
    said,
    told_in,
)
from tests.connectors.running_sandbox import NOON, Sandbox

MINE = said(account={"organizations": [{"id": ORGANIZATION}]})
HOUR = timedelta(hours=1)


def test_every_channel_is_a_place_by_a_name_that_says_where_it_is() -> None:
    channels = [
        {"id": PLACE, "name": "lindgruen", "displayName": "Lindgrün", "service": "mastodon"},
        {"id": "64c01a2b3c4d5e6f70819204", "name": "coats", "displayName": None, "service": "pinterest"},
        {"id": "64c01a2b3c4d5e6f70819205", "name": "shop", "displayName": "", "service": "somethingNew"},
        {"id": "64c01a2b3c4d5e6f70819206", "name": "page", "displayName": "Page", "service": "startPage"},
        {"id": "../1", "name": "x", "displayName": "X", "service": "mastodon"},
    ]
    with buffer(MINE, said(channels=channels)) as (opened, heard):
        assert opened.places() == [
            FoundPlace(id=PLACE, name="Lindgrün on Mastodon", network=Network.BUFFER),
            FoundPlace(id="64c01a2b3c4d5e6f70819204", name="coats on Pinterest", network=Network.BUFFER),
            FoundPlace(id="64c01a2b3c4d5e6f70819205", name="shop on somethingNew", network=Network.BUFFER),
        ]
    assert [operation(it) for it in heard] == ["query Organizations", "query Channels"]
    assert told_in(heard[1]) == {"organizationId": ORGANIZATION}


def test_each_request_says_who_asks_and_shows_the_token_to_buffer_alone() -> None:
    with buffer(MINE, said(channels=[]), given=GRANT) as (opened, heard):
        opened.places()
    for request in heard:
        assert request.headers["authorization"] == "Bearer very-secret"
        assert request.headers["user-agent"] == "web:marketing-pipelines:v1 (app app-7)"
        assert request.headers["content-type"] == "application/json"
        assert b"secret" not in request.content


TOO_COMPLEX = (
    200,
    b'{"data":null,"errors":[{"message":"Query exceeds maximum allowed complexity. Please simplify your query."}]}',
)
REFUSALS: list[tuple[Answer, type[errors.ChannelError]]] = [
    (UNAUTHENTICATED, errors.AuthRevoked),
    (refused("UNAUTHORIZED"), errors.AuthRevoked),
    (refused("FORBIDDEN"), errors.Forbidden),
    (refused("NOT_FOUND"), errors.Invalid),
    (refused("BAD_USER_INPUT"), errors.Invalid),
    (refused("UNEXPECTED"), errors.Transient),
    (refused("GRAPHQL_VALIDATION_FAILED", 'Cannot query field "organizations"'), errors.Sunset),
    (refused("RATE_LIMIT_EXCEEDED", "Too many requests", 429, window="15m"), errors.RateLimited),
    (refused("RATE_LIMIT_EXCEEDED", "Too many requests", 429, window="24h"), errors.QuotaExhausted),
    (refused("RATE_LIMIT_EXCEEDED", "Too many requests", 429, window="30d"), errors.QuotaExhausted),
    (refused("SOMETHING_NEW"), errors.UnexpectedAnswer),
    (TOO_COMPLEX, errors.TooMuchData),
    ((403, b"<html>blocked</html>"), errors.Forbidden),
    ((502, b""), errors.Transient),
    ((200, b"{"), errors.Transient),
    ((200, b"[]"), errors.UnexpectedAnswer),
    ((200, b'{"data":null}'), errors.UnexpectedAnswer),
    ((200, b'{"errors":[{"message":5}]}'), errors.UnexpectedAnswer),
]


@pytest.mark.parametrize(("answer", "kind"), REFUSALS)
def test_a_refusal_of_a_question_has_its_class(answer: Answer, kind: type[errors.ChannelError]) -> None:
    with buffer(answer) as (opened, _), pytest.raises(errors.ChannelError) as met:
        opened.places()
    assert type(met.value) is kind
    assert "secret" not in str(met.value)


def test_half_an_answer_is_none() -> None:
    """What was refused of it is told, whatever came beside."""
    both = (
        200,
        b'{"data":{"account":{"organizations":[]}},"errors":[{"message":"No.","extensions":{"code":"FORBIDDEN"}}]}',
    )
    with buffer(both) as (opened, _), pytest.raises(errors.Forbidden):
        opened.places()


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"ratelimit": '"100-in-15min";r=0;t=840, "250-in-1day";r=12;t=60000'}, 840.0),
        ({"ratelimit": '"100-in-15min";r=0;t=840', "retry-after": "30"}, 30.0),
        ({"ratelimit": '"100-in-15min";r=3;t=840'}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_in_the_headers(headers: dict[str, str], wait: float | None) -> None:
    limited = refused("RATE_LIMIT_EXCEEDED", "Too many requests", 429, window="15m")
    with buffer(limited, headers=headers) as (opened, _), pytest.raises(errors.RateLimited) as met:
        opened.places()
    assert (met.value.retry_after, met.value.scope) == (wait, errors.Scope.APP)


def test_a_day_that_is_used_up_says_when_it_is_over() -> None:
    limited = refused("RATE_LIMIT_EXCEEDED", "Too many requests", 429, window="24h")
    with (
        buffer(limited, headers={"retry-after": "3600"}) as (opened, _),
        pytest.raises(errors.QuotaExhausted) as met,
    ):
        opened.places()
    assert met.value.reset_at == NOON + HOUR


def test_a_refresh_token_is_used_once_and_the_new_one_is_kept_first(sandbox: Sandbox) -> None:
    sandbox.order(Channel.BUFFER, "expired_token", times=1)
    opened = sandbox.connector(Channel.BUFFER)
    assert isinstance(opened, Buffer)
    assert opened.places()
    sandbox.order(Channel.BUFFER, "expired_token", times=1)
    assert opened.places()
    first, second = sandbox.renewals
    assert first["refresh_token"] != CREDENTIALS[Channel.BUFFER]["refresh_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert first["expires_at"] == int(NOON.timestamp()) + 3600


def test_one_that_was_used_before_needs_a_person(sandbox: Sandbox) -> None:
    for kind in (None, errors.AuthRevoked):
        sandbox.order(Channel.BUFFER, "expired_token", times=1)
        opened = sandbox.connector(Channel.BUFFER)
        assert isinstance(opened, Buffer)
        if kind is None:
            assert opened.places()
            continue
        with pytest.raises(kind):
            opened.places()


def test_a_personal_key_has_nothing_to_be_renewed_with(sandbox: Sandbox) -> None:
    opened = sandbox.connector(Channel.BUFFER, access_token="made-up", refresh_token="")
    assert isinstance(opened, Buffer)
    with pytest.raises(errors.AuthRevoked) as met:
        opened.places()
    assert "made-up" not in str(met.value)
    assert sandbox.renewals == []


def test_people_are_asked_for_what_is_used_and_for_as_long_as_they_like() -> None:
    consent = Buffer.consent
    assert consent is not None
    assert {"posts:read", "posts:write", "account:read", "insights:read", "offline_access"} == set(
        consent.scopes
    )
    assert consent.asked_with == {"prompt": "consent"}
    assert not consent.with_basic_auth


def test_calls_are_counted_by_the_quarter_hour_and_the_day() -> None:
    assert [(it.most, it.per) for it in Buffer.budgets] == [(100, HOUR / 4), (250, timedelta(days=1))]


def test_the_loosest_limit_is_told_of_the_network() -> None:
    assert LIMITS.longest_text == max(it.longest for it in SERVICES.values())
    assert LIMITS.length("😀a") == 3
    assert {"mastodon", "bluesky", "threads", "pinterest", "googlebusiness"} <= set(SERVICES)


@pytest.mark.parametrize(
    "number", ["", "1", PLACE[:-1], f"{PLACE}0", f"{PLACE}\n", "g" * 24, "../" + "a" * 21]
)
def test_what_is_no_channel_is_never_asked_for(number: str) -> None:
    with buffer(channel()) as (opened, heard), pytest.raises(errors.Invalid) as invalid:
        list(opened.post_results(number, Network.BUFFER, NOON))
    assert invalid.value.field == "place"
    assert heard == []


def test_a_channel_that_is_not_the_one_asked_for_is_not_believed() -> None:
    other = channel(id="64c01a2b3c4d5e6f70819299")
    with buffer(other) as (opened, _), pytest.raises(errors.UnexpectedAnswer):
        list(opened.post_results(PLACE, Network.BUFFER, NOON))


def test_nobody_is_told_how_many_follow() -> None:
    with buffer(channel()) as (opened, heard):
        assert opened.followers(PLACE, Network.BUFFER) is None
    assert heard == []


def test_the_sandbox_has_every_place_and_refuses_what_it_does_not_know(sandbox: Sandbox) -> None:
    opened = sandbox.connector(Channel.BUFFER)
    assert isinstance(opened, Buffer)
    assert [asdict(it) for it in opened.places()] == [
        {"id": it.id, "name": it.name, "network": it.network} for it in places_of(Channel.BUFFER)
    ]
    headers = {"authorization": f"Bearer {CREDENTIALS[Channel.BUFFER]['access_token']}"}
    for question in ("query Q{account{shoeSize}}", "query Q{ads{id}}", "mutation M{account{id}}", "query Q{"):
        answer = sandbox.http.post(
            f"{sandbox.address}/buffer/", json={"query": question, "variables": {}}, headers=headers
        )
        assert answer.status_code == 200
        assert answer.json()["errors"][0]["extensions"]["code"].startswith("GRAPHQL_"), question
        assert "q=250;w=86400" in answer.headers["ratelimit-policy"]


def test_a_question_is_read_as_graphql_has_it() -> None:
    asked = read("query Q($input:PostInput!){post(input:$input){id metadata{... on X{boards{id}}}}}")
    assert (asked.is_mutation, asked.root) == (False, "post")
    assert set(asked.selection.fields) == {"id", "metadata"}
    assert asked.selection.asks_for("boards")
    assert not asked.selection.asks_for("metrics")
    with pytest.raises(Unreadable):
        read("query Q" + "{a" * 40)
