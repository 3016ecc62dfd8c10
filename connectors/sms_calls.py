"""What Twilio tells by its web hooks: what became of texts, and what phones have answered. In any order, and more than once.

Only parsed here: that a call comes from Twilio is proven where it is taken.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl

from connectors.errors import Invalid

WHERE = "Twilio's web hook"
LARGEST_BODY = 64 * 1024
MOST_FIELDS = 200

_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_WORD = re.compile(r"[a-z_-]{1,40}")
_CODE = re.compile(r"[0-9]{1,6}")
_AROUND_WORDS = " \t\r\n.,!\"'"
# What Twilio takes for one when a text says nothing else; YES it takes for a start too, which may answer anything.
_STOPS = frozenset(
    {"STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
)
_STARTS = frozenset({"START", "UNSTOP"})
_HELPS = frozenset({"HELP", "INFO"})


class Wish(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"
    NONE = "none"


class Stage(StrEnum):
    ON_ITS_WAY = "on_its_way"
    SENT = "sent"
    DELIVERED = "delivered"
    LOST = "lost"


_STAGES = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending"), Stage.ON_ITS_WAY),
    "sent": Stage.SENT,
    **dict.fromkeys(("delivered", "read", "partially_delivered"), Stage.DELIVERED),
    **dict.fromkeys(("undelivered", "failed", "canceled"), Stage.LOST),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How far a text of ours has got; `code` says why it was lost, where that is told."""

    id: str
    to: str
    said: str
    stage: Stage
    code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a phone has sent to us."""

    id: str
    number: str
    wish: Wish


def told(body: bytes) -> Status | Answered:
    """What a call says whose signature was verified."""
    fields = _fields(body)
    id = fields.get("MessageSid") or fields.get("SmsSid") or ""
    if not _SID.fullmatch(id):
        raise Invalid(what="names no message", where=WHERE, field="MessageSid")
    said = (fields.get("MessageStatus") or fields.get("SmsStatus") or "").lower()
    if said in ("", "received", "receiving"):
        return Answered(id=id, number=_number(fields, "From"), wish=_wish(fields))
    if not _WORD.fullmatch(said) or said not in _STAGES:
        raise Invalid(what="is no word for how far a text has got", where=WHERE, field="MessageStatus")
    code = fields.get("ErrorCode", "")
    return Status(
        id=id,
        to=_number(fields, "To"),
        said=said,
        stage=_STAGES[said],
        code=int(code) if _CODE.fullmatch(code) else None,
    )


def _fields(body: bytes) -> dict[str, str]:
    if len(body) > LARGEST_BODY:
        raise Invalid(what=f"is over {LARGEST_BODY} bytes", where=WHERE, field="body")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except (UnicodeDecodeError, ValueError):
        raise Invalid(what="is not a form", where=WHERE, field="body") from None
    return dict(pairs)


def _number(fields: dict[str, str], name: str) -> str:
    """Empty where it is none of E.164: a short code, or a name."""
    given = fields.get(name, "")
    return given if _NUMBER.fullmatch(given) else ""


def _wish(fields: dict[str, str]) -> Wish:
    """As Twilio's own service has understood it, in whatever language; else by the words alone."""
    understood = fields.get("OptOutType", "").lower()
    if understood in set(Wish) - {Wish.NONE}:
        return Wish(understood)
    words = " ".join(fields.get("Body", "")[:100].strip(_AROUND_WORDS).upper().split())
    if words in _STOPS:
        return Wish.STOP
    if words in _STARTS:
        return Wish.START
    return Wish.HELP if words in _HELPS else Wish.NONE
