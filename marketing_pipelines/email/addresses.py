"""What may stand in a mail's header: addresses, senders and single lines, none of which can smuggle in another header."""

import re
import unicodedata
from dataclasses import dataclass
from email.headerregistry import Address as MailAddress

LONGEST_ADDRESS = 254
LONGEST_LOCAL_PART = 64

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>{_LABEL}(?:\.{_LABEL})*)", re.ASCII)
_NAMED = re.compile(r"(?P<name>[^<>@\"]{1,100}?) *<(?P<address>[^<>]+)>")
# Characters that make a line read otherwise than it is stored.
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a mail is from: an address and, perhaps, a name before it."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def header(self) -> MailAddress:
        return MailAddress(self.name, addr_spec=self.address)


def address(text: str) -> str:
    """The address without the blanks around it, or a ValueError that says what is wrong."""
    stripped = text.strip(" ")
    found = _ADDRESS.fullmatch(stripped)
    if found is None or len(stripped) > LONGEST_ADDRESS or len(found["local"]) > LONGEST_LOCAL_PART:
        raise ValueError("is not a mail address like name@example.com")
    if "." not in found["domain"] and found["domain"] != "localhost":
        raise ValueError("needs a domain with a dot, like name@example.com")
    return stripped


def sender(text: str) -> Sender:
    """Reads `name@example.com` or `Name <name@example.com>`."""
    line(text)
    named = _NAMED.fullmatch(text.strip(" "))
    if named is None:
        return Sender(address(text))
    return Sender(address(named["address"]), named["name"].strip())


def line(text: str) -> str:
    """One line of a header, or a ValueError if it could be read as more than that."""
    if any(unicodedata.category(character) == "Cc" or character in _REORDERING for character in text):
        raise ValueError("must be one line without control characters")
    return text


def body(text: str) -> str:
    """Text of several lines, or a ValueError if it holds what no mail reader shows."""
    if any(unicodedata.category(character) == "Cc" and character not in "\t\r\n" for character in text):
        raise ValueError("holds control characters")
    return text
