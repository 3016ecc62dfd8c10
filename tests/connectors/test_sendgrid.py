"""Mail over SendGrid: what was signed arrives as it was signed, once, and every answer is taken for what it is."""

import base64
import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE_FORM
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import mail_sender, public_network
from connectors.errors import (
    AuthRevoked,
    ChannelError,
    Forbidden,
    Invalid,
    QuotaExhausted,
    RateLimited,
    Transient,
    UnknownOutcome,
)
from connectors.face import Channel, Endpoint, OutgoingMail, SendOutcome, SendsMail, Wire
from connectors.sandbox.sendgrid import CREDENTIALS, LARGEST_BODY
from connectors.sendgrid import SendGrid, SendGridCredentials
from connectors.sendgrid_mail import request_for
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

KEY = CREDENTIALS["api_key"]
MESSAGE_ID = "<7f3a2c@mail.example.org>"
WAY_OUT = "https://t.example.org/u/token"
TEXT = "Grüße aus dem Wald 🌲,\n\n.\n-name- {{ name }} %name% [name]\nFrom here on: 100 %\n"
HTML = "<p>Grüße <a href='https://t.example.org/r/frost'>aus dem Wald</a> 🌲</p>\n"
SEVEN_BITS = WIRE_FORM.clone(cte_type="7bit", max_line_length=998)


def letter(text: str = TEXT, html: str = HTML, **headers: object) -> EmailMessage:
    written = EmailMessage(policy=SEVEN_BITS)
    said: dict[str, object] = {
        "From": Address("Müller, Söhne & Co", addr_spec="news@example.org"),
        "To": "anna@example.com",
        "Subject": "Der erste Frost, „endlich“ ❄",
        "Date": "Thu, 15 Oct 2026 12:00:00 +0000",
        "Message-ID": MESSAGE_ID,
        "List-Unsubscribe": f"<{WAY_OUT}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    for name, value in said.items():
        if value is not None:
            written[name] = value
    if text:
        written.set_content(text)
    if html:
        (written.add_alternative if text else written.set_content)(html, subtype="html")
    return written


def outgoing(written: EmailMessage | bytes, recipient: str = "anna@example.com") -> OutgoingMail:
    raw = written if isinstance(written, bytes) else written.as_bytes()
    return OutgoingMail(sender="news@example.org", recipient=recipient, message_id=MESSAGE_ID, raw=raw)


@pytest.fixture
def sender(sandbox: Sandbox) -> SendsMail:
    return sandbox.sender(Channel.SENDGRID)


def accepted(sandbox: Sandbox) -> dict[str, Any]:
    """The one mail that was accepted."""
    [mail] = sandbox.accepted(Channel.SENDGRID)
    return mail["mail"]


def test_what_was_signed_arrives_as_it_was_signed(sandbox: Sandbox, sender: SendsMail):
    outcome = sender.send(
        outgoing(letter(Auto_Submitted="auto-generated", Reply_To="Anna <a@example.org>, b@example.org"))
    )
    assert accepted(sandbox) == {
        "personalizations": [
            {"to": [{"email": "anna@example.com"}], "custom_args": {"mp_message_id": MESSAGE_ID}}
        ],
        "from": {"email": "news@example.org", "name": "Müller, Söhne & Co"},
        "reply_to_list": [{"email": "a@example.org", "name": "Anna"}, {"email": "b@example.org"}],
        "subject": "Der erste Frost, „endlich“ ❄",
        "headers": {
            "Message-ID": MESSAGE_ID,
            "List-Unsubscribe": f"<{WAY_OUT}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
        "content": [{"type": "text/plain", "value": TEXT}, {"type": "text/html", "value": HTML}],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False},
            "ganalytics": {"enable": False},
        },
        "mail_settings": {"footer": {"enable": False}},
    }
    [kept] = sandbox.accepted(Channel.SENDGRID)
    assert outcome == SendOutcome(
        message_id=MESSAGE_ID,
        recipient="anna@example.com",
        code=202,
        response=f"accepted as {kept['id']}",
    )


@pytest.mark.parametrize(
    ("text", "html", "types"),
    [(TEXT, "", ["text/plain"]), ("", HTML, ["text/html"]), (TEXT, HTML, ["text/plain", "text/html"])],
)
def test_a_mail_has_one_form_or_two(
    sandbox: Sandbox, sender: SendsMail, text: str, html: str, types: list[str]
):
    sender.send(outgoing(letter(text, html)))
    content = accepted(sandbox)["content"]
    assert [part["type"] for part in content] == types
    assert [part["value"] for part in content] == [words for words in (text, html) if words]


