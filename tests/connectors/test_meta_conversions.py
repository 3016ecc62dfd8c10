"""Conversions in Meta's own words: what goes over the wire, and what each of its answers means."""

import json
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from connectors.conversions import ActionSource, ConsentStatus, Conversion, Reported
from connectors.errors import ChannelError, Forbidden, Invalid, UnknownOutcome
from connectors.face import Channel, Wire
from connectors.meta import Meta
from connectors.sandbox import endpoint
from connectors.sandbox.meta import CREDENTIALS
from tests.connectors.answering import answering
from tests.connectors.orders import BOUGHT, CLICKED, HASH, ORDER
from tests.connectors.running_sandbox import NOON, Sandbox

ACCOUNT, PIXEL = "555000111", "885550001110"


def opened(sandbox: Sandbox) -> Meta:
    meta = sandbox.connector(Channel.META)
    assert isinstance(meta, Meta)
    return meta


def test_it_is_told_as_meta_documents_it():
    with answering((200, b'{"events_received":1,"messages":[],"fbtrace_id":"A"}')) as wire:
        asked: list[httpx.Request] = []
        wire.http.event_hooks = {"request": [asked.append]}
        meta = Meta.connect(CREDENTIALS, replace(wire, clock=lambda: NOON))
        assert meta.report_conversions(f"act_{ACCOUNT}", PIXEL, [ORDER]) == Reported(1)
    [request] = asked
    form = httpx.QueryParams(request.content.decode())
    assert request.url.path == f"/v0/{PIXEL}/events"
    assert set(form) == {"data", "appsecret_proof"}
    assert CREDENTIALS["access_token"] not in str(request.url)
    assert json.loads(form["data"]) == [
        {
            "event_id": "order-1001",
            "event_name": "Purchase",
            "event_time": int(BOUGHT.timestamp()),
            "action_source": "website",
            "event_source_url": "https://shop.example/thanks?order=1001",
            "user_data": {
                "fbc": f"fb.1.{int(CLICKED.timestamp())}000.IwAR3nqz-x_aem_9",
                "em": [HASH],
                "client_user_agent": ORDER.user_agent,
            },
            "custom_data": {"order_id": "order-1001", "value": 25.5, "currency": "EUR"},
        }
    ]


def test_moments_are_whole_seconds_and_milliseconds(sandbox: Sandbox):
    clicked = CLICKED.replace(microsecond=123_999)
    told = replace(ORDER, clicked_at=clicked, at=BOUGHT.replace(microsecond=999_999))
    opened(sandbox).report_conversions(ACCOUNT, PIXEL, [told])
    [kept] = sandbox.accepted(Channel.META)
    assert kept["at"] == int(BOUGHT.timestamp())
    assert kept["click"] == f"fb.1.{int(CLICKED.timestamp())}123.{ORDER.fbclid}"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"ad_personalization": ConsentStatus.DENIED}, "ad_personalization"),
        ({"ad_user_data": ConsentStatus.DENIED}, "ad_user_data"),
        ({"fbclid": "", "hashed_email": ""}, "fbclid"),
        ({"clicked_at": None}, "clicked_at"),
        ({"source_url": ""}, "source_url"),
        ({"user_agent": ""}, "user_agent"),
        ({"value_micros": None, "currency": ""}, "value_micros"),
        ({"at": NOON - timedelta(days=7, seconds=1), "clicked_at": None, "fbclid": ""}, "at"),
    ],
)
def test_what_meta_would_not_take_or_nobody_consented_to_goes_nowhere(
    sandbox: Sandbox, changed: dict[str, object], field: str
):
    told = replace(ORDER, **changed)  # pyright: ignore[reportArgumentType]
    with pytest.raises(Invalid) as refused:
        opened(sandbox).require_reportable(told)
    assert refused.value.field == field
    with pytest.raises(Invalid) as refused:
        opened(sandbox).report_conversions(ACCOUNT, PIXEL, [replace(ORDER, id="1"), told])
    assert refused.value.field == f"conversions[1].{field}"
    assert sandbox.requests(Channel.META) == 0


@pytest.mark.parametrize("source", [each for each in ActionSource if each is not ActionSource.WEBSITE])
def test_away_from_a_website_no_browser_is_asked_for(sandbox: Sandbox, source: ActionSource):
    told = replace(ORDER, action_source=source, source_url="", user_agent="")
    assert opened(sandbox).report_conversions(ACCOUNT, PIXEL, [told]) == Reported(1)
    assert sandbox.accepted(Channel.META)[0]["action_source"] == source


def test_one_that_meta_refuses_takes_all_with_it(sandbox: Sandbox):
    """Meta's clock goes before ours, so that what is just young enough here is too old there."""
    told = replace(ORDER, id="2", at=NOON - timedelta(days=7), fbclid="", clicked_at=None)
    wire = Wire(http=sandbox.http, endpoint=endpoint(Channel.META, sandbox.address), clock=lambda: NOON)
    sandbox.now = NOON + timedelta(minutes=1)
    with pytest.raises(Invalid) as refused:
        Meta.connect(CREDENTIALS, wire).report_conversions(ACCOUNT, PIXEL, [ORDER, told])
    assert refused.value.code == "100/2804003"
    assert sandbox.accepted(Channel.META) == []


