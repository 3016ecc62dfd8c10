"""Twilio's Messages as the sandbox plays them: numbers that mean trouble, opt-outs that are heeded, pages of a list."""

import base64
import re
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors import text_segments
from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.provider import Provider

CREDENTIALS = {
    "account_sid": "AC0123456789abcdef0123456789abcdef",
    "key_sid": "SK0123456789abcdef0123456789abcdef",
    "key_secret": "sandbox-twilio-key-secret",
}
AUTH_TOKEN = "5a6e640cb07f0e5d1a6e640cb07f0e5d"  # noqa: S105 - of the sandbox, where nothing is secret
SERVICE = "MG0123456789abcdef0123456789abcdef"
SENDERS = ("+4915735980000", "LINDGRUEN", SERVICE)
VERSION = "2010-04-01"

# As Twilio's own numbers for tests do, some stand for a refusal each.
TROUBLES = {
    "+15005550001": (21211, "The 'To' number {to} is not a valid phone number."),
    "+15005550003": (21408, "Permission to send an SMS has not been enabled for the region: {to}."),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient"),
    "+15005550009": (21614, "'To' number is not a valid mobile number: {to}"),
}
STOPPED = next(number for number, (code, _) in TROUBLES.items() if code == 21610)
LONGEST = 1_600

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_MESSAGES = f"/{VERSION}/Accounts/{CREDENTIALS['account_sid']}/Messages.json"

Said = dict[str, Any]


class SmsStandIn:
    """One account; what it was sent it keeps as Twilio lists it."""

    def __init__(self, page_rows: int, accepted: Accepted, clock: Callable[[], datetime]) -> None:
        self._page_rows, self._accepted, self._clock = page_rows, accepted, clock
        self._numbers = count(1)

    def provider(self) -> Provider:
        messages = f"/{VERSION}/Accounts/{{account}}/Messages.json"
        return Provider(
            Channel.SMS,
            api=[
                Route(messages, self._create, methods=["POST"]),
                Route(messages, self._list, methods=["GET"]),
            ],
            sign_in=[],
            refusal=_refusal,
        )

    async def _create(self, request: Request) -> Response:
        if (refused := _closed(request)) is not None:
            return refused
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        if (refused := _refused_form(form)) is not None:
            return refused
        made = self._made(form)
        self._accepted.note(Channel.SMS, "text", **made)
        return JSONResponse(made, status_code=201)

    async def _list(self, request: Request) -> Response:
        """Newest first, in pages that name the next one by its path."""
        if (refused := _closed(request)) is not None:
            return refused
        asked = dict(request.query_params)
        rows = [
            row
            for row in reversed(self._accepted.of(Channel.SMS))
            if row["to"] == asked.get("To", row["to"]) and row["from"] == asked.get("From", row["from"])
        ]
        size = min(int(asked.get("PageSize", "50")), self._page_rows)
        page = int(asked.get("Page", "0"))
        shown, left = rows[page * size : (page + 1) * size], rows[(page + 1) * size :]
        following = urlencode({**asked, "Page": str(page + 1), "PageToken": f"PA{page + 1}"})
        return JSONResponse(
            {
                "messages": [{name: told for name, told in row.items() if name != "kind"} for row in shown],
                "page": page,
                "page_size": size,
                "first_page_uri": f"{_MESSAGES}?PageSize={size}&Page=0",
                "next_page_uri": f"{_MESSAGES}?{following}" if left else None,
                "uri": f"{_MESSAGES}?{request.url.query}",
            }
        )

    def _made(self, form: Said) -> Said:
        service = form.get("MessagingServiceSid")
        sid = f"SM{next(self._numbers):032x}"
        segments = text_segments.measured(form["Body"]).segments
        return {
            "sid": sid,
            "account_sid": CREDENTIALS["account_sid"],
            "api_version": VERSION,
            "to": form["To"],
            # A service chooses whom it is from when it sends.
            "from": None if service else form["From"],
            "messaging_service_sid": service,
            "body": form["Body"],
            "status": "accepted" if service else "queued",
            "direction": "outbound-api",
            "num_segments": "0" if service else str(segments),
            "num_media": "0",
            "price": None,
            "price_unit": "USD",
            "error_code": None,
            "error_message": None,
            "date_created": format_datetime(self._clock().replace(microsecond=0)),
            "date_sent": None,
            "date_updated": format_datetime(self._clock().replace(microsecond=0)),
            "uri": _MESSAGES.replace("Messages.json", f"Messages/{sid}.json"),
            "status_callback": form.get("StatusCallback", ""),
        }


def _closed(request: Request) -> Response | None:
    """By key and secret, and nobody else's account."""
    pair = f"{CREDENTIALS['key_sid']}:{CREDENTIALS['key_secret']}".encode()
    expected = f"Basic {base64.b64encode(pair).decode()}"
    if request.headers.get("authorization") != expected:
        return _refused(401, 20003, "Authenticate")
    if request.path_params["account"] != CREDENTIALS["account_sid"]:
        return _refused(404, 20404, f"The requested resource {request.url.path} was not found")
    return None


def _refused_form(form: Said) -> Response | None:
    to, body = form.get("To", ""), form.get("Body", "")
    sender = form.get("MessagingServiceSid") or form.get("From")
    if not sender:
        return _refused(400, 21603, "A 'From' phone number is required.")
    if sender not in SENDERS:
        return _refused(400, 21606, f"The 'From' phone number provided ({sender}) is not valid for you.")
    if not _NUMBER.fullmatch(to):
        return _refused(400, 21211, f"The 'To' number {to} is not a valid phone number.")
    if to in TROUBLES:
        code, words = TROUBLES[to]
        return _refused(400, code, words.format(to=to))
    if not body:
        return _refused(400, 21602, "Message body is required.")
    if len(body) > LONGEST:
        return _refused(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    return None


def _refused(status: int, code: int, message: str) -> Response:
    told = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return JSONResponse(told, status_code=status)


def _refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.RATE_LIMITED:
            limited = _refused(429, 20429, "Too Many Requests")
            if trouble.hint_seconds:
                limited.headers["retry-after"] = str(trouble.hint_seconds)
            return limited
        case Fault.EXPIRED_TOKEN:
            return _refused(401, 20003, "Authenticate")
        case Fault.TOO_MUCH_DATA:
            return _refused(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        case _:
            return _refused(500, 20500, "Internal server error")
