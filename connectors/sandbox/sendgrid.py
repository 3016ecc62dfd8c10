"""SendGrid's mail API as the sandbox plays it: strict about what it is handed, and no mail leaves it."""

import base64
import binascii
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.provider import Provider

CREDENTIALS = {"api_key": "SG.sandbox-sendgrid-key.sandbox-sendgrid-secret"}
VERSION = "v3"
MOST_PERSONALIZATIONS = 1000
MOST_RECIPIENTS = 1000
LARGEST_ARGUMENTS = 10_000
LARGEST_BODY = 30 * 2**20

_REQUESTS_A_MINUTE = 600
_RESERVED = frozenset(
    {
        *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"),
        *("to", "from", "subject", "reply-to", "cc", "bcc"),
    }
)
_ADDRESS = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"]+\.[^\s@,;<>\"]+")
_ONE_TYPE = re.compile(r"[^;\r\n]+")
_NO_GRANT = "The provided authorization grant is invalid, expired, or revoked"
_TOO_LARGE = "the payload is too large"
_HELP = "https://docs.sendgrid.com/api-reference/mail-send/errors"


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    """What SendGrid has no field of this name for is a mistake."""


class _Address(_Strict):
    email: str
    name: str = ""


class _Personalization(_Strict):
    to: list[_Address]
    cc: list[_Address] = []
    bcc: list[_Address] = []
    headers: dict[str, str] = {}
    custom_args: dict[str, str] = {}

    @property
    def everyone(self) -> list[_Address]:
        return [*self.to, *self.cc, *self.bcc]


class _Content(_Strict):
    type: str
    value: str


class _Attachment(_Strict):
    content: str
    filename: str
    type: str = "application/octet-stream"
    disposition: str = "attachment"
    content_id: str = ""


class _Switch(msgspec.Struct):
    """One of the settings, of which the sandbox knows whether it is on."""

    enable: bool = False


class _Mail(_Strict):
    personalizations: list[_Personalization]
    sender: _Address = msgspec.field(name="from")
    subject: str = ""
    content: list[_Content] = []
    attachments: list[_Attachment] = []
    headers: dict[str, str] = {}
    custom_args: dict[str, str] = {}
    reply_to: _Address | None = None
    reply_to_list: list[_Address] = []
    categories: list[str] = []
    mail_settings: dict[Literal["footer", "sandbox_mode"], _Switch] = {}
    tracking_settings: dict[
        Literal["click_tracking", "open_tracking", "subscription_tracking", "ganalytics"], _Switch
    ] = {}

    @property
    def is_rehearsed(self) -> bool:
        rehearsal = self.mail_settings.get("sandbox_mode")
        return rehearsal is not None and rehearsal.enable


class _Refused(Exception):
    def __init__(self, status: int, *problems: dict[str, str | None]) -> None:
        super().__init__(status)
        self.status, self.problems = status, problems


class SendGridStandIn:
    def __init__(self, accepted: Accepted, clock: Callable[[], datetime]) -> None:
        self._accepted = accepted
        self._clock = clock

    def provider(self) -> Provider:
        send = Route(f"/{VERSION}/mail/send", self._send, methods=["POST"])
        return Provider(Channel.SENDGRID, api=[send], sign_in=[], refusal=self._refusal)

    async def _send(self, request: Request) -> Response:
        try:
            _authenticate(request)
            body = await request.body()
            mail = _mail_in(body)
        except _Refused as refused:
            return self._answer(refused.status, *refused.problems)
        if mail.is_rehearsed:
            return Response(status_code=200, headers=self._limits())
        number = secrets.token_urlsafe(16)
        self._accepted.note(Channel.SENDGRID, "mail", id=number, mail=msgspec.json.decode(body))
        return Response(status_code=202, headers={"x-message-id": number, **self._limits()})

    def _refusal(self, trouble: Trouble) -> Response:
        match trouble.fault:
            case Fault.RATE_LIMITED:
                limits = self._limits(left=0, seconds=trouble.hint_seconds)
                return self._answer(429, _problem("too many requests"), headers=limits)
            case Fault.EXPIRED_TOKEN:
                return self._answer(401, _problem(_NO_GRANT))
            case Fault.TOO_MUCH_DATA:
                return self._answer(413, _problem(_TOO_LARGE))
            case _:
                return self._answer(500, _problem("internal server error"))

    def _answer(
        self, status: int, *problems: dict[str, str | None], headers: dict[str, str] | None = None
    ) -> Response:
        return JSONResponse({"errors": problems}, status_code=status, headers=headers or self._limits())

    def _limits(self, *, left: int = _REQUESTS_A_MINUTE - 1, seconds: int | None = None) -> dict[str, str]:
        """The headers by which SendGrid says how much it still takes, and from when on it counts anew."""
        now = int(self._clock().timestamp())
        return {
            "x-ratelimit-limit": str(_REQUESTS_A_MINUTE),
            "x-ratelimit-remaining": str(left),
            "x-ratelimit-reset": str(now + (seconds or 60)),
        }


def _authenticate(request: Request) -> None:
    if request.headers.get("authorization") != f"Bearer {CREDENTIALS['api_key']}":
        raise _Refused(401, _problem(_NO_GRANT))


