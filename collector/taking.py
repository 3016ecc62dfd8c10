"""The events of one request: an answer for each, and the records that go to the log. Pure."""

from collections.abc import Callable

import msgspec

from collector.admission import Admission
from collector.answers import Result
from collector.directory import Sender
from collector.duplicates import DurableIds
from collector.edge_log import EVENTS
from collector.edge_log.lines import add_line
from collector.incoming import IncomingEvent, Opened
from collector.refusals import Refused

SenderOf = Callable[[IncomingEvent], Sender]


class Taken(msgspec.Struct):
    """One that is refused does not cost the others."""

    results: list[Result] = []
    records: bytearray = msgspec.field(default_factory=bytearray)
    accepted: int = 0
    chosen_ids: dict[tuple[int, str], None] = {}
    refused: list[tuple[Refused, bytes]] = []
    duplicates: int = 0

    def to_be_sent_again(self) -> list[Result]:
        """The answers when the log could not keep what was accepted, nor what was a copy of it."""
        ours = {chosen for _, chosen in self.chosen_ids}
        return [
            Result(it.id, "retry")
            if it.status == "ok" or (it.status == "duplicate" and it.id in ours)
            else it
            for it in self.results
        ]


def take(opened: Opened, sender_of: SenderOf, admission: Admission, durable: DurableIds) -> Taken:
    """Looks at each event of a request by itself."""
    taken = Taken()
    results, records = taken.results, taken.records
    for place, event in enumerate(opened.events):
        tenant_id = 0
        try:
            if isinstance(event, Refused):
                raise event
            sender = sender_of(event)
            tenant_id = sender.rules.tenant_id
            chosen = (tenant_id, event.id) if event.id else None
            if chosen and (chosen in durable or chosen in taken.chosen_ids):
                taken.duplicates += 1
                results.append(Result(chosen[1], "duplicate"))
                continue
            entry = admission.admit(event, sender)
        except Refused as refused:
            refused.tenant_id = refused.tenant_id or tenant_id
            taken.refused.append((refused, opened.raw(place)))
            event_id = "" if isinstance(event, Refused) else event.id or ""
            results.append(Result(event_id, "rejected", str(refused)))
            continue
        add_line(records, EVENTS, entry)
        taken.accepted += 1
        results.append(Result(entry.event_id, "ok"))
        if chosen:
            taken.chosen_ids[chosen] = None
    return taken
