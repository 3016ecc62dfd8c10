"""What visitors are called: the names by which they are looked up, and those by which the warehouse knows them."""

from collections.abc import Mapping
from enum import StrEnum

from console.door.problems import FieldError, Refused
from console.door.sign_in import Visitor
from marketing_pipelines.analytics.timeline import LONGEST_ID
from store.records import contacts


class Called(StrEnum):
    """What somebody may be looked up by."""

    DEVICE = "device"
    USER = "user"
    CONTACT = "contact"


_PREFIXES: Mapping[Called, str] = {Called.DEVICE: "", Called.USER: "user:", Called.CONTACT: "contact:"}


def known_as(visitor: Visitor, called: Called, typed: str) -> str:
    """The warehouse's name; a contact's may be typed as their number or their address."""
    name = typed.strip()
    if not name:
        raise _refused("Type an id, or the address of a contact.")
    if called is Called.CONTACT and "@" in name:
        with visitor.records() as session:
            contact = contacts.of_address(session, visitor.tenant, name)
        if contact is None:
            raise _refused("No contact of yours has this address.")
        name = str(contact.id)
    found = _PREFIXES[called] + name.removeprefix(_PREFIXES[called])
    if len(found) > LONGEST_ID:
        raise _refused(f"No id is longer than {LONGEST_ID} characters.")
    return found


def is_device(name: str) -> bool:
    return not name.startswith((_PREFIXES[Called.USER], _PREFIXES[Called.CONTACT]))


def _refused(reason: str) -> Refused:
    return Refused(422, reason, [FieldError("name", reason)])
