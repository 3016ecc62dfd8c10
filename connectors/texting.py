"""What a channel that carries text messages takes and gives: one message to one phone, with its number as E.164 has it."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from connectors.errors import Invalid

# However many segments that makes.
LONGEST_TEXT = 1_600

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_BETWEEN_DIGITS = str.maketrans("", "", " \u00a0().-/")
_SHORT_CODE = re.compile(r"[1-9][0-9]{2,7}")
# A name needs a letter, and 11 characters are all that a phone is told of it.
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_WEB_ADDRESS = re.compile(r"https://[\x21-\x7e]{1,2000}")


def number(text: str) -> str:
    """A phone's number without what people write between its digits, or a ValueError that says what is wrong."""
    bare = text.strip().translate(_BETWEEN_DIGITS)
    # The zero that people write in brackets is dialled at home only.
    if "(0)" in text or not _NUMBER.fullmatch(bare):
        raise ValueError("is not a phone number like +4915112345678, with its country's code")
    return bare


def sender(text: str) -> str:
    """Whom a text is from, or a ValueError: a number, a short code, a name, or a service that chooses among several."""
    given = text.strip()
    if is_service(given) or _SHORT_CODE.fullmatch(given) or is_name(given):
        return given
    try:
        return number(given)
    except ValueError:
        raise ValueError(
            "is neither a phone number like +4915112345678, nor a short code, a name of up to 11 letters, or a "
            "messaging service (MG and 32 digits)"
        ) from None


def is_name(sender: str) -> bool:
    """Nobody can answer a name, and so nobody can tell it to stop."""
    return bool(_NAME.fullmatch(sender)) and sender == sender.strip()


def is_service(sender: str) -> bool:
    return bool(_SERVICE.fullmatch(sender))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage:
    """`told_at` is where the provider is to tell what became of it, or empty."""

    to: str
    sender: str
    body: str
    told_at: str = ""

    def __post_init__(self) -> None:
        if not _NUMBER.fullmatch(self.to):
            raise Invalid(what="is no number of E.164", where="text message", field="to")
        if not (_NUMBER.fullmatch(self.sender) or _is_no_number(self.sender)):
            raise Invalid(what="is nobody that a text can be from", where="text message", field="sender")
        if not self.body.strip() or len(self.body) > LONGEST_TEXT:
            what = f"has to have words, and {LONGEST_TEXT:,} characters at most"
            raise Invalid(what=what, where="text message", field="body")
        if self.told_at and not _WEB_ADDRESS.fullmatch(self.told_at):
            raise Invalid(what="is no address under https://", where="text message", field="told_at")


def _is_no_number(sender: str) -> bool:
    return bool(is_service(sender) or _SHORT_CODE.fullmatch(sender) or is_name(sender))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSent:
    """A text that the provider has taken; `state` is its own word for how far it has got."""

    id: str
    state: str


@runtime_checkable
class SendsTexts(Protocol):
    """A channel that carries text messages."""

    def send(self, message: TextMessage) -> TextSent:
        """Hands one message over, once: nothing that may have been accepted is ever tried again in here."""
        ...

    def sent_since(self, message: TextMessage, since: datetime) -> TextSent | None:
        """A message of these very words that this phone was sent since then, whatever became of it."""
        ...

    def check(self) -> None:
        """Asks for something that changes nothing, which shows whether the connection holds."""
        ...
