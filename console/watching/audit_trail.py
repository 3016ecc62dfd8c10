"""The audit chain as auditors read it: searched, told in words, verified by a run of its own, and taken away as a file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from sqlalchemy import select

from console.door import permissions
from console.door.sign_in import Visitor
from console.frame import names
from store.audit import GENESIS, Head, as_hashed
from store.records import audit_log, requested_runs
from store.records.audit_log import AuditEntry, Search
from store.records.database import Session
from store.records.people import Membership, User
from store.records.requested_runs import RequestedRun, RunKind

LINES = 25
VERIFICATIONS = 5
EXPORTED_AT_A_TIME = 2_000
MOST_PEOPLE = 200
# The kinds of things in the chain: what people call them, and the page that shows one, where there is one.
SUBJECTS: Mapping[str, tuple[str, str]] = {
    "action": ("Action", "/actions/{action_id}"),
    "alert": ("Alert", "/alerts"),
    "api_key": ("API key", "/keys"),
    "asset": ("Asset", "/assets/{asset_id}"),
    "campaign": ("Campaign", "/campaigns/{campaign_id}"),
    "collector_key": ("Pixel key", "/pixel"),
    "contact": ("Recipient", "/recipients/{recipient_id}"),
    "goal": ("Goal", "/goals/{goal_id}"),
    "group": ("Group", "/groups/{group_id}"),
    "hold_out": ("Hold-out", "/hold-outs/{hold_out_id}"),
    "hook_secret": ("Secret of a web hook", ""),
    "identity": ("Identity split", ""),
    "kill_switch": ("Kill switch", "/kill-switch"),
    "link": ("Link", "/links/{link_id}"),
    "measurement": ("Measurement", "/measurement"),
    "project": ("Project", "/projects/{project_id}"),
    "requested_run": ("Requested run", "/runs"),
    "standing_approval": ("Standing approval", "/standing-approvals/{standing_id}"),
    "tenant": ("Tenant", "/settings"),
    "user": ("Person", "/users/{user_id}"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for as it was typed; days are the tenant's."""

    entity: str = ""
    entity_id: str = ""
    actor: str = ""
    event: str = ""
    first: str = ""
    last: str = ""

    @property
    def given(self) -> Mapping[str, str]:
        every = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in every.items() if value}

    @property
    def address(self) -> str:
        return f"/audit?{urlencode(self.given)}" if self.given else "/audit"

    def by(self, actor: str) -> str:
        """Where everything is that somebody did."""
        return f"/audit?{urlencode({'actor': actor})}"


class NoDay(Exception):
    """What was typed as a day is none, or comes before the other; names the field and says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


@dataclass(frozen=True, slots=True)
class Change:
    """A property that an entry tells of; None where it was not, or is no more."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as people read it."""

    entry: AuditEntry
    who: str
    about: str
    page: str
    changes: Sequence[Change]


class Finding(msgspec.Struct, frozen=True):
    """What a verification found: as `audit_chains.verify_as_asked` tells it."""

    entries: int = 0
    head: str = ""
    signed_heads: int = 0
    signed_entry: int = 0
    signed_hash: str = ""
    signed_at: datetime | None = None
    broken_at: int = 0
    broken_because: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """A verification that somebody asked for; it has a finding once it is done."""

    request: RequestedRun
    who: str
    finding: Finding | None

    @property
    def is_open(self) -> bool:
        return self.request.state in requested_runs.OPEN


@dataclass(frozen=True, slots=True)
class Evidence:
    """How far the chain reaches, and what was found whenever somebody had it verified."""

    head: Head | None
    verifications: Sequence[Verification]

    @property
    def is_under_way(self) -> bool:
        return any(it.is_open for it in self.verifications)

    @property
    def last(self) -> Verification | None:
        return next((it for it in self.verifications if it.finding is not None), None)

    @property
    def entries(self) -> int:
        return self.head.seq if self.head else 0

    @property
    def since(self) -> int:
        """How many entries have come since the last verification."""
        return self.entries - self.last.finding.entries if self.last and self.last.finding else self.entries


