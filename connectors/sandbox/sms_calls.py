"""Twilio's web hooks as the sandbox plays them: what became of texts, and what phones answer, really signed."""

import base64
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.sms import AUTH_TOKEN, CREDENTIALS, SENDERS, VERSION


def signature(address: str, fields: Iterable[tuple[str, str]], token: str = AUTH_TOKEN) -> str:
    """Over the address and every field, in the order of their names; Twilio signs by SHA-1 and nothing else."""
    signed = address + "".join(f"{name}{value}" for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()


def call(address: str, fields: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
    """Headers and body, as they would travel."""
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "user-agent": "TwilioProxy/1.1",
        "x-twilio-signature": signature(address, fields.items()),
    }
    return headers, urlencode(fields).encode()


def answered(number: str, body: str, sid: str, to: str = SENDERS[0]) -> dict[str, str]:
    """What Twilio tells of a text that a phone has sent."""
    return {
        "ToCountry": "DE",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "SmsSid": sid,
        "SmsStatus": "received",
        "Body": body,
        "To": to,
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": CREDENTIALS["account_sid"],
        "From": number,
        "ApiVersion": VERSION,
    }


def status(sid: str, to: str, said: str, code: str = "", sender: str = SENDERS[0]) -> dict[str, str]:
    """What Twilio tells of a text of ours."""
    told = {
        "SmsSid": sid,
        "SmsStatus": said,
        "MessageStatus": said,
        "To": to,
        "MessageSid": sid,
        "AccountSid": CREDENTIALS["account_sid"],
        "From": sender,
        "ApiVersion": VERSION,
    }
    return told | {"ErrorCode": code} if code else told


class SmsCalls:
    """`GET /calls?address=…&said=delivered` tells it of every text that was taken, to be called at this address."""

    def __init__(self, accepted: Accepted) -> None:
        self._accepted = accepted

    def routes(self) -> list[Route]:
        return [Route("/calls", self._told, methods=["GET"])]

    async def _told(self, request: Request) -> Response:
        asked = request.query_params
        address, said = asked.get("address", ""), asked.get("said", "delivered")
        calls = [
            call(address, status(row["sid"], row["to"], said, asked.get("code", "")))
            for row in self._accepted.of(Channel.SMS)
        ]
        told = [{"headers": headers, "body": body.decode()} for headers, body in calls]
        return JSONResponse({"auth_token": AUTH_TOKEN, "calls": told})
