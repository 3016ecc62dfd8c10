"""What Twilio tells of texts: who has said STOP or START, and what became of ours.

A call was proven at the collector's door. Whoever answers STOP is left alone whatever the text was; what became of a text is
kept only where it was one of ours.
"""

from collections import Counter

from connectors import sms_calls, sms_refusals
from connectors.errors import Invalid
from connectors.sms_calls import Answered, Stage, Status, Wish
from connectors.sms_refusals import Fate
from marketing_pipelines.hooks import interpreting
from marketing_pipelines.outbound.kinds.text_message import key_of
from store.audit import Actor, ActorKind
from store.records import delivery_events, hooks, text_opt_outs
from store.records.database import Session
from store.records.delivery_events import EventKind, NewEvent
from store.records.hooks import HookCall, Waiting
from store.settings import Settings

PROVIDER = "twilio"

_ACTOR = Actor(ActorKind.PROVIDER, PROVIDER)
_ARRIVAL = {Stage.SENT: EventKind.PROCESSED, Stage.DELIVERED: EventKind.DELIVERED}
_LOSS = {
    Fate.UNWANTED: EventKind.UNSUBSCRIBE,
    Fate.NEVER: EventKind.BOUNCE,
    Fate.THIS_TIME: EventKind.BLOCKED,
}


def waiting(settings: Settings) -> Waiting | None:
    return interpreting.waiting(settings, PROVIDER)


def interpret(settings: Settings) -> Counter[str]:
    """A STOP must not wait for a call that breaks."""
    return interpreting.interpret(settings, PROVIDER, _interpreted)


def _interpreted(session: Session, call: HookCall) -> Counter[str]:
    try:
        said = sms_calls.told(call.body)
    except Invalid as why:
        return interpreting.unreadable(session, call, f"the {why.field} {why.what}")
    tally = Counter[str](calls=1)
    tally += _heard(session, call, said) if isinstance(said, Answered) else _followed(session, call, said)
    hooks.mark_interpreted(session, call)
    return tally


def _heard(session: Session, call: HookCall, said: Answered) -> Counter[str]:
    """What anybody answers beside STOP and START is for people, and not kept here."""
    if not said.number or said.wish in (Wish.HELP, Wish.NONE):
        return Counter(answers=1)
    if said.wish is Wish.STOP:
        stopped = text_opt_outs.opt_out(session, call.tenant_id, _ACTOR, said.number, "answered STOP")
        return Counter(answers=1, opt_outs=int(stopped))
    began = text_opt_outs.opt_in(session, call.tenant_id, _ACTOR, said.number)
    return Counter(answers=1, opt_ins=int(began))


def _followed(session: Session, call: HookCall, said: Status) -> Counter[str]:
    tally = Counter[str]()
    kind, reason = _means(said)
    if kind is EventKind.UNSUBSCRIBE and said.to:
        told = "had said STOP, as Twilio told"
        tally["opt_outs"] += text_opt_outs.opt_out(session, call.tenant_id, _ACTOR, said.to, told)
    if kind is None or not said.to:
        return tally + Counter(on_the_way=1)
    hashed = text_opt_outs.hashes(session, call.tenant_id, [said.to])[said.to]
    to = delivery_events.of_text(session, call.tenant_id, key_of(hashed), said.id)
    if to is None:
        return tally + Counter(not_ours=1)
    at = max(call.received_at, to.planned_at)
    event = NewEvent(id=f"{said.id}:{said.said}", kind=kind, to=to, at=at, reason=reason)
    new = delivery_events.keep(session, call.tenant_id, PROVIDER, [event])
    return tally + Counter({kind.value if new else "told_before": 1})


def _means(said: Status) -> tuple[EventKind | None, str]:
    """Nothing where it is still on its way, and there is no reason where it arrived."""
    if said.stage is not Stage.LOST:
        return _ARRIVAL.get(said.stage), ""
    if said.code is None:
        return EventKind.BLOCKED, said.said
    fate = _LOSS[sms_refusals.fate_of(said.code)]
    return fate, f"{sms_refusals.words_of(said.code)} (code {said.code})"
