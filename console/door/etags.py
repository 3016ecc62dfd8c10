"""ETags: a reader who knows the newest form need not be told it again, and nobody overwrites what they have not read.

An endpoint says `visitor.conditions.show(etags.of(thing))` where it answers, and `visitor.conditions.require(...)`
where it holds the lock of what it is about to change.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import inspect
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response

from console.door.origins import SAFE_METHODS
from store.records.schema import Record

HEADER = "ETag"
_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e]*")')
_encode = msgspec.json.Encoder(order="sorted").encode


class NotModified(Exception):
    """The reader has it already."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


class ChangedMeanwhile(Exception):
    """It is no longer what the request says it is."""

    def __init__(self, tag: str) -> None:
        super().__init__(
            "It has changed since you read it. Read it again, and repeat the change if it still fits."
        )
        self.tag = tag


def of(*facts: Any) -> str:
    """A strong ETag of records and whatever else an answer shows of them."""
    said = [_columns(fact) if isinstance(fact, Record) else fact for fact in facts]
    return f'"{hashlib.sha256(_encode(said)).hexdigest()[:32]}"'


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a request says about the ETag it knows, and the headers in which its answer says the present one."""

    reads: bool = True
    if_match: str | None = None
    if_none_match: str | None = None
    answered_in: MutableHeaders | None = None

    @classmethod
    def of_request(cls, request: Request, response: Response) -> "Conditions":
        given = request.headers
        return cls(
            reads=request.method in SAFE_METHODS,
            if_match=given.get("if-match"),
            if_none_match=given.get("if-none-match"),
            answered_in=response.headers,
        )

    def show(self, tag: str) -> None:
        """Sends the ETag along with the answer, or instead of it to whoever knows it."""
        if self.reads and _names(self.if_none_match, tag, weakly=True):
            raise NotModified(tag)
        if self.answered_in is not None:
            self.answered_in[HEADER] = tag

    def require(self, tag: Callable[[], str]) -> None:
        """Refuses to change what is not what the request names; asked under the lock of what is changed."""
        if self.if_match is None:
            return
        current = tag()
        if not _names(self.if_match, current, weakly=False):
            raise ChangedMeanwhile(current)


# What forms ask.
UNCONDITIONAL = Conditions()


def not_modified(_: Request, error: Exception) -> Response:
    assert isinstance(error, NotModified)
    return Response(status_code=304, headers={HEADER: error.tag})


def _columns(record: Record) -> dict[str, Any]:
    """What is stored of it; moments in one zone, since the database and the clock may use two."""
    loaded = inspect(record).mapper.column_attrs.keys()
    values = {name: getattr(record, name) for name in loaded}
    return {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _names(given: str | None, tag: str, *, weakly: bool) -> bool:
    """Whether a header's list of ETags has this one; a weak one is not enough to change anything."""
    if given is None:
        return False
    if given.strip() == "*":
        return True
    return any(
        found[1] == tag and (weakly or not found[0].startswith("W/")) for found in _TAG.finditer(given)
    )