def test_what_is_attached_arrives_whole(sandbox: Sandbox, sender: SendsMail):
    every_byte = bytes(range(256)) * 300
    written = letter()
    written.add_attachment(every_byte, maintype="application", subtype="pdf", filename="Größen & Preise.pdf")
    written.add_attachment(b"a;b\r\n", maintype="text", subtype="csv", filename="list.csv")
    sender.send(outgoing(written))
    mail = accepted(sandbox)
    assert [part["type"] for part in mail["content"]] == ["text/plain", "text/html"]
    attached = [(it["filename"], it["type"], base64.b64decode(it["content"])) for it in mail["attachments"]]
    assert attached == [
        ("Größen & Preise.pdf", "application/pdf", every_byte),
        ("list.csv", "text/csv", b"a;b\r\n"),
    ]


@pytest.mark.parametrize("cte", ["7bit", "quoted-printable", "base64", "8bit"])
def test_words_arrive_however_they_were_encoded(cte: str):
    written = EmailMessage(policy=WIRE_FORM)
    for name, value in letter().items():
        if name.lower() not in {"content-type", "mime-version", "content-transfer-encoding"}:
            written[name] = value
    words = "plain words\n" if cte == "7bit" else "Grüße\n"
    written.set_content(words, cte=cte)
    assert request_for(outgoing(written))["content"] == [{"type": "text/plain", "value": words}]


# What a payload may hold: no control characters, and in a subject nothing that ends a line.
CHARACTERS = st.characters(exclude_categories=["Cc", "Cs"])
LINES = st.lists(st.text(CHARACTERS, max_size=200), min_size=1, max_size=6)
SUBJECTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=120)


@given(LINES)
def test_any_words_arrive(lines: list[str]):
    words = "".join(f"{line}\n" for line in ["x", *lines])
    asked = request_for(outgoing(letter(words, "")))
    assert asked["content"][0]["value"] == words


@given(SUBJECTS.filter(lambda words: words.strip() == words))
def test_any_subject_arrives(subject: str):
    assert request_for(outgoing(letter(Subject=subject)))["subject"] == subject


def test_a_long_header_arrives_in_one_line():
    address = f"https://t.example.org/u/{'x' * 400}"
    folded = (
        letter(List_Unsubscribe=None)
        .as_bytes()
        .replace(
            b"Message-ID:",
            f"List-Unsubscribe:\r\n <{address}>,\r\n\t<mailto:out@example.org>\r\nMessage-ID:".encode(),
        )
    )
    headers = request_for(outgoing(folded))["headers"]
    assert headers["List-Unsubscribe"] == f"<{address}>,\t<mailto:out@example.org>"


def with_calendar() -> EmailMessage:
    written = letter()
    written.add_alternative("BEGIN:VCALENDAR", subtype="calendar")
    return written


def with_picture() -> EmailMessage:
    written = letter(text="")
    written.add_related(b"png", maintype="image", subtype="png", cid="<picture>")
    return written


def with_html_first() -> EmailMessage:
    written = letter(text="")
    written.add_alternative("plain", subtype="plain")
    return written


def with_a_name_beyond_reading() -> bytes:
    written = letter()
    written.add_attachment(b"x", maintype="image", subtype="png", filename="ö.png")
    return written.as_bytes().replace(b"''%C3%B6.png", b"''%FF.png")


def without_its_end() -> bytes:
    return letter().as_bytes().rpartition(b"--===")[0]


def attaching(content: bytes | str, **about: Any) -> Callable[[], EmailMessage]:
    def written() -> EmailMessage:
        mail = letter()
        mail.add_attachment(content, **about)
        return mail

    return written


def replacing(old: bytes, new: bytes) -> Callable[[], bytes]:
    def raw() -> bytes:
        whole = letter(html="").as_bytes()
        assert old in whole
        return whole.replace(old, new, 1)

    return raw


PICTURE = {"maintype": "image", "subtype": "png"}


