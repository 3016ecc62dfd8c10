"""The events of one request: an answer for each, and the records that go to the log."""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from collector import incoming
from collector.admission import Circumstances, Sender, admit
from collector.answers import Result
from collector.duplicates import DurableIds
from collector.edge_log import LoggedRejection, Topic
from collector.edge_log.framing import framed
from collector.incoming import Envelope, IncomingEvent
from collector.refusals import Refused

KEPT_OF_REFUSED = 1024

SenderOf = Callable[[IncomingEvent], Sender]

packed = msgspec.msgpack.Encoder().encode


@dataclass(slots=True)
class Taken:
    """One that is refused does not cost the others."""

    results: list[Result] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    chosen_ids: list[tuple[int, str]] = field(default_factory=list)
    refusals: list[Refused] = field(default_factory=list)
    accepted: int = 0
    duplicates: int = 0

    def to_be_sent_again(self) -> list[Result]:
        """The answers when the log could not keep what was accepted."""
        return [Result(it.id, "retry") if it.status == "ok" else it for it in self.results]


def take(
    envelope: Envelope, sender_of: SenderOf, around: Circumstances, durable: DurableIds, topic: Topic
) -> Taken:
    """Looks at each event of the envelope by itself."""
    taken = Taken()
    for raw in envelope.events or ():
        event: IncomingEvent | None = None
        try:
            event = incoming.event_of(raw)
            _take_one(taken, event, sender_of(event), envelope, around, durable, topic)
        except Refused as refused:
            taken.refusals.append(refused)
            taken.results.append(Result((event and event.id) or "", "rejected", str(refused)))
            taken.frames.append(rejection(refused, bytes(raw), around))
    return taken


def _take_one(
    taken: Taken,
    event: IncomingEvent,
    sender: Sender,
    envelope: Envelope,
    around: Circumstances,
    durable: DurableIds,
    topic: Topic,
) -> None:
    chosen = (sender.tenant_id, event.id) if event.id else None
    if chosen and (chosen in durable or chosen in taken.chosen_ids):
        taken.duplicates += 1
        taken.results.append(Result(chosen[1], "duplicate"))
        return
    try:
        entry = admit(event, sender, around, sent_at=envelope.sent_at, consent=envelope.consent)
    except Refused as refused:
        refused.tenant_id = sender.tenant_id
        raise
    taken.frames.append(framed(topic, packed(entry)))
    taken.results.append(Result(entry.event_id, "ok"))
    taken.accepted += 1
    if chosen:
        taken.chosen_ids.append(chosen)


def rejection(refused: Refused, payload: bytes, around: Circumstances) -> bytes:
    """The record of a refusal, so that a broken integration can be seen and mended."""
    entry = LoggedRejection(
        received_at=around.received_ms,
        tenant_id=refused.tenant_id,
        reason=refused.reason.value,
        detail=refused.detail,
        topic=Topic.EVENTS.label,
        payload=_kept(payload, around),
    )
    return framed(Topic.REJECTS, packed(entry))


def _kept(payload: bytes, around: Circumstances) -> str:
    """The head of what was refused, unless the visitor objects: it may hold an id that cannot be parsed out."""
    if around.objects or b"denied" in payload or b"false" in payload:
        return ""
    return payload[:KEPT_OF_REFUSED].decode("utf-8", "replace")