def _mail_in(body: bytes) -> _Mail:
    if len(body) > LARGEST_BODY:
        raise _Refused(413, _problem(_TOO_LARGE))
    try:
        mail = msgspec.json.decode(body, type=_Mail)
    except msgspec.ValidationError as wrong:
        raise _Refused(400, _problem(str(wrong), _path(wrong))) from wrong
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise _Refused(400, _problem(f"Bad Request: {wrong}")) from wrong
    problems = [_problem(message, field) for field, message in _problems(mail)]
    if problems:
        raise _Refused(400, *problems)
    return mail


def _path(wrong: msgspec.ValidationError) -> str:
    """Where it is wrong, as SendGrid names places: `personalizations.0.to`."""
    path = str(wrong).rpartition("`$")[2].rstrip("`").replace("[...]", "")
    return path.replace("[", ".").replace("]", "").strip(".")


def _problem(message: str, field: str | None = None) -> dict[str, str | None]:
    return {"message": message, "field": field, "help": _HELP if field else None}


def _problems(mail: _Mail) -> Iterator[tuple[str, str]]:
    """Each field that is wrong, and how."""
    yield from _of_recipients(mail)
    if not _ADDRESS.fullmatch(mail.sender.email):
        yield "from.email", "The from email does not contain a valid address."
    if not mail.subject:
        yield "subject", "The subject is required."
    if mail.reply_to is not None and mail.reply_to_list:
        yield "reply_to_list", "Only one of reply_to and reply_to_list may be given."
    for number, address in enumerate(mail.reply_to_list):
        if not _ADDRESS.fullmatch(address.email):
            yield f"reply_to_list.{number}.email", "Does not contain a valid address."
    yield from _of_headers("headers", mail.headers)
    yield from _of_content(mail.content)
    for number, attachment in enumerate(mail.attachments):
        yield from _of_attachment(f"attachments.{number}", attachment)


def _of_recipients(mail: _Mail) -> Iterator[tuple[str, str]]:
    count = len(mail.personalizations)
    if not 1 <= count <= MOST_PERSONALIZATIONS:
        yield "personalizations", f"There may be 1 to {MOST_PERSONALIZATIONS} personalizations, not {count}."
    if sum(len(each.everyone) for each in mail.personalizations) > MOST_RECIPIENTS:
        yield "personalizations", f"There is a limit of {MOST_RECIPIENTS} recipients (to + cc + bcc)."
    for number, each in enumerate(mail.personalizations):
        place = f"personalizations.{number}"
        if not each.to:
            yield f"{place}.to", "The to array is required for all personalizations."
        for position, address in enumerate(each.to):
            if not _ADDRESS.fullmatch(address.email):
                yield f"{place}.to.{position}.email", "Does not contain a valid address."
        twice = [
            email for email, times in Counter(it.email.lower() for it in each.everyone).items() if times > 1
        ]
        if twice:
            yield place, "Each address may be included once."
        yield from _of_headers(f"{place}.headers", each.headers)
        arguments = msgspec.json.encode({**mail.custom_args, **each.custom_args})
        if len(arguments) > LARGEST_ARGUMENTS:
            yield f"{place}.custom_args", f"Custom arguments may have {LARGEST_ARGUMENTS} bytes."


def _of_headers(place: str, headers: dict[str, str]) -> Iterator[tuple[str, str]]:
    if len({name.lower() for name in headers}) < len(headers):
        yield place, "The headers can't contain duplicate keys."
    for name in headers:
        if not name.isascii() or " " in name or not name:
            yield place, "Header keys can't contain non-ASCII characters or spaces."
        if name.lower() in _RESERVED:
            yield f"{place}.{name}", "The header is one of the reserved keys."


def _of_content(content: list[_Content]) -> Iterator[tuple[str, str]]:
    if not content:
        yield "content", "There must be at least one content block."
    for number, each in enumerate(content):
        if not _ONE_TYPE.fullmatch(each.type):
            yield f"content.{number}.type", "The type must be one type, without ';' and CRLF."
        if not each.value:
            yield f"content.{number}.value", "The content value must be at least one character in length."
    order = [{"text/plain": 0, "text/html": 1}.get(each.type, 2) for each in content]
    if order != sorted(order):
        yield "content", "text/plain must be first, text/html after it, and anything else after both."


def _of_attachment(place: str, attachment: _Attachment) -> Iterator[tuple[str, str]]:
    if not _is_base64(attachment.content):
        yield f"{place}.content", "The attachment content must be base64 encoded."
    if not attachment.filename or re.search(r"[\r\n]", attachment.filename):
        yield f"{place}.filename", "The filename must be one line, and not empty."
    if not _ONE_TYPE.fullmatch(attachment.type):
        yield f"{place}.type", "The type must be one type, without ';' and CRLF."
    if attachment.disposition not in {"inline", "attachment"}:
        yield f"{place}.disposition", "The disposition must be inline or attachment."


def _is_base64(content: str) -> bool:
    try:
        return bool(base64.b64decode(content, validate=True))
    except (binascii.Error, ValueError):
        return False