@pytest.mark.parametrize(
    ("written", "field"),
    [
        (with_calendar, "content"),
        (with_picture, "content"),
        (with_html_first, "content"),
        (attaching(b"x", **PICTURE), "attachments"),
        (attaching(b"x", **PICTURE, filename="a.png", disposition="inline"), "attachments"),
        (attaching(b"x", **PICTURE, filename="a.png", cid="<a>"), "attachments"),
        (attaching("Grüße", filename="a.txt"), "attachments"),
        (with_a_name_beyond_reading, "attachments"),
        (lambda: letter(To="anna@example.com, bob@example.com"), "to"),
        (lambda: letter(To="bob@example.com"), "to"),
        (lambda: letter(To=Address("Doe, Anna", addr_spec="anna@example.com")), "to"),
        (lambda: letter(To="Readers: anna@example.com;"), "to"),
        (lambda: letter(To=None), "to"),
        (lambda: letter(From="eve@example.org"), "from"),
        (lambda: letter(From="news@example.org, eve@example.org"), "from"),
        (lambda: letter(From=None), "from"),
        (lambda: letter(Subject=None), "subject"),
        (lambda: letter(Cc="bob@example.com"), "cc"),
        (lambda: letter(Bcc="bob@example.com"), "bcc"),
        (lambda: letter(Reply_To="Us: a@example.org;"), "reply-to"),
        (lambda: letter("<%asm_global_unsubscribe_raw_url%>"), "content"),
        (lambda: letter(html="<% asm_group_unsubscribe_url %>"), "content"),
        (replacing(b"List-Unsubscribe-Post", b"List-Unsubscribe"), "list-unsubscribe"),
        (replacing(b"List-Unsubscribe-Post", b"Subject"), "subject"),
        (replacing(b"List-Unsubscribe-Post", b"Content-Disposition"), "content-disposition"),
        (replacing(b"One-Click", "Größe".encode()), "headers"),
        (replacing(b'charset="utf-8"', b'charset="utf-8"; format=flowed'), "content"),
        (replacing(b'charset="utf-8"', b'charset="us-ascii"'), "content"),
        (replacing(b'charset="utf-8"', b'charset="klingon"'), "content"),
        (replacing(b"quoted-printable", b"base64"), "content"),
        (without_its_end, "content"),
        (replacing(b"text/plain;", b"multipart/mixed;"), "content"),
        (replacing(b"text/plain;", b"multipart/mixed; boundary=none;"), "content"),
        (replacing(b"=?utf-8?", b"=?klingon?"), "from"),
    ],
)
def test_what_sendgrid_has_no_form_for_is_refused_and_never_changed(
    written: Callable[[], EmailMessage | bytes], field: str
):
    with pytest.raises(Invalid, match="has no form for a mail with") as refused:
        request_for(outgoing(written()))
    assert refused.value.field == field


def test_what_is_refused_is_not_asked_for(sandbox: Sandbox, sender: SendsMail):
    with pytest.raises(Invalid):
        sender.send(outgoing(letter(Bcc="bob@example.com")))
    assert sandbox.requests(Channel.SENDGRID) == 0


@contextmanager
def told(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Iterator[SendsMail]:
    """A sender whose every message is answered with this."""

    def clock() -> datetime:
        return datetime.fromtimestamp(1_791_000_000, UTC)

    with answering((status, body), headers=headers) as wire:
        yield mail_sender(Channel.SENDGRID, CREDENTIALS, dataclasses.replace(wire, clock=clock))


def problem(message: str, field: str | None = None) -> bytes:
    return json.dumps({"errors": [{"message": message, "field": field, "help": None}]}).encode()


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (
            400,
            problem("Does not contain a valid address.", "from.email"),
            Invalid,
            "from.email: SendGrid: Does not",
        ),
        (401, problem("authorization required"), AuthRevoked, "authorization required"),
        (401, problem("Maximum credits exceeded"), QuotaExhausted, "credits"),
        (403, problem("no verified Sender Identity", "from"), Forbidden, "no verified Sender Identity"),
        (404, b"<html>nginx</html>", Forbidden, "is not at this address"),
        (405, problem("method not allowed"), Forbidden, "is not at this address"),
        (301, b"", Forbidden, "is not at this address"),
        (307, b"", Forbidden, "is not at this address"),
        (408, b"", UnknownOutcome, "HTTP 408"),
        (413, problem("content too large"), Invalid, "content too large"),
        (415, b"", Invalid, "HTTP 415"),
        (429, problem("too many requests"), RateLimited, "too many requests"),
        (500, problem("internal server error"), UnknownOutcome, "internal server error"),
        (502, b"<html>Bad gateway</html>", UnknownOutcome, "HTTP 502"),
        (503, b"", Transient, "HTTP 503"),
        (504, b"", UnknownOutcome, "HTTP 504"),
        (200, b"", UnknownOutcome, "no word of acceptance"),
        (204, b"", UnknownOutcome, "no word of acceptance"),
        (400, b'{"errors": [{"message": 7}]}', Invalid, "HTTP 400"),
        (400, b'{"errors": []}', Invalid, "HTTP 400"),
        (400, b"[" * 50_000, Invalid, "HTTP 400"),
        (400, b"\xff\xfe", Invalid, "HTTP 400"),
    ],
)
def test_an_answer_is_taken_for_what_it_is(status: int, body: bytes, error: type[ChannelError], said: str):
    with told(status, body) as sender, pytest.raises(ChannelError) as refused:
        sender.send(outgoing(letter()))
    assert type(refused.value) is error
    assert said in str(refused.value)
    assert refused.value.code == str(status)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_no_refusal_repeats_the_key(status: int):
    with told(status, problem(f"Bearer {KEY}?", KEY)) as sender, pytest.raises(ChannelError) as refused:
        sender.send(outgoing(letter()))
    assert "Bearer (the key)?" in str(refused.value)
    assert KEY not in f"{refused.value} {refused.value!r}"


