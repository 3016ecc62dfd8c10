"""A mail's bytes in the form of SendGrid's `mail/send`: all of its words and headers, or Invalid where there is no form."""

import base64
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from typing import Any

from connectors.errors import Invalid
from connectors.face import OutgoingMail

WHERE = "SendGrid"
MESSAGE_ID_ARGUMENT = "mp_message_id"
"""What each event of SendGrid's web hook carries, so that it leads back to the message."""

# Fields of the body carry these, or SendGrid writes them itself; a second Date makes receivers refuse a mail.
_NOT_AMONG_HEADERS = frozenset(
    {
        *("from", "to", "subject", "reply-to", "date", "mime-version"),
        *("content-type", "content-transfer-encoding"),
        *("received", "dkim-signature", "x-sg-id", "x-sg-eid"),
    }
)
_FORMS = (("text/plain",), ("text/html",), ("text/plain", "text/html"))
# SendGrid puts addresses of its own in the place of these, whatever its settings say.
_REPLACED = re.compile(r"<%\s*asm_")
_FOLD = re.compile(r"\r\n(?=[ \t])")
# What an account may have switched on would change what was signed: links, a pixel, a footer, another way out.
_AS_IT_IS = {
    "tracking_settings": {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    },
    "mail_settings": {"footer": {"enable": False}},
}


def request_for(mail: OutgoingMail) -> dict[str, Any]:
    """The body of the request that sends this mail, and nothing but this mail, to its one recipient."""
    if not mail.raw.partition(b"\r\n\r\n")[0].isascii():
        raise _no_form("bytes beyond ASCII among its headers", "headers")
    parsed = message_from_bytes(mail.raw, policy=policy.SMTP)
    assert isinstance(parsed, EmailMessage)
    headers, (texts, attached) = _headers(parsed), _parts(parsed)
    request: dict[str, Any] = {
        "personalizations": [_delivery(parsed, mail)],
        "from": _sender(parsed, mail),
        "subject": _words(parsed, "subject"),
        "headers": headers,
        "content": [_content(part) for part in texts],
        **_AS_IT_IS,
    }
    if parsed["reply-to"] is not None:
        request["reply_to_list"] = list(_addresses(parsed, "reply-to"))
    if attached:
        request["attachments"] = [_attachment(part) for part in attached]
    _require_whole(parsed)
    return request


def _headers(mail: EmailMessage) -> dict[str, str]:
    """As they stand on the wire, with each fold undone."""
    headers: dict[str, str] = {}
    seen = set[str]()
    for name, value in mail.raw_items():
        if name.lower() in seen:
            raise _no_form(f"two headers {name}", name)
        seen.add(name.lower())
        if name.lower() in _NOT_AMONG_HEADERS:
            continue
        if name.lower() in {"cc", "bcc"} or name.lower().startswith("content-"):
            raise _no_form(f"a header {name}", name)
        headers[name] = _FOLD.sub("", str(value)).strip()
    return headers


def _delivery(parsed: EmailMessage, mail: OutgoingMail) -> dict[str, Any]:
    """SendGrid has no envelope: whom the header names is who gets it, and a comma in a name would make two of one."""
    if _words(parsed, "to") != mail.recipient:
        raise _no_form("a recipient other than the bare address in To", "to")
    return {"to": [{"email": mail.recipient}], "custom_args": {MESSAGE_ID_ARGUMENT: mail.message_id}}


def _sender(parsed: EmailMessage, mail: OutgoingMail) -> dict[str, str]:
    senders = list(_addresses(parsed, "from"))
    if [sender["email"] for sender in senders] != [mail.sender]:
        raise _no_form("a sender other than the one in From", "from")
    return senders[0]


def _addresses(mail: EmailMessage, name: str) -> Iterator[dict[str, str]]:
    _words(mail, name)
    header = mail[name]
    assert isinstance(header, AddressHeader)
    if any(group.display_name is not None for group in header.groups):
        raise _no_form("a group of addresses", name)
    for address in header.addresses:
        named = {"name": address.display_name} if address.display_name else {}
        yield {"email": address.addr_spec, **named}


def _words(mail: EmailMessage, name: str) -> str:
    """A header as people read it; one that cannot be read whole is not guessed at."""
    header = mail[name]
    if header is None or header.defects:
        raise _no_form(f"no whole header {name}", name)
    return str(header)


def _parts(mail: EmailMessage) -> tuple[list[EmailMessage], list[EmailMessage]]:
    """The one text, or its two forms from the plainer on, and what is attached to it."""
    body, *attached = _inside(mail, "multipart/mixed")
    texts = _inside(body, "multipart/alternative")
    if tuple(text.get_content_type() for text in texts) not in _FORMS:
        raise _no_form("parts other than a plain text, an HTML text after it, and attachments", "content")
    return texts, attached


def _inside(mail: EmailMessage, kind: str) -> list[EmailMessage]:
    """The parts of a mail that is of this kind; any other is a part by itself."""
    parts = [part for part in mail.iter_parts() if isinstance(part, EmailMessage)]
    return parts if parts and mail.get_content_type() == kind else [mail]


def _content(part: EmailMessage) -> dict[str, str]:
    if not _has_only(part, content_type={"charset"}):
        raise _no_form("a text of a special format", "content")
    try:
        text = part.get_content(errors="strict")
    except (LookupError, UnicodeDecodeError):
        raise _no_form("a text that is not of its own charset", "content") from None
    if _REPLACED.search(text):
        raise _no_form("words <%asm_…%>, which it would replace", "content")
    return {"type": part.get_content_type(), "value": text.replace("\r\n", "\n")}


def _attachment(part: EmailMessage) -> dict[str, str]:
    filename, content = part.get_filename(), part.get_payload(decode=True)
    if (
        not _has_only(part, content_type={"name"}, disposition={"filename"})
        or part.get_content_disposition() != "attachment"
        or not filename
        or not isinstance(content, bytes)
    ):
        raise _no_form("an attachment with more to it than a name, a type and bytes", "attachments")
    return {
        "content": base64.b64encode(content).decode(),
        "type": part.get_content_type(),
        "filename": filename,
        "disposition": "attachment",
    }


def _has_only(part: EmailMessage, *, content_type: set[str], disposition: set[str] | None = None) -> bool:
    """Whether a part says no more of itself than SendGrid has fields for, and that much legibly."""
    allowed = {"content-type": content_type, "content-disposition": disposition}
    for name in {name.lower() for name in part} - {"content-transfer-encoding"}:
        if not name.startswith("content-"):
            continue
        header, known = part[name], allowed.get(name)
        if known is None or header.defects or not header.params.keys() <= known:
            return False
    return True


def _require_whole(mail: EmailMessage) -> None:
    """What the parser had to guess may not be what was signed."""
    for part in mail.walk():
        if part.defects:
            raise _no_form(f"a broken part ({type(part.defects[0]).__name__})", "content")


def _no_form(what: str, field: str) -> Invalid:
    return Invalid(what=f"has no form for a mail with {what}", where=WHERE, field=field.lower())
