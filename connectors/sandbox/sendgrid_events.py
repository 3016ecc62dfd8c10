"""SendGrid's event web hook as the sandbox plays it: what became of the mails that it took, really signed."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted

Said = dict[str, Any]

# What SendGrid tells of each event beside what it tells of all.
_TOLD: dict[str, Said] = {
    "processed": {},
    "delivered": {"response": "250 2.0.0 OK"},
    "deferred": {"response": "451 4.7.1 Try again later", "attempt": "3"},
    "bounce": {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 No such user"},
    "blocked": {"event": "bounce", "type": "blocked", "status": "4.7.0", "reason": "421 4.7.0 Too many"},
    "dropped": {"reason": "Bounced Address", "status": "5.0.0"},
    "open": {"useragent": "Mozilla/5.0", "ip": "192.0.2.7", "sg_machine_open": False},
    "machine_open": {"event": "open", "useragent": "Mozilla/5.0", "ip": "192.0.2.8", "sg_machine_open": True},
    "click": {"url": "https://shop.example/coats", "useragent": "Mozilla/5.0", "ip": "192.0.2.7"},
    "spamreport": {},
    "unsubscribe": {},
    "group_unsubscribe": {"asm_group_id": 10},
    "group_resubscribe": {"asm_group_id": 10},
}
EVENTS = tuple(_TOLD)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the web hook, as it would travel."""

    headers: dict[str, str]
    body: bytes


class SendGridEvents:
    """Signs with a key of its own, which is made anew for each sandbox."""

    def __init__(self, accepted: Accepted, clock: Callable[[], datetime]) -> None:
        self._accepted, self._clock = accepted, clock
        self._key = generate_private_key(SECP256R1())

    @property
    def public_key(self) -> str:
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def call(self, events: Sequence[str]) -> Call:
        """Tells these events of every mail that was taken, each under the id it always has."""
        at = str(int(self._clock().timestamp()))
        body = msgspec.json.encode([self._event(name, sent) for sent in self._sent() for name in events])
        signature = self._key.sign(at.encode() + body, ECDSA(SHA256()))
        headers = {
            "content-type": "application/json",
            "x-twilio-email-event-webhook-timestamp": at,
            "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
        }
        return Call(headers, body)

    def routes(self) -> list[Route]:
        """`GET /events?event=delivered&event=open`, for whoever is to be told."""
        return [Route("/events", self._told, methods=["GET"])]

    async def _told(self, request: Request) -> Response:
        events = request.query_params.getlist("event") or ["processed", "delivered"]
        if not set(events) <= set(EVENTS):
            return JSONResponse({"error": f"event is one of {', '.join(EVENTS)}"}, status_code=400)
        call = self.call(events)
        return JSONResponse(
            {"public_key": self.public_key, "headers": call.headers, "body": call.body.decode()}
        )

    def _sent(self) -> Iterator[Said]:
        """What is told of every event of one mail to one recipient; its arguments lie flat among the rest."""
        for kept in self._accepted.of(Channel.SENDGRID):
            mail = kept["mail"]
            for delivery in mail["personalizations"]:
                for recipient in delivery["to"]:
                    yield {
                        "email": recipient["email"],
                        "smtp-id": f"<{kept['id']}@geopod-ismtpd-1>",
                        "sg_message_id": f"{kept['id']}.recvd-sandbox-1.0",
                        "category": mail.get("categories", []),
                        **mail.get("custom_args", {}),
                        **delivery.get("custom_args", {}),
                    }

    def _event(self, name: str, sent: Said) -> Said:
        number = hashlib.sha256(f"{name} {sent['sg_message_id']} {sent['email']}".encode()).digest()
        return {
            "event": name,
            "timestamp": int(self._clock().timestamp()),
            "sg_event_id": base64.urlsafe_b64encode(number).rstrip(b"=").decode(),
            **sent,
            **_TOLD[name],
        }
