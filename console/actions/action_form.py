"""The form of an action: what was typed, what it means, and what is wrong with it.

A form is kept as it was typed, text by field, so that what is refused can be shown again. A field is named as problems
name it: `payload.subject`, `payload.steps.0.body`, `window.opens`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from console.actions.action_bodies import ChangedAction, NewAction
from console.actions.action_fields import FIELDS, STEP, Field, Widget
from console.door.problems import FieldError, problem_of
from console.frame import form_bodies
from marketing_pipelines.outbound.kinds.sequence import MOST_STEPS
from store.records.actions import Action, ActionType
from store.records.schedules import EVERY_DAY

PAYLOAD = "payload."
STEPS = "payload.steps"
_WHOLE = re.compile(r"-?\d{1,18}")
_ONE_OF_A_LIST = re.compile(r"(payload\.(?:recipients|campaigns))\.(\d+)")
_BESIDE_THE_PAYLOAD = {
    "due_at": "Not before",
    "window": "Hours",
    "window.opens": "Hours, from",
    "window.closes": "Hours, to",
    "window.days": "Days",
    "purpose": "Purpose",
    "campaign_id": "Campaign",
    "budget_cap": "May cost at most",
    "standing_approval_id": "Signed once already",
    "dry_run": "Dry run",
}
# Of one recipient and several, the form has one field.
_SHOWN_AT = {"payload.recipient": "payload.recipients", "payload.changes.0": "payload.changes"}


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields of a form; a field without anything in it may be missing."""

    fields: Mapping[str, Sequence[str]]

    def one(self, name: str) -> str:
        given = self.fields.get(name, ())
        return given[0] if given else ""

    def all(self, name: str) -> Sequence[str]:
        return self.fields.get(name, ())

    @property
    def steps(self) -> int:
        """How many mails a sequence's form has."""
        said = self.one(STEPS)
        return min(max(int(said), 1), MOST_STEPS) if re.fullmatch(r"\d{1,3}", said) else 1


def with_step_added(typed: Typed) -> Typed:
    return replace(typed, fields={**typed.fields, STEPS: [str(min(typed.steps + 1, MOST_STEPS))]})


def with_step_removed(typed: Typed, gone: int) -> Typed:
    """Those behind it move up."""
    kept = [number for number in range(typed.steps) if number != gone]
    fields = {name: value for name, value in typed.fields.items() if not name.startswith(f"{STEPS}.")}
    for to, number in enumerate(kept):
        for field in STEP:
            fields[f"{STEPS}.{to}.{field.name}"] = typed.all(f"{STEPS}.{number}.{field.name}")
    return Typed({**fields, STEPS: [str(max(len(kept), 1))]})


def payload_of(type: ActionType, typed: Typed) -> dict[str, Any]:
    """The payload as its model reads it; what is no number or document stays the text that it is."""
    return dict(_values(FIELDS[type], typed, PAYLOAD))


def new_action(type: ActionType, typed: Typed) -> NewAction:
    said = _said(typed) | {"type": type.value, "payload": payload_of(type, typed)}
    return form_bodies.read(NewAction, {name: value for name, value in said.items() if value is not None})


def changed_action(action: Action, typed: Typed) -> ChangedAction:
    """All that the form shows; a moment that was left as it stood is not read off the clock again."""
    said = _said(typed) | {"payload": payload_of(action.type, typed)}
    if typed.one("due_at") == _moment(action):
        del said["due_at"]
    return form_bodies.read(ChangedAction, said)


def as_typed(action: Action) -> Typed:
    """The form of an action as it is stored."""
    window = action.schedule.window
    fields = {
        "title": [action.title],
        "purpose": [action.purpose.value],
        "campaign_id": [str(action.campaign_id or "")],
        "due_at": [_moment(action)],
        "window.opens": [window.opens.isoformat("minutes") if window else ""],
        "window.closes": [window.closes.isoformat("minutes") if window else ""],
        "window.days": [str(each) for each in sorted(window.days if window else EVERY_DAY)],
        "budget_cap": [str(action.budget_cap or "")],
        "standing_approval_id": [str(action.standing_id or "")],
        "dry_run": ["on"] if action.dry_run else [],
    }
    payload = dict(action.payload)
    if "recipient" in payload:
        payload["recipients"] = [payload.pop("recipient")]
    return Typed(fields | dict(_shown(FIELDS[action.type], payload, PAYLOAD)))


def troubles(error: Exception) -> dict[str, str]:
    """Why a form was refused, by field; what belongs to no field is under the empty name."""
    found: dict[str, str] = {}
    problem = problem_of(error)
    for each in problem.errors or [FieldError("", problem.detail)]:
        field, reason = _beside(each)
        found.setdefault(field, reason)
    return found


