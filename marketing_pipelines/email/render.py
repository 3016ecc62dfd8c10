"""Rendering: the approver's preview and the sender's bytes come out of the same frozen manifest."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from marketing_pipelines.email import way_out
from marketing_pipelines.email.addresses import Sender, sender

# Seven bits, so that no server on the way has a reason to re-encode what was approved. Lines as long as the standard
# allows, since the library writes a long address in a header as an encoded word, which nobody reads as an address.
_WIRE = policy.SMTP.clone(cte_type="7bit", max_line_length=998)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail as its reader will see it."""

    subject: str
    sender: str
    text: str
    html: str


def preview(manifest: Mapping[str, Any], values: Mapping[str, Any], unsubscribe: str = "") -> Rendered:  # noqa: ARG001 (personal words come from `values`)
    """What this recipient will read; whose address to unsubscribe is not known yet ends in dots."""
    template, door = manifest["template"], manifest.get("unsubscribe", "")
    address = unsubscribe or (f"{door}…" if door else "")
    return Rendered(
        template["subject"],
        manifest["sender"],
        way_out.filled(template["text"], address),
        way_out.filled(template["html"], address),
    )


def message(
    manifest: Mapping[str, Any],
    values: Mapping[str, Any],
    message_id: str,
    date: datetime,
    unsubscribe: str = "",
) -> bytes:
    """The very bytes for this recipient: the same arguments give the same bytes."""
    rendered = preview(manifest, values, unsubscribe)
    mail = EmailMessage(policy=_WIRE)
    mail["From"] = sender(rendered.sender).header
    mail["To"] = Sender(values["email"]).header
    mail["Subject"] = rendered.subject
    mail["Date"] = format_datetime(date)
    mail["Message-ID"] = message_id
    for name, value in way_out.headers(unsubscribe).items():
        mail[name] = value
    mail.set_content(rendered.text)
    if rendered.html:
        mail.add_alternative(rendered.html, subtype="html")
        mail.set_boundary(_boundary(rendered, message_id))
    return mail.as_bytes()


def _boundary(rendered: Rendered, message_id: str) -> str:
    """A boundary that the content decides, where the library would take a random one."""
    parts = "\0".join((message_id, rendered.text, rendered.html))
    return f"=_{hashlib.sha256(parts.encode()).hexdigest()[:40]}"