@pytest.mark.parametrize(
    ("headers", "response"),
    [
        ({"x-message-id": "14c5d75ce93.dfd.64b469"}, "accepted as 14c5d75ce93.dfd.64b469"),
        ({"x-message-id": "x" * 5000}, "accepted"),
        ({"x-message-id": "<b>"}, "accepted"),
        ({"x-message-id": KEY}, "accepted"),
        ({}, "accepted"),
    ],
)
def test_what_is_accepted_is_accepted_by_whatever_id(headers: dict[str, str], response: str):
    with told(202, b"", headers) as sender:
        assert sender.send(outgoing(letter())).response == response


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-ratelimit-reset": "1791000042"}, 42.0),
        ({"x-ratelimit-reset": "1790999990"}, 0.0),
        ({"x-ratelimit-reset": "999999999999"}, None),
        ({"x-ratelimit-reset": "9" * 400}, None),
        ({"x-ratelimit-reset": "soon"}, None),
        ({"x-ratelimit-reset": "-5"}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "999999999"}, None),
        ({}, None),
    ],
)
def test_who_is_too_fast_waits_until_sendgrid_counts_anew(headers: dict[str, str], wait: float | None):
    with told(429, b"", headers) as sender, pytest.raises(RateLimited) as limited:
        sender.send(outgoing(letter()))
    assert limited.value.retry_after == wait


def test_a_lost_answer_may_hide_an_acceptance_and_nothing_is_sent_again(sandbox: Sandbox, sender: SendsMail):
    sandbox.order(Channel.SENDGRID, "accepted_then_silent")
    with pytest.raises(UnknownOutcome) as unknown:
        sender.send(outgoing(letter()))
    assert "never send it again unseen" in str(unknown.value)
    assert accepted(sandbox)["personalizations"][0]["custom_args"] == {"mp_message_id": MESSAGE_ID}
    assert sandbox.requests(Channel.SENDGRID) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("server_error", UnknownOutcome),
        ("rate_limited", RateLimited),
        ("expired_token", AuthRevoked),
        ("too_much_data", Invalid),
    ],
)
def test_whatever_goes_wrong_is_asked_for_once(
    sandbox: Sandbox, sender: SendsMail, fault: str, error: type[ChannelError]
):
    sandbox.order(Channel.SENDGRID, fault)
    with pytest.raises(error):
        sender.send(outgoing(letter()))
    assert sandbox.requests(Channel.SENDGRID) == 1
    assert sandbox.waits == []
    assert sandbox.accepted(Channel.SENDGRID) == []
    assert sender.send(outgoing(letter())).code == 202, "and the next message is another one"


def test_the_sandbox_says_when_it_counts_anew(sandbox: Sandbox, sender: SendsMail):
    sandbox.order(Channel.SENDGRID, "rate_limited", hint_seconds=90)
    with pytest.raises(RateLimited) as limited:
        sender.send(outgoing(letter()))
    assert limited.value.retry_after == 90