def called(type: ActionType, typed: Typed) -> dict[str, str]:
    """What the fields of a form are called in it, in the order in which they stand there."""
    names = {"title": "Title"}
    for field in FIELDS[type]:
        names[PAYLOAD + field.name] = field.label
        if field.widget is Widget.STEPS:
            for number in range(typed.steps):
                for part in STEP:
                    names[f"{STEPS}.{number}.{part.name}"] = f"Mail {number + 1}, {part.label.lower()}"
    return names | _BESIDE_THE_PAYLOAD


def _values(fields: Sequence[Field], typed: Typed, before: str) -> Iterator[tuple[str, Any]]:
    """What was filled in; what was left empty is left out."""
    for field in fields:
        name = before + field.name
        match field.widget:
            case Widget.STEPS:
                each = [dict(_values(STEP, typed, f"{name}.{number}.")) for number in range(typed.steps)]
                yield field.name, each
            case Widget.LINES:
                lines = [line.strip() for line in typed.one(name).splitlines()]
                if any(lines):
                    yield field.name, [line for line in lines if line]
            case Widget.TICKS:
                if typed.all(name):
                    yield field.name, list(typed.all(name))
            case Widget.GROUPS:
                if typed.all(name):
                    yield field.name, [_whole(each) for each in typed.all(name)]
            case _:
                text = typed.one(name).replace("\r\n", "\n")
                if text.strip():
                    yield field.name, _meant(field.widget, text)


def _meant(widget: Widget, text: str) -> Any:
    match widget:
        case Widget.WHOLE:
            return _whole(text.strip())
        case Widget.YES_OR_NO:
            return {"true": True, "false": False}.get(text, text)
        case Widget.DOCUMENT:
            try:
                return json.loads(text)
            except (ValueError, RecursionError):
                return text
        case Widget.WORDS:
            return text
        case _:
            return text.strip()


def _whole(text: str) -> int | str:
    return int(text) if _WHOLE.fullmatch(text) else text


def _said(typed: Typed) -> dict[str, Any]:
    """What the form says beside the payload; None where it was left empty."""
    opens, closes = typed.one("window.opens"), typed.one("window.closes")
    days = [_whole(each) for each in typed.all("window.days")]
    window = {"opens": opens, "closes": closes, "days": days} if opens or closes else None
    return {
        "title": typed.one("title").strip(),
        "purpose": typed.one("purpose") or None,
        "campaign_id": typed.one("campaign_id") or None,
        "due_at": typed.one("due_at") or None,
        "window": window,
        "budget_cap": typed.one("budget_cap").strip() or None,
        "standing_approval_id": typed.one("standing_approval_id") or None,
        "dry_run": bool(typed.one("dry_run")),
    }


def _shown(
    fields: Sequence[Field], payload: Mapping[str, Any], before: str
) -> Iterator[tuple[str, list[str]]]:
    for field in fields:
        name, value = before + field.name, payload.get(field.name)
        match field.widget:
            case Widget.STEPS:
                steps = value or []
                yield name, [str(len(steps))]
                for number, step in enumerate(steps):
                    yield from _shown(STEP, step, f"{name}.{number}.")
            case _ if value is None:
                continue
            case Widget.LINES:
                yield name, ["\n".join(value)]
            case Widget.TICKS | Widget.GROUPS:
                yield name, [str(each) for each in value]
            case Widget.YES_OR_NO:
                yield name, ["true" if value else "false"]
            case Widget.DOCUMENT:
                yield name, [json.dumps(value, indent=2, ensure_ascii=False)]
            case _:
                yield name, [str(value)]


def _moment(action: Action) -> str:
    """As a field for date and time shows it, by the clocks of the action's zone."""
    due: datetime | None = action.due_at
    return due.astimezone(action.schedule.zone).strftime("%Y-%m-%dT%H:%M") if due else ""


def _beside(error: FieldError) -> tuple[str, str]:
    """The field of the form that a problem stands beside, and the reason in its words."""
    reason = form_bodies.in_words(error.reason)
    in_list = _ONE_OF_A_LIST.fullmatch(error.field)
    if in_list:
        return in_list[1], f"line {int(in_list[2]) + 1} {reason}"
    if error.field.startswith("payload.groups"):
        return "payload.groups", reason
    if error.field == "payload.data" and "dictionary" in reason:
        return error.field, 'must be a JSON object like {"page": "/winter"}'
    return _SHOWN_AT.get(error.field, error.field), reason
