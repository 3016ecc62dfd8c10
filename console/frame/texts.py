"""What people type and what programs name, bounded and checked before anything is done with it."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from console.door.problems import FieldError, Refused

LONGEST_NOTE = 2000
_HASH = re.compile(r"[0-9a-f]{64}")


def storable(text: str) -> str:
    """Postgres keeps neither the null character nor half a surrogate pair."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds characters that cannot be stored")
    return text


def storable_throughout(value: Any) -> Any:
    """The same for every text inside a JSON value."""
    match value:
        case str():
            storable(value)
        case dict():
            for name, inner in value.items():
                storable(name)
                storable_throughout(inner)
        case list():
            for inner in value:
                storable_throughout(inner)
    return value


# A filter's first choice, which is none of them, comes out of a form as an empty text.
IF_CHOSEN = BeforeValidator(lambda chosen: chosen or None)
Text = Annotated[str, AfterValidator(storable)]
Note = Annotated[Text, StringConstraints(max_length=LONGEST_NOTE)]
Reason = Annotated[Text, StringConstraints(max_length=500)]
Title = Annotated[Text, StringConstraints(max_length=200)]
# What somebody has to say: never nothing.
Remark = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_NOTE, strip_whitespace=True),
    AfterValidator(storable),
]
Content = Annotated[dict[str, Any], AfterValidator(storable_throughout)]


def hash_named(text: str | None) -> bytes | None:
    """The hash that a vote names."""
    if text is None:
        return None
    if not _HASH.fullmatch(text):
        reason = "must be the 64 hexadecimal digits of the hash that was read"
        raise Refused(422, f"manifest_hash {reason}.", [FieldError("manifest_hash", reason)])
    return bytes.fromhex(text)
