"""What differs between two frozen versions of an action: word by word where people read, fact by fact elsewhere."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, func, not_, select
from sqlalchemy.orm import aliased

from store.records.actions import Action, ActionRecipient, ActionVersion
from store.records.database import Session

# Longer texts are compared line by line, and ones of more lines than that as a whole: a page has to stay quick.
MOST_WORDS = 3_000
MOST_LINES = 3_000
# Larger audiences are not held against each other recipient by recipient.
MOST_RECIPIENTS = 20_000
# So much of what stayed the same is shown around a change.
AROUND = 12
# A word with the spaces behind it; where a line ends is a token of its own.
_TOKEN = re.compile(r"\S+[^\S\n]*|\n+|\s")
_MAIL = re.compile(r"^steps\.(\d+)\.(.+)$")
_FIELDS = {
    "subject": "Subject",
    "text": "Text",
    "html": "HTML, as it is written",
    "what": "What",
    "details": "Details",
    "data": "Body",
    "type": "Event",
    "network": "Network",
    "link": "Link",
    "image": "Image",
    "title": "Title",
    "tags": "Tags",
    "visibility": "Who may see it",
    "made_for_kids": "Made for kids",
    "synthetic": "Altered or made up",
    "after_days": "Days after the one before",
    "most": "How many at most",
    "until": "Last day",
    "name": "Name",
    "cost": "Cost",
    "platform": "Platform",
    "account": "Account",
    "change": "Change",
    "campaign": "Campaign",
    "campaigns": "Campaigns",
    "changes": "What it may do",
    "daily_budget": "Daily budget",
    "slug": "Short link",
    "target_url": "Leads to",
    "fallback_url": "Falls back on",
    "archived": "Ended",
}


class Turn(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class Run:
    """Words that stayed, came or went; what is left out stayed the same."""

    turn: Turn
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """One text that people read, with what changed in it."""

    name: str
    runs: Sequence[Run]
    by_line: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """Something beside the words; an empty side was not there."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed since `before`, the version that was frozen last."""

    before: int
    fields: Sequence[Field]
    facts: Sequence[Fact]

    @property
    def is_empty(self) -> bool:
        return not self.fields and not self.facts


def since_last(session: Session, action: Action, version: ActionVersion) -> Comparison | None:
    """Against the version that was frozen before this one; None for the first."""
    former = _frozen_before(session, action, version.version)
    if former is None:
        return None
    compared = between(former.version, former.manifest, version.manifest)
    if former.manifest["recipients"]["root"] == version.manifest["recipients"]["root"]:
        return compared
    moved = _moved(session, action, former, version)
    people = Fact("Recipients", _so_many(former.manifest), f"{_so_many(version.manifest)} ({moved})")
    facts = [fact for fact in compared.facts if fact.name != people.name]
    return replace(compared, facts=[people, *facts])


def of_draft(session: Session, action: Action, words: Mapping[str, Any]) -> Comparison | None:
    """What its author has changed since it was last asked for, as far as a draft says it."""
    former = _frozen_before(session, action, action.version + 1)
    return between(former.version, former.manifest, words) if former else None


def _frozen_before(session: Session, action: Action, version: int) -> ActionVersion | None:
    return session.scalars(
        select(ActionVersion)
        .where(
            ActionVersion.tenant_id == action.tenant_id,
            ActionVersion.action_id == action.id,
            ActionVersion.version < version,
        )
        .order_by(ActionVersion.version.desc())
        .limit(1)
    ).one_or_none()


