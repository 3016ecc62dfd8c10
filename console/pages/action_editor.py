"""Writing actions: a form for each type, a look at what it will send, and asking for approval of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from console.actions import action_fields, action_form, action_preview, choices, desk, listing
from console.actions.action_form import Typed
from console.actions.letter import Letter
from console.door import headers
from console.door.admission import Id, SignedIn
from console.door.etags import ChangedMeanwhile, Conditions
from console.door.problems import Refused, problem_of
from console.door.sign_in import Visitor
from console.frame import rendering
from marketing_pipelines.outbound.kinds.face import NotReady
from marketing_pipelines.outbound.payloads import PayloadError
from store.records import actions, approvals, policies
from store.records.action_states import MOVES, Move
from store.records.actions import Action, ActionType

router = APIRouter(include_in_schema=False)

ASK = "ask"
ADD_STEP = "add_step"
# What an author can put right in the form.
CORRECTABLE = (Refused, PayloadError, NotReady)
_REMOVE_STEP = re.compile(r"remove_step:(\d{1,2})")


async def _typed(request: Request) -> Typed:
    fields: dict[str, list[str]] = {}
    for name, value in (await request.form()).multi_items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
    return Typed(fields)


TypedIn = Annotated[Typed, Depends(_typed)]
Do = Annotated[str, Form(max_length=20)]
Part = Annotated[str, Form(max_length=10)]
Tag = Annotated[str, Form(max_length=100)]


@dataclass(frozen=True, slots=True)
class Told:
    """What an editor says beside its form; `theirs` is what somebody else has saved meanwhile."""

    troubles: dict[str, str] = field(default_factory=dict)
    theirs: Typed | None = None
    done: str = ""
    status: int = 200


@dataclass(frozen=True, slots=True)
class Stored:
    """An action, and the name of the very form of it that its editor has read."""

    action: Action
    etag: str


@router.get("/actions/new")
def choose(visitor: SignedIn) -> HTMLResponse:
    with visitor.records() as session:
        return rendering.page(visitor, session, "new_action.html", sentences=action_fields.SENTENCES)


@router.get("/actions/new/{type}")
def new(
    visitor: SignedIn, request: Request, type: ActionType, campaign_id: str = "", due_at: str = ""
) -> HTMLResponse:
    """Campaign, moment and parts of the payload may come from the screen that led here."""
    with visitor.records() as session:
        purpose = policies.of_tenant(session, visitor.tenant).default_purpose
    begun = {"purpose": [purpose.value], "campaign_id": [campaign_id], "due_at": [due_at]}
    every_day = {"window.days": [str(day) for day in range(1, 8)], "payload.steps.0.after_days": ["0"]}
    named = {field.name for field in action_fields.FIELDS[type]}
    known = {
        name: [value]
        for name, value in request.query_params.items()
        if name.removeprefix(action_form.PAYLOAD) in named and name.startswith(action_form.PAYLOAD)
    }
    return _editor(visitor, type, None, Typed({**begun, **every_day, **known}), Told())


@router.post("/actions/new/{type}", response_model=None)
def create(
    visitor: SignedIn, type: ActionType, typed: TypedIn, do: Do = ""
) -> HTMLResponse | RedirectResponse:
    reshaped = _reshaped(typed, do)
    if reshaped is not None:
        return _editor(visitor, type, None, reshaped, Told())
    try:
        action = desk.create(visitor, action_form.new_action(type, typed).as_wanted(visitor))
    except CORRECTABLE as error:
        return _editor(visitor, type, None, typed, _refused(error))
    return _ask_or_stay(visitor, action, typed, do)


@router.get("/actions/new/{type}/preview")
def preview_nothing(visitor: SignedIn, type: ActionType) -> HTMLResponse:
    """What stands in the frame before anything was looked at."""
    del visitor
    return _frame(type, None, begins=True)


@router.post("/actions/new/{type}/preview")
def preview_new(visitor: SignedIn, type: ActionType, typed: TypedIn, part: Part = "") -> HTMLResponse:
    return _preview(visitor, type, typed, part)


@router.get("/actions/{action_id}/edit")
def edit(visitor: SignedIn, action_id: Id, done: str = "") -> HTMLResponse:
    stored = _stored(visitor, action_id)
    action = stored.action
    return _editor(visitor, action.type, stored, action_form.as_typed(action), Told(done=done))


@router.post("/actions/{action_id}/edit", response_model=None)
def change(
    visitor: SignedIn, action_id: Id, typed: TypedIn, do: Do = "", etag: Tag = ""
) -> HTMLResponse | RedirectResponse:
    read = replace(_stored(visitor, action_id), etag=etag)
    action = read.action
    reshaped = _reshaped(typed, do)
    if reshaped is not None:
        return _editor(visitor, action.type, read, reshaped, Told())
    knowing = replace(visitor, conditions=Conditions(reads=False, if_match=etag))
    try:
        said = action_form.changed_action(action, typed)
        saved = desk.edit(knowing, action_id, said.payload, said, **said.as_changes())
    except ChangedMeanwhile:
        return _overtaken(visitor, action_id, typed)
    except CORRECTABLE as error:
        return _editor(visitor, action.type, read, typed, _refused(error))
    return _ask_or_stay(visitor, saved, typed, do)


@router.get("/actions/{action_id}/preview")
def preview_saved(visitor: SignedIn, action_id: Id) -> HTMLResponse:
    with visitor.records() as session:
        action = desk.found(session, visitor, action_id)
    return _preview(visitor, action.type, action_form.as_typed(action), "")


@router.post("/actions/{action_id}/preview")
def preview(visitor: SignedIn, action_id: Id, typed: TypedIn, part: Part = "") -> HTMLResponse:
    with visitor.records() as session:
        action = desk.found(session, visitor, action_id)
    return _preview(visitor, action.type, typed, part)


@router.post("/actions/{action_id}/duplicate", response_model=None)
def duplicate(visitor: SignedIn, action_id: Id) -> HTMLResponse | RedirectResponse:
    """A new draft of the same words for the same readers; what cannot be one any more is put right first."""
    with visitor.records() as session:
        copied = desk.found(session, visitor, action_id)
    try:
        action = desk.duplicate(visitor, action_id)
    except CORRECTABLE as error:
        return _editor(visitor, copied.type, None, action_form.as_typed(copied), _refused(error))
    return RedirectResponse(f"/actions/{action.id}/edit?done=duplicated", 303)


def _reshaped(typed: Typed, do: str) -> Typed | None:
    """The form with a step more or less; None where it is to be saved."""
    if do == ADD_STEP:
        return action_form.with_step_added(typed)
    gone = _REMOVE_STEP.fullmatch(do)
    return action_form.with_step_removed(typed, int(gone[1])) if gone else None


def _stored(visitor: Visitor, action_id: int) -> Stored:
    with visitor.records() as session:
        action = desk.found(session, visitor, action_id)
        if action.state not in MOVES[Move.EDIT][0]:
            raise actions.IllegalMove(action, Move.EDIT)
        return Stored(action, desk.etag(session, action))


def _ask_or_stay(visitor: Visitor, saved: Action, typed: Typed, do: str) -> HTMLResponse | RedirectResponse:
    """What is saved stays saved, also where it cannot be asked for yet."""
    if do != ASK:
        return RedirectResponse(f"/actions/{saved.id}/edit?done=saved", 303)
    try:
        desk.submit(visitor, saved.id)
    except CORRECTABLE as error:
        stored = _stored(visitor, saved.id)
        if stored.action.updated_at != saved.updated_at:
            return _overtaken(visitor, saved.id, typed)
        return _editor(visitor, saved.type, stored, typed, replace(_refused(error), done="not_asked"))
    return RedirectResponse(f"/actions/{saved.id}?done=submitted", 303)


def _refused(error: Exception) -> Told:
    return Told(troubles=action_form.troubles(error), status=problem_of(error).status)


def _overtaken(visitor: Visitor, action_id: int, typed: Typed) -> HTMLResponse:
    """Both are shown; whoever saves now does so knowing what stands there."""
    stored = _stored(visitor, action_id)
    told = Told(theirs=action_form.as_typed(stored.action), status=409)
    return _editor(visitor, stored.action.type, stored, typed, told)


def _editor(
    visitor: Visitor, type: ActionType, stored: Stored | None, typed: Typed, told: Told
) -> HTMLResponse:
    action = stored.action if stored else None
    called = action_form.called(type, typed)
    order = list(called)
    troubles = sorted(
        told.troubles.items(), key=lambda it: order.index(it[0]) if it[0] in called else len(order)
    )
    groups = choices.groups(visitor) if type is ActionType.EMAIL else ()
    with visitor.records() as session:
        version = actions.current_version(session, action) if action else None
        chosen = typed.one("campaign_id")
        return rendering.page(
            visitor,
            session,
            "action_editor.html",
            status=told.status,
            type=type,
            action=action,
            title=listing.title_of(action) if action else "",
            etag=stored.etag if stored else "",
            typed=typed,
            theirs=told.theirs,
            troubles=dict(troubles),
            called=called,
            done=told.done,
            fields=action_fields,
            campaigns=choices.campaigns(session, visitor, int(chosen) if _is_number(chosen) else None),
            groups=[*groups, *_unlisted(typed, groups)],
            standing=choices.standing_approvals(session, visitor),
            connected=choices.connected(session, visitor.tenant),
            signed=approvals.signatures(session, action, version) if action and version else 0,
            zone=action.schedule.zone if action else visitor.time_zone,
        )


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,18}", text))


def _unlisted(typed: Typed, groups: choices.Options) -> list[tuple[str, str]]:
    """Groups that were chosen and are not on the list: they stay chosen."""
    listed = {number for number, _ in groups}
    return [(each, f"Group {each}") for each in typed.all("payload.groups") if each not in listed]


def _preview(visitor: Visitor, type: ActionType, typed: Typed, part: str) -> HTMLResponse:
    """A page for the frame in the form: it can do nothing but be looked at."""
    with visitor.records() as session:
        try:
            written, wrong = action_preview.read(session, visitor, type, typed), {}
        except CORRECTABLE as error:
            written, wrong = None, action_form.troubles(error)
    if written is not None and part == "html" and written.read.html:
        return HTMLResponse(written.read.html, headers={"Content-Security-Policy": headers.LETTERS})
    return _frame(type, written, troubles=wrong, wants_html=part == "html")


def _frame(
    type: ActionType,
    written: Letter | None,
    *,
    troubles: Mapping[str, str] = MappingProxyType({}),
    wants_html: bool = False,
    begins: bool = False,
) -> HTMLResponse:
    page = rendering.bare_page(
        "action_preview.html",
        type=type,
        letter=written,
        troubles=troubles,
        wants_html=wants_html,
        begins=begins,
    )
    page.headers["Content-Security-Policy"] = headers.LETTERS
    return page