def searched(visitor: Visitor, asked: Asked) -> Search:
    """What is meant; raises NoDay."""
    first, last = _day("first", asked.first), _day("last", asked.last)
    if first and last and last < first:
        raise NoDay("last", "is before the first day")
    zone = visitor.time_zone
    return Search(
        asked.entity,
        asked.entity_id,
        asked.actor,
        asked.event,
        datetime.combine(first, time.min, zone) if first else None,
        datetime.combine(last + timedelta(days=1), time.min, zone) if last else None,
    )


def lines(
    session: Session, visitor: Visitor, search: Search, cursor: int | None
) -> tuple[Sequence[Line], int | None]:
    """A page of the chain, newest first, with everybody's name."""
    found, following = audit_log.entries(
        session, visitor.tenant, search, cursor=cursor, limit=LINES, newest_first=True
    )
    who = names.of_actors(session, {entry.actor for entry in found})
    return [_line(visitor, entry, who[entry.actor]) for entry in found], following


def people(session: Session, visitor: Visitor, chosen: str) -> Sequence[tuple[str, str]]:
    """Whom entries may be by, for a choice; who was chosen elsewhere, a program or somebody who left, is among them."""
    members = session.execute(
        select(User.id, User.name)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == visitor.tenant)
        .order_by(User.name, User.id)
        .limit(MOST_PEOPLE)
    )
    known = {names.of_user(row.id): row.name for row in members}
    if chosen and chosen not in known:
        known[chosen] = chosen.replace(":", " ")
    return list(known.items())


def evidence(session: Session, visitor: Visitor) -> Evidence:
    asked, _ = requested_runs.newest(session, visitor.tenant, kind=RunKind.VERIFY_AUDIT, limit=VERIFICATIONS)
    who = names.of_actors(session, {names.of_user(request.asked_by) for request in asked})
    verifications = [
        Verification(
            request,
            who[names.of_user(request.asked_by)],
            msgspec.convert(request.outcome, Finding) if request.outcome else None,
        )
        for request in asked
    ]
    return Evidence(audit_log.head(session, visitor.tenant), verifications)


def ask_for_verification(visitor: Visitor) -> RequestedRun:
    with visitor.records() as session:
        return requested_runs.ask(session, visitor.tenant, visitor.user, RunKind.VERIFY_AUDIT)


def exported(visitor: Visitor, head: Head | None) -> Iterator[bytes]:
    """The chain up to a head, a line an entry: the very bytes that were hashed, and the hash.

    A few thousand entries are held at a time, each span in a transaction of its own; what is written never changes.
    """
    last, previous = 0, GENESIS
    while head is not None and last < head.seq:
        limit = min(EXPORTED_AT_A_TIME, head.seq - last)
        with visitor.records() as session:
            span = audit_log.exported(session, visitor.tenant, after=last, limit=limit)
        if not span:
            return
        lines: list[bytes] = []
        for entry, stored in span:
            body = as_hashed(previous, entry, stored)
            lines.append(b'{"entry":%b,"hash":"%b"}\n' % (body, stored.hex().encode()))
            last, previous = entry.seq, stored
        yield b"".join(lines)


def _day(field: str, typed: str) -> date | None:
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise NoDay(field, "is no day: write it like 2026-03-14") from None


def _line(visitor: Visitor, entry: AuditEntry, who: str) -> Line:
    noun, page = SUBJECTS.get(entry.entity, (entry.entity.replace("_", " ").capitalize(), ""))
    is_one_of_many = entry.entity != "kill_switch"
    return Line(
        entry,
        who,
        f"{noun} {entry.entity_id}" if is_one_of_many else noun,
        _page_of(visitor, page, entry.entity_id),
        _changes(entry.before, entry.after),
    )


def _page_of(visitor: Visitor, page: str, entity_id: str) -> str:
    endpoint = f"GET {page}"
    if endpoint not in permissions.ACCESS or not visitor.may(endpoint):
        return ""
    return re.sub(r"\{\w+\}", lambda _: quote(entity_id, safe=""), page)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    every = [*before, *(name for name in after if name not in before)]
    return [Change(name, _shown(before, name), _shown(after, name)) for name in every]


def _shown(said: Mapping[str, Any], name: str) -> str | None:
    if name not in said:
        return None
    value = said[name]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