def test_who_thinks_too_long_leaves_the_outcome_unknown(sandbox: Sandbox):
    sandbox.order(Channel.SENDGRID, "slow", delay_seconds=1.5)
    with httpx.Client(timeout=0.3) as hasty:
        with pytest.raises(UnknownOutcome, match="too long"):
            sandbox.sender(Channel.SENDGRID, http=hasty).send(outgoing(letter()))
        assert sandbox.requests(Channel.SENDGRID) == 1


def test_in_production_nothing_inside_is_reached(sandbox: Sandbox):
    with (
        public_network.client(allow_private=False, user_agent="x", timeout=httpx.Timeout(2)) as http,
        pytest.raises(Forbidden, match="private"),
    ):
        sandbox.sender(Channel.SENDGRID, http=http).send(outgoing(letter()))
    assert sandbox.requests(Channel.SENDGRID) == 0


@contextmanager
def never_ending(status: int, pieces: Callable[[], Iterator[bytes]]) -> Iterator[Endpoint]:
    """A server whose answer goes on for as long as anybody listens."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.end_headers()
            try:
                for piece in pieces():
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:
                return

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Endpoint(base_url=f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def flood() -> Iterator[bytes]:
    while True:
        yield b" " * 65_536


def drip() -> Iterator[bytes]:
    while True:
        yield b" "
        time.sleep(0.05)


@pytest.mark.parametrize(("pieces", "error"), [(flood, Invalid), (drip, UnknownOutcome)])
def test_who_answers_for_ever_is_not_listened_to_for_ever(
    pieces: Callable[[], Iterator[bytes]], error: type[ChannelError]
):
    began = time.monotonic()
    with (
        never_ending(400, pieces) as endpoint,
        public_network.client(allow_private=True, user_agent="x", timeout=httpx.Timeout(5)) as http,
    ):
        wire = Wire(http=http, endpoint=endpoint)
        sender = SendGrid(SendGridCredentials(api_key=KEY), wire, longest_seconds=1.0)
        with pytest.raises(error):
            sender.send(outgoing(letter()))
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("key", ["", "SG.two words", "SG.line\nend", "SG.line\n", "Schlüssel", "x" * 501])
def test_a_key_is_checked_at_the_door_and_not_repeated(key: str):
    with httpx.Client() as http, pytest.raises(Invalid) as invalid:
        mail_sender(Channel.SENDGRID, {"api_key": key}, Wire(http=http))
    assert invalid.value.field == "api_key"
    assert not key or key not in str(invalid.value)


def test_the_key_does_not_show(sandbox: Sandbox, sender: SendsMail):
    assert KEY not in repr(SendGridCredentials(api_key=KEY)) + repr(sender)


def test_a_key_that_was_taken_away_is_said_to_be(sandbox: Sandbox):
    with pytest.raises(AuthRevoked, match="connect the account again") as revoked:
        sandbox.sender(Channel.SENDGRID, api_key="SG.old.key").send(outgoing(letter()))
    assert "SG.old.key" not in str(revoked.value)
    assert sandbox.accepted(Channel.SENDGRID) == []


def test_closing_it_leaves_the_connections_to_whoever_opened_them(sandbox: Sandbox, sender: SendsMail):
    sender.close()
    assert sandbox.requests(Channel.SENDGRID) == 0, "its client still works"


def good(**changed: object) -> dict[str, Any]:
    return {**request_for(outgoing(letter())), **changed}


def to(*addresses: str, **more: object) -> dict[str, Any]:
    return {"to": [{"email": address} for address in addresses], **more}


ATTACHED = {"content": "eA==", "filename": "x"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [to(f"a{n}@example.com") for n in range(1001)]}, "personalizations"),
        ({"personalizations": [to(*(f"a{n}@example.com" for n in range(1001)))]}, "personalizations"),
        ({"personalizations": [to()]}, "personalizations.0.to"),
        ({"personalizations": [{}]}, "personalizations.0"),
        ({"personalizations": [to("a@example.com", "b@nowhere")]}, "personalizations.0.to.1.email"),
        ({"personalizations": [to("a@example.com", "A@example.com")]}, "personalizations.0"),
        (
            {"personalizations": [to("a@example.com", custom_args={"x": "y" * 10_000})]},
            "personalizations.0.custom_args",
        ),
        ({"personalizations": [to("a@example.com", custom_args={"x": 7})]}, "personalizations.0.custom_args"),
        (
            {"personalizations": [to("a@example.com", headers={"Cc": "b@example.com"})]},
            "personalizations.0.headers.Cc",
        ),
        ({"from": {"email": "nobody"}}, "from.email"),
        ({"from": None}, "from"),
        ({"subject": ""}, "subject"),
        ({"content": []}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
        ({"content": [{"type": "text/plain; charset=utf-8", "value": "x"}]}, "content.0.type"),
        ({"content": [{"type": kind, "value": "x"} for kind in ("text/html", "text/plain")]}, "content"),
        ({"content": [{"type": kind, "value": "x"} for kind in ("text/calendar", "text/html")]}, "content"),
        *(
            ({"headers": {name: "x"}}, f"headers.{name}")
            for name in (
                "To",
                "from",
                "SUBJECT",
                "Reply-To",
                "Received",
                "Content-Type",
                "DKIM-Signature",
                "x-sg-id",
            )
        ),
        ({"headers": {"Grüße": "x"}}, "headers"),
        ({"headers": {"X A": "x"}}, "headers"),
        ({"headers": {"X-A": "x", "x-a": "y"}}, "headers"),
        ({"headers": {"X-A": 7}}, "headers"),
        (
            {"reply_to": {"email": "a@example.org"}, "reply_to_list": [{"email": "a@example.org"}]},
            "reply_to_list",
        ),
        ({"reply_to_list": [{"email": "nobody"}]}, "reply_to_list.0.email"),
        ({"attachments": [{**ATTACHED, "content": "no base64!"}]}, "attachments.0.content"),
        ({"attachments": [{**ATTACHED, "content": ""}]}, "attachments.0.content"),
        ({"attachments": [{**ATTACHED, "filename": ""}]}, "attachments.0.filename"),
        ({"attachments": [{**ATTACHED, "type": "text/plain; x"}]}, "attachments.0.type"),
        ({"attachments": [{**ATTACHED, "disposition": "hidden"}]}, "attachments.0.disposition"),
        ({"tracking_settings": {"mind_reading": {"enable": True}}}, "tracking_settings"),
    ],
)
def test_the_sandbox_refuses_what_sendgrid_refuses(sandbox: Sandbox, changed: dict[str, object], field: str):
    answer = posted(sandbox, good(**changed))
    assert answer.status_code == 400
    assert {told["field"] for told in answer.json()["errors"]} == {field}
    assert all(
        told["message"] and told.keys() == {"message", "field", "help"} for told in answer.json()["errors"]
    )
    assert int(answer.headers["x-ratelimit-reset"]) > int(sandbox.now.timestamp())
    assert sandbox.accepted(Channel.SENDGRID) == []


def posted(sandbox: Sandbox, body: dict[str, Any] | bytes, key: str = KEY) -> httpx.Response:
    return sandbox.http.post(
        f"{sandbox.address}/sendgrid/v3/mail/send",
        content=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={"authorization": f"Bearer {key}"},
    )


def test_the_sandbox_takes_what_sendgrid_takes(sandbox: Sandbox):
    assert (
        posted(sandbox, good(personalizations=[to(f"a{n}@example.com") for n in range(1000)])).status_code
        == 202
    )
    assert (
        posted(
            sandbox, good(attachments=[{**ATTACHED, "disposition": "inline", "content_id": "x"}])
        ).status_code
        == 202
    )
    assert (
        posted(sandbox, good(categories=["autumn"], reply_to={"email": "a@example.org"})).status_code == 202
    )
    assert len(sandbox.accepted(Channel.SENDGRID)) == 3
    answer = posted(sandbox, good(mail_settings={"sandbox_mode": {"enable": True}}))
    assert (answer.status_code, answer.content) == (200, b"")
    assert len(sandbox.accepted(Channel.SENDGRID)) == 3, "only looked at, not sent"
    sandbox.http.delete(f"{sandbox.address}/_sandbox/faults").raise_for_status()
    assert sandbox.accepted(Channel.SENDGRID) == []


@pytest.mark.parametrize(
    ("body", "key", "status"),
    [
        (b"{}", "SG.another.key", 401),
        (b"{", KEY, 400),
        (b"[]", KEY, 400),
        (b'{"subject": "\xff"}', KEY, 400),
        (b" " * (LARGEST_BODY + 1), KEY, 413),
    ],
)
def test_the_sandbox_refuses_before_it_reads(sandbox: Sandbox, body: bytes, key: str, status: int):
    answer = posted(sandbox, body, key)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["message"]
