"""Slack: the very words arrive, a refusal under a good status is a refusal, and who signed is known."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.hooks import Call, Verified
from collector.hooks import slack as at_the_edge
from connectors import errors, slack_words
from connectors.access_tokens import Issued, issue
from connectors.answers import Answer
from connectors.face import Channel, Wire
from connectors.publishing import FoundPlace, Network, Post, Published
from connectors.retries import Patience
from connectors.sandbox import CREDENTIALS, endpoint
from connectors.sandbox import slack as stand_in
from connectors.slack import MOST_PAGES, Slack
from connectors.slack_refusals import heard, taken
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

ROOM, PRIVATE = "C0123ABCDE", "G0456FGHIJ"
SINCE = datetime(2026, 10, 15, 12, tzinfo=UTC)
TYPED = {"access_token": "xoxb-typed"}

Said = tuple[int, bytes]


def said(body: Any, status: int = 200) -> Said:
    return status, json.dumps(body).encode()


US = said({"ok": True, "url": "https://shop.slack.com/", "user_id": "U1", "bot_id": "B1"})
POSTED = said({"ok": True, "channel": ROOM, "ts": "1791000000.000100"})


def slack(sandbox: Sandbox, **changed: str) -> Slack:
    opened = sandbox.connector(Channel.SLACK, http=None, **changed)
    assert isinstance(opened, Slack)
    return opened


@contextmanager
def overheard(wire: Wire) -> Iterator[list[httpx.Request]]:
    asked: list[httpx.Request] = []
    wire.http.event_hooks = {"request": [asked.append]}
    yield asked
    wire.http.event_hooks = {}


def posted(sandbox: Sandbox) -> list[str]:
    return [str(each["text"]) for each in sandbox.accepted(Channel.SLACK)]


def test_a_message_is_written_as_documented():
    with answering(US, POSTED) as wire, overheard(wire) as asked:
        post = Post(text="Up to 50 % & <more>", link="https://shop.example/?a=1&b=2")
        told = Slack.connect(TYPED, wire).publish(ROOM, Network.SLACK, post)
    assert told == Published(
        id="1791000000.000100", url="https://shop.slack.com/archives/C0123ABCDE/p1791000000000100"
    )
    request = asked[-1]
    assert request.url.path == "/chat.postMessage"
    assert request.headers["authorization"] == "Bearer xoxb-typed"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(request.content) == {
        "channel": ROOM,
        "text": "Up to 50 % &amp; &lt;more&gt;\nhttps://shop.example/?a=1&amp;b=2",
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


@pytest.mark.parametrize("room", [ROOM, PRIVATE])
@pytest.mark.parametrize(
    "words",
    [
        "<!channel> come all",
        "<@U0123HUMAN> and <#C0123ABCDE>",
        "*bold* _and_ `code`",
        "&lt;!here&gt; &amp; more",
    ],
)
def test_nobody_is_called_and_nothing_is_formatted(sandbox: Sandbox, room: str, words: str):
    slack(sandbox).publish(room, Network.SLACK, Post(text=words))
    assert posted(sandbox) == [words]


@given(st.text(st.characters(codec="utf-8")))
def test_whatever_the_words_they_are_known_again(words: str):
    written = slack_words.written(words)
    assert "<" not in written
    assert ">" not in written
    assert slack_words.are_the_same(words, written)


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("New coats 🧥", "New coats :coat:"),
        ("👋🏽 Hello", ":wave::skin-tone-4: Hello"),
        ("1️⃣ wool, 🇩🇪", ":one: wool, :flag-de:"),
        ("See https://shop.example/?a=1&b=2", "See <https://shop.example/?a=1&amp;b=2>"),
        ("See shop.example now", "See <http://shop.example|shop.example> now"),
        ("Write to ann@shop.example", "Write to <mailto:ann@shop.example|ann@shop.example>"),
        ("2 < 3 & so on ", "2 &lt; 3 &amp; so on"),
        ("At 10:30:45 sharp", "At 10:30:45 sharp"),
    ],
)
def test_words_are_known_in_the_form_in_which_slack_keeps_them(words: str, kept: str):
    assert slack_words.are_the_same(words, kept)
    assert not slack_words.are_the_same(words, f"{kept} today")
    assert not slack_words.are_the_same(f"{words} today", kept)


def test_a_lost_message_with_emoji_and_a_link_is_found(sandbox: Sandbox):
    post = Post(
        text="Frost ❄ & <wool> 🧥", link="https://shop.example/coats?utm_source=slack&utm_medium=chat"
    )
    sandbox.http.event_hooks = {"request": [lambda request: lose(sandbox, request)]}
    with pytest.raises(errors.UnknownOutcome):
        slack(sandbox).publish(ROOM, Network.SLACK, post)
    sandbox.http.event_hooks = {}
    found = slack(sandbox).published_since(ROOM, Network.SLACK, post, sandbox.now)
    assert found is not None
    assert found.id == sandbox.accepted(Channel.SLACK)[0]["id"]
    assert slack(sandbox).published_since(PRIVATE, Network.SLACK, post, sandbox.now) is None


def lose(sandbox: Sandbox, request: httpx.Request) -> None:
    if request.url.path.endswith("chat.postMessage"):
        sandbox.order(Channel.SLACK, "accepted_then_silent")


def test_the_same_words_of_somebody_else_are_not_ours():
    theirs = {"type": "message", "user": "U2", "text": "Coats", "ts": "1791000002.000100", "bot_id": None}
    joined = {
        "type": "message",
        "subtype": "channel_join",
        "user": "U1",
        "text": None,
        "ts": "1791000003.0001",
    }
    ours = {
        "type": "message",
        "subtype": "bot_message",
        "bot_id": "B1",
        "text": "Coats",
        "ts": "1791000001.000100",
    }
    for messages, found in (([joined, theirs], None), ([joined, theirs, ours], "1791000001.000100")):
        with answering(US, said({"ok": True, "messages": messages})) as wire, overheard(wire) as asked:
            told = Slack.connect(TYPED, wire).published_since(ROOM, Network.SLACK, Post(text="Coats"), SINCE)
        assert (told and told.id) == found
        assert asked[-1].method == "GET"
        asks = dict(parse_qsl(asked[-1].url.query.decode()))
        assert asks == {
            "channel": ROOM,
            "oldest": f"{SINCE.timestamp():.6f}",
            "inclusive": "true",
            "limit": "200",
        }


def test_long_histories_are_looked_through(sandbox: Sandbox):
    writer = slack(sandbox)
    first = writer.publish(ROOM, Network.SLACK, Post(text="First"))
    for number in range(sandbox.page_rows + 2):
        writer.publish(ROOM, Network.SLACK, Post(text=f"Later {number}"))
    assert writer.published_since(ROOM, Network.SLACK, Post(text="First"), sandbox.now) == first
    late = sandbox.now + timedelta(seconds=1)
    assert writer.published_since(ROOM, Network.SLACK, Post(text="First"), late) is None


def test_rooms_are_those_the_bot_is_in(sandbox: Sandbox):
    assert slack(sandbox).places() == [
        FoundPlace(id=ROOM, name="marketing", network=Network.SLACK),
        FoundPlace(id=PRIVATE, name="autumn-launch", network=Network.SLACK),
    ]
    assert sandbox.requests(Channel.SLACK) == 2, "the first page was full of archived rooms"


def test_a_room_whose_id_is_none_is_not_shown():
    rooms = [{"id": "C1AB", "name": "ok"}, {"id": "../x", "name": "x"}, {"id": "D1AB", "name": "a person"}]
    with answering(said({"ok": True, "channels": rooms})) as wire:
        assert [place.id for place in Slack.connect(TYPED, wire).places()] == ["C1AB"]


def test_pages_that_lead_nowhere_end():
    page = said({"ok": True, "channels": [], "response_metadata": {"next_cursor": "again"}})
    with answering(page) as wire, overheard(wire) as asked, pytest.raises(errors.TooMuchData):
        Slack.connect(TYPED, wire).places()
    assert len(asked) == MOST_PAGES


@pytest.mark.parametrize(
    ("post", "field"),
    [
        (Post(text=" \n"), "text"),
        (Post(text="a" * 39_990, link="https://shop.example/"), "text"),
        (Post(text="&" * 8_001), "text"),
        (Post(text="Coats", image="https://shop.example/coat.jpg"), "image"),
    ],
)
def test_what_has_no_form_is_refused_before_anybody_is_asked(sandbox: Sandbox, post: Post, field: str):
    with pytest.raises(errors.Invalid) as refused:
        slack(sandbox).publish(ROOM, Network.SLACK, post)
    assert refused.value.field == field
    assert sandbox.requests(Channel.SLACK) == 0


def test_another_network_is_not_carried(sandbox: Sandbox):
    with pytest.raises(errors.Invalid):
        slack(sandbox).publish(ROOM, Network.FACEBOOK, Post(text="Coats"))


def answered(body: Any, status: int = 200, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, httpx.Headers(headers), raw)


@pytest.mark.parametrize(
    ("error", "read", "write"),
    [
        ("token_expired", errors.AuthExpired, errors.AuthExpired),
        ("invalid_auth", errors.AuthRevoked, errors.AuthRevoked),
        ("not_authed", errors.AuthRevoked, errors.AuthRevoked),
        ("token_revoked", errors.AuthRevoked, errors.AuthRevoked),
        ("account_inactive", errors.AuthRevoked, errors.AuthRevoked),
        ("missing_scope", errors.Forbidden, errors.Forbidden),
        ("not_in_channel", errors.Forbidden, errors.Forbidden),
        ("restricted_action_read_only_channel", errors.Forbidden, errors.Forbidden),
        ("channel_not_found", errors.Invalid, errors.Invalid),
        ("is_archived", errors.Invalid, errors.Invalid),
        ("msg_too_long", errors.Invalid, errors.Invalid),
        ("no_text", errors.Invalid, errors.Invalid),
        ("something_new", errors.Invalid, errors.Invalid),
        ("ratelimited", errors.RateLimited, errors.RateLimited),
        ("service_unavailable", errors.Transient, errors.Transient),
        ("internal_error", errors.Transient, errors.UnknownOutcome),
        ("fatal_error", errors.Transient, errors.UnknownOutcome),
    ],
)
def test_a_refusal_under_a_good_status_is_a_refusal(
    error: str, read: type[errors.ChannelError], write: type[errors.ChannelError]
):
    answer = answered({"ok": False, "error": error})
    with pytest.raises(errors.ChannelError) as asked:
        heard(answer, where="Slack")
    with pytest.raises(errors.ChannelError) as told:
        taken(answer, where="Slack")
    assert (type(asked.value), asked.value.code) == (read, error)
    assert (type(told.value), told.value.code) == (write, error)


@pytest.mark.parametrize(
    ("answer", "read", "write"),
    [
        (answered(b"<html>", 502), errors.Transient, errors.UnknownOutcome),
        (answered(b"", 503), errors.Transient, errors.Transient),
        (answered(b'{"ok": tr'), errors.Transient, errors.UnknownOutcome),
        (answered([]), errors.UnexpectedAnswer, errors.UnknownOutcome),
        (answered({"yes": True}), errors.UnexpectedAnswer, errors.UnknownOutcome),
        (answered(b"[" * 100_000), errors.UnexpectedAnswer, errors.UnknownOutcome),
    ],
)
def test_an_answer_that_is_none_says_nothing_of_a_message(
    answer: Answer, read: type[errors.ChannelError], write: type[errors.ChannelError]
):
    with pytest.raises(read):
        heard(answer, where="Slack")
    with pytest.raises(write):
        taken(answer, where="Slack")


def test_a_limit_says_how_long_to_wait():
    answer = answered({"ok": False, "error": "ratelimited"}, 429, **{"retry-after": "30"})
    for judge in (heard, taken):
        with pytest.raises(errors.RateLimited) as limited:
            judge(answer, where="Slack")
        assert limited.value.retry_after == 30


def test_a_missing_scope_is_named():
    with pytest.raises(errors.Forbidden, match="lacks the scope groups:history"):
        heard(answered({"ok": False, "error": "missing_scope", "needed": "groups:history"}), where="Slack")


def test_a_warning_is_no_refusal():
    warned = {"ok": True, "ts": "1.1", "warning": "missing_charset", "error": "none"}
    assert heard(answered(warned), where="Slack") == taken(answered(warned), where="Slack") == warned


@pytest.mark.parametrize("body", [{"ok": True}, {"ok": True, "ts": "../x"}, {"ok": True, "ts": 7}])
def test_what_was_accepted_without_a_name_is_looked_up(body: Any):
    with answering(US, said(body)) as wire, pytest.raises(errors.UnknownOutcome, match="accepted"):
        Slack.connect(TYPED, wire).publish(ROOM, Network.SLACK, Post(text="Coats"))


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)//", "https://shop.slack.com/x y", "http://shop.slack.com/", ""]
)
def test_an_address_of_the_workspace_that_is_none_leads_nowhere(url: str):
    with answering(said({"ok": True, "user_id": "U1", "url": url}), POSTED) as wire:
        assert Slack.connect(TYPED, wire).publish(ROOM, Network.SLACK, Post(text="Coats")).url == ""


def test_a_token_that_ran_out_is_renewed_and_the_message_sent_once(sandbox: Sandbox):
    opened = slack(sandbox)
    opened.places()
    sandbox.order(Channel.SLACK, "expired_token")
    opened.publish(ROOM, Network.SLACK, Post(text="Coats"))
    assert posted(sandbox) == ["Coats"]
    [renewed] = sandbox.renewals
    assert renewed["refresh_token"] != CREDENTIALS[Channel.SLACK]["refresh_token"], "each holds once"
    assert renewed["expires_at"] == int(sandbox.now.timestamp()) + 12 * 3600


def test_a_typed_token_that_does_not_hold_is_told_and_not_shown(sandbox: Sandbox):
    with pytest.raises(errors.AuthRevoked) as revoked:
        slack(sandbox, access_token="made-up-token", refresh_token="").places()
    assert "made-up-token" not in repr(revoked.value)


@pytest.mark.parametrize("token", ["two words", "new\nline", "Ü", "x" * 4_001])
def test_a_token_that_is_none_is_refused_without_being_repeated(token: str):
    with httpx.Client() as http, pytest.raises(errors.Invalid) as refused:
        Slack.connect({"access_token": token}, Wire(http=http))
    assert refused.value.field == "access_token"
    assert token not in str(refused.value)


def test_no_secret_is_shown():
    with httpx.Client() as http:
        opened = Slack.connect(CREDENTIALS[Channel.SLACK], Wire(http=http))
    shown = repr(opened) + repr(vars(opened)["_access"]) + repr(vars(vars(opened)["_access"]))
    secrets = [secret for name, secret in CREDENTIALS[Channel.SLACK].items() if name != "client_id"]
    assert not any(secret in shown for secret in secrets)


BACK = "http://127.0.0.1:8000/back"
VERIFIER = "a-verifier-that-nobody-guesses-0123456789-abcdefg"


def consented(sandbox: Sandbox) -> str:
    assert Slack.consent is not None
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    asked = {
        "client_id": "sandbox-client",
        "response_type": "code",
        "redirect_uri": BACK,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **Slack.consent.asked_with,
    }
    address = endpoint(Channel.SLACK, sandbox.address).authorize_url
    answer = sandbox.http.post(address, data={**asked, "decision": "allow"})
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def exchanged(sandbox: Sandbox, code: str, **changed: str) -> Issued:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "client_id": "sandbox-client",
        "client_secret": CREDENTIALS[Channel.SLACK]["client_secret"],
        **changed,
    }
    wire = Wire(http=sandbox.http, patience=Patience(attempts=1))
    return issue(wire, endpoint(Channel.SLACK, sandbox.address).token_url, form, where="Slack sign-in")


def test_a_consent_becomes_a_token_that_opens_the_rooms(sandbox: Sandbox):
    issued = exchanged(sandbox, consented(sandbox))
    assert issued.scope == "chat:write,channels:read,groups:read,channels:history,groups:history"
    assert issued.expires_in == 12 * 3600
    assert len(slack(sandbox, access_token=issued.access_token).places()) == 2


def test_a_code_that_is_refused_under_a_good_status_is_refused(sandbox: Sandbox):
    code = consented(sandbox)
    exchanged(sandbox, code)
    with pytest.raises(errors.AuthRevoked, match="invalid code") as refused:
        exchanged(sandbox, code)
    assert refused.value.code == "invalid_code"
    with pytest.raises(errors.AuthRevoked, match="bad client secret"):
        exchanged(sandbox, consented(sandbox), client_secret="x")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("invalid_refresh_token", errors.AuthRevoked),
        ("internal_error", errors.Transient),
        ("ratelimited", errors.RateLimited),
    ],
)
def test_what_breaks_down_at_the_sign_in_is_no_refusal(error: str, kind: type[errors.ChannelError]):
    expired = {**CREDENTIALS[Channel.SLACK], "access_token": ""}
    with answering(said({"ok": False, "error": error})) as wire, pytest.raises(kind):
        Slack.connect(expired, wire).places()


def test_the_answer_to_a_consent_is_read_as_documented():
    documented = {
        "ok": True,
        "access_token": "xoxb-17653672481",
        "token_type": "bot",
        "scope": "chat:write,channels:read",
        "bot_user_id": "U0KRQLJ9H",
        "app_id": "A0KRD7HC3",
        "team": {"name": "Shop", "id": "T9TK3CUKW"},
        "enterprise": None,
        "authed_user": {"id": "U1234", "scope": "", "token_type": "user"},
    }
    with answering(said(documented)) as wire:
        issued = issue(wire, wire.endpoint.token_url, {}, where="Slack sign-in")
    assert (issued.access_token, issued.refresh_token, issued.expires_in) == ("xoxb-17653672481", None, 0)
    assert issued.beside({"client_id": "1"}, 0)["expires_at"] == 0, "it does not expire"


AT, BODY = 1_791_000_000, b"payload=%7B%22type%22%3A%22block_actions%22%7D"


def test_the_edge_takes_what_the_stand_in_signs():
    given = {name.encode(): value.encode() for name, value in stand_in.signed(BODY, AT).items()}
    assert at_the_edge.verify(Call(given, {}, BODY, AT * 1000), stand_in.SIGNING_SECRET) == Verified()


def test_the_stand_in_takes_no_message_from_strangers(sandbox: Sandbox):
    address = f"{sandbox.address}/slack/chat.postMessage"
    stranger = sandbox.http.post(address, json={"channel": ROOM, "text": "x"})
    assert (stranger.status_code, stranger.json()) == (200, {"ok": False, "error": "invalid_auth"})
    known = {"authorization": f"Bearer {CREDENTIALS[Channel.SLACK]['access_token']}"}
    for body, error in (
        ({"channel": "C9", "text": "x"}, "channel_not_found"),
        ({"channel": "C0000OLDIE", "text": "x"}, "is_archived"),
        ({"channel": ROOM, "text": " "}, "no_text"),
        ({"channel": ROOM, "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": ROOM, "text": 7}, "invalid_arguments"),
    ):
        assert sandbox.http.post(address, json=body, headers=known).json() == {"ok": False, "error": error}
    warned = sandbox.http.post(address, json={"channel": ROOM, "text": "x"}, headers=known).json()
    assert warned["warning"] == "missing_charset"