def between(number: int, before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """Two manifests, or as much of them as is known."""
    old, new = _texts(before["template"]), _texts(after["template"])
    fields = [
        _field(name, old.get(name, ""), new.get(name, ""))
        for name in sorted(new.keys() | old.keys(), key=_place)
        if old.get(name, "") != new.get(name, "")
    ]
    was, now_is = _facts(before), _facts(after)
    facts = [
        Fact(name, was.get(name, ""), now_is.get(name, ""))
        for name in dict.fromkeys((*now_is, *was))
        if name in was and name in now_is and was[name] != now_is[name]
    ]
    return Comparison(number, fields, [*facts, *_links(before, after)])


def runs(before: str, after: str) -> tuple[Sequence[Run], bool]:
    """How one text became the other, and whether it was too long to be compared by words."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    by_line = max(len(old), len(new)) > MOST_WORDS
    if by_line:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
        if max(len(old), len(new)) > MOST_LINES:
            return [Run(Turn.REMOVED, before), Run(Turn.ADDED, after)], True
    return list(_runs(old, new)), by_line


def _runs(old: Sequence[str], new: Sequence[str]) -> Iterator[Run]:
    matcher = difflib.SequenceMatcher(None, old, new)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            yield Run(Turn.SAME, "".join(new[new_from:new_to]))
            continue
        if old_from < old_to:
            yield Run(Turn.REMOVED, "".join(old[old_from:old_to]))
        if new_from < new_to:
            yield Run(Turn.ADDED, "".join(new[new_from:new_to]))


def _field(name: str, before: str, after: str) -> Field:
    found, by_line = runs(before, after)
    shown = [
        part
        for at, run in enumerate(found)
        for part in _shortened(run, is_first=at == 0, is_last=at == len(found) - 1)
    ]
    return Field(_called(name), shown, by_line)


def _shortened(run: Run, *, is_first: bool, is_last: bool) -> Iterator[Run]:
    """Of what stayed the same, as much as one needs to know one's way."""
    tokens = _TOKEN.findall(run.text) if run.turn is Turn.SAME else []
    head = 0 if is_first else AROUND
    tail = 0 if is_last else AROUND
    if len(tokens) <= head + tail + AROUND:
        yield run
        return
    if head:
        yield Run(Turn.SAME, "".join(tokens[:head]))
    yield Run(Turn.LEFT_OUT, f"{len(tokens) - head - tail:,} words as before")
    if tail:
        yield Run(Turn.SAME, "".join(tokens[-tail:]))


def _texts(template: Mapping[str, Any], within: str = "") -> dict[str, str]:
    """Every field of what is sent, by its place; a document is compared as it is shown."""
    found: dict[str, str] = {}
    for name, value in template.items():
        place = f"{within}{name}"
        match value:
            case dict():
                found[place] = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
            case list() if value and isinstance(value[0], dict):
                for number, inner in enumerate(value, start=1):
                    found |= _texts(inner, f"{place}.{number}.")
            case list():
                found[place] = "\n".join(map(str, value))
            case bool():
                found[place] = "yes" if value else "no"
            case _:
                found[place] = "" if value is None else str(value)
    return found


def _place(name: str) -> tuple[int, int, str]:
    """As one reads it: the subject before the text, one mail before the next."""
    step = _MAIL.match(name)
    number, field = (int(step[1]), step[2]) if step else (0, name)
    return number, list(_FIELDS).index(field) if field in _FIELDS else len(_FIELDS), field


def _called(name: str) -> str:
    if step := _MAIL.match(name):
        return f"Mail {step[1]}, {_FIELDS.get(step[2], step[2]).lower()}"
    return _FIELDS.get(name, name)


def _facts(manifest: Mapping[str, Any]) -> dict[str, str]:
    """What else is signed, in words; what a manifest does not say is not there."""
    found: dict[str, str] = {}
    for name, key in (
        ("Sender", "sender"),
        ("Handed over to", "connection"),
        ("Purpose", "purpose"),
        ("Campaign", "campaign"),
        ("Unsubscribed at", "unsubscribe"),
        ("Budget cap", "budget_cap"),
        ("Most in a day", "most_a_day"),
        ("Standing approval", "standing_approval"),
        ("Dry run", "dry_run"),
    ):
        if key in manifest:
            found[name] = _said(manifest[key])
    if "schedule" in manifest:
        found["Schedule"] = _said(manifest["schedule"])
    if "recipients" in manifest:
        found["Recipients"] = _so_many(manifest)
        found["Groups"] = _said(manifest["recipients"].get("groups", []))
        found["Left out"] = _said(manifest["recipients"].get("left_out", 0))
    if "cost" in manifest:
        cost = manifest["cost"]
        found["Cost"] = f"{cost['amount']} {cost['currency']}: {cost['basis']}"
    if "risk" in manifest:
        found["Risk"] = ", ".join([manifest["risk"]["level"], *manifest["risk"].get("reasons", ())])
    if "signing" in manifest:
        signing = manifest["signing"]
        own = ", authors as well" if signing["self_approval"] else ""
        found["Signatures"] = f"{signing['quorum']} of {' or '.join(signing['roles'])}{own}"
    return found


def _said(value: Any) -> str:
    match value:
        case None | "" | [] | {}:
            return "none"
        case bool():
            return "yes" if value else "no"
        case dict():
            parts = ((name.replace("_", " "), _said(inner)) for name, inner in value.items())
            return ", ".join(f"{name}: {inner}" for name, inner in parts if inner != "none") or "none"
        case list():
            return ", ".join(map(str, value))
        case int():
            return f"{value:,}"
        case _:
            return str(value).replace("_", " ")


def _links(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Fact]:
    if "links" not in before or "links" not in after:
        return []
    old, new = set(before["links"]), set(after["links"])
    return [
        *(Fact("Link that is gone", link, "") for link in sorted(old - new)),
        *(Fact("New link", "", link) for link in sorted(new - old)),
    ]


def _so_many(manifest: Mapping[str, Any]) -> str:
    return f"{manifest['recipients']['count']:,}"


def _moved(session: Session, action: Action, former: ActionVersion, version: ActionVersion) -> str:
    """How one audience differs from another, of which it is known that it does."""
    counts = (former.manifest["recipients"]["count"], version.manifest["recipients"]["count"])
    if max(counts) > MOST_RECIPIENTS:
        return "not the same ones, or with other values"
    came = _beyond(session, action, version.version, former.version)
    went = _beyond(session, action, former.version, version.version)
    said = [f"{came:,} new" if came else "", f"{went:,} gone" if went else ""]
    return " and ".join(filter(None, said)) or "the same ones, with other values"


def _beyond(session: Session, action: Action, version: int, other: int) -> int:
    """How many recipients one version has that another has not."""
    there = aliased(ActionRecipient)
    is_there = exists().where(
        there.tenant_id == ActionRecipient.tenant_id,
        there.action_id == ActionRecipient.action_id,
        there.version == other,
        there.recipient_key == ActionRecipient.recipient_key,
    )
    query = select(func.count()).where(
        ActionRecipient.tenant_id == action.tenant_id,
        ActionRecipient.action_id == action.id,
        ActionRecipient.version == version,
        not_(is_there),
    )
    return session.scalar(query) or 0