@pytest.mark.parametrize(("source", "counted"), [(ActionSource.WEBSITE, 2), (ActionSource.PHYSICAL_STORE, 1)])
def test_a_copy_is_promised_to_count_once_of_shops_alone(
    sandbox: Sandbox, source: ActionSource, counted: int
):
    told = replace(ORDER, action_source=source)
    for _ in range(2):
        assert opened(sandbox).report_conversions(ACCOUNT, PIXEL, [told]) == Reported(1)
    assert opened(sandbox).repeat_is_harmless(told) == (counted == 1)
    assert [each["id"] for each in sandbox.accepted(Channel.META)] == ["order-1001"] * counted


def test_checking_reads_the_pixel_and_tells_nothing(sandbox: Sandbox):
    assert opened(sandbox).check_conversions(ACCOUNT, PIXEL, [ORDER]) == Reported(1)
    with pytest.raises(Invalid):
        opened(sandbox).check_conversions(ACCOUNT, "12345", [ORDER])
    counted = sandbox.http.get(f"{sandbox.address}/_sandbox/requests").json()[Channel.META]
    assert all(request.startswith("GET ") for request in counted)


def test_a_pixel_that_is_closed_takes_nothing():
    with answering((200, b'{"id":"1","name":"Old","is_unavailable":true}')) as wire:
        meta = Meta.connect(CREDENTIALS, replace(wire, clock=lambda: NOON))
        with pytest.raises(Invalid) as refused:
            meta.check_conversions(ACCOUNT, "1", [ORDER])
    assert refused.value.field == "target"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b'{"events_received":1}', UnknownOutcome),
        (200, b'{"events_received":3}', UnknownOutcome),
        (200, b"{}", UnknownOutcome),
        (200, b"[]", UnknownOutcome),
        (200, b'{"events_received":', UnknownOutcome),
        (400, b'{"error":{"code":2,"is_transient":true}}', UnknownOutcome),
        (400, b'{"error":{"code":100,"error_subcode":2804003,"message":"Invalid parameter"}}', Invalid),
        (403, b'{"error":{"code":200,"message":"(#200) Provide valid permission"}}', Forbidden),
    ],
)
def test_what_an_answer_means(status: int, body: bytes, kind: type[ChannelError]):
    with answering((status, body)) as wire:
        asked: list[httpx.Request] = []
        wire.http.event_hooks = {"request": [asked.append]}
        meta = Meta.connect(CREDENTIALS, replace(wire, clock=lambda: NOON))
        with pytest.raises(kind):
            meta.report_conversions(ACCOUNT, PIXEL, [ORDER, replace(ORDER, id="2")])
    assert len(asked) == 1


def test_the_sandbox_takes_nothing_that_meta_would_not(sandbox: Sandbox):
    """Told past the connector, which would not let it out."""
    good = {
        "event_name": "Lead",
        "event_time": int(BOUGHT.timestamp()),
        "action_source": "email",
        "user_data": {"em": [HASH]},
    }

    def told(*events: object, token: str = CREDENTIALS["access_token"], pixel: str = PIXEL) -> httpx.Response:
        return sandbox.http.post(
            f"{sandbox.address}/meta/v26.0/{pixel}/events",
            headers={"authorization": f"Bearer {token}"},
            data={"data": json.dumps(events)},
        )

    long_ago = int((NOON - timedelta(days=8)).timestamp())
    for wrong in (
        {"event_time": str(good["event_time"])},
        {"event_time": long_ago},
        {"event_time": int(NOON.timestamp()) + 60},
        {"user_data": {}},
        {"user_data": {"em": ["anna@example.com"]}},
        {"user_data": {"em": [HASH + "\n"]}},
        {"user_data": {"fbc": "IwAR3"}},
        {"action_source": "web"},
        {"action_source": "website"},
        {"event_name": "Purchase"},
        {"event_name": ""},
        {"custom_data": {"value": "a lot", "currency": "EUR"}},
        {"custom_data": {"value": 1, "currency": "euro"}},
    ):
        assert told(good, {**good, **wrong}).status_code == 400, wrong
    assert told().status_code == 400
    assert told(*[good] * 1001).status_code == 400
    assert told(good, token="made-up").status_code == 400
    assert told(good, token="sandbox-meta-page-token-333000111").status_code == 403
    assert told(good, pixel="12345").status_code == 400
    assert sandbox.accepted(Channel.META) == []
    assert told(good).json()["events_received"] == 1


def test_a_conversion_carries_only_what_was_given(sandbox: Sandbox):
    little = Conversion(
        id="call-1",
        name="Lead",
        at=BOUGHT,
        ad_user_data=ConsentStatus.GRANTED,
        ad_personalization=ConsentStatus.GRANTED,
        action_source=ActionSource.PHONE_CALL,
        hashed_email=HASH,
    )
    opened(sandbox).report_conversions(ACCOUNT, PIXEL, [little])
    [kept] = sandbox.accepted(Channel.META)
    assert (kept["click"], kept["user_agent"], kept["source_url"], kept["value"]) == ("", "", "", None)
