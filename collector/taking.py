"""The events of one request: an answer for each, and the records that go to the log. Pure."""

from collections.abc import Callable

import msgspec

from collector.admission import Circumstances, Sender, admit
from collector.answers import Result
from collector.click_ids import ClickIds
from collector.duplicates import DurableIds
from collector.edge_log import EVENTS, LoggedEvent, line
from collector.incoming import IncomingEvent, Opened
from collector.refusals import Refused
from collector.visitors import Salts

SenderOf = Callable[[IncomingEvent], Sender]
CircumstancesOf = Callable[[IncomingEvent], Circumstances]

encoded = msgspec.json.Encoder().encode


class Taken(msgspec.Struct):
    """One that is refused does not cost the others."""

    results: list[Result] = []
    records: list[bytes] = []
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


def take(
    opened: Opened,
    sender_of: SenderOf,
    around_of: CircumstancesOf,
    salts: Salts,
    click_ids: ClickIds,
    durable: DurableIds,
) -> Taken:
    """Looks at each event of a request by itself."""
    taken = Taken()
    results, records = taken.results, taken.records
    for place, event in enumerate(opened.events):
        try:
            if isinstance(event, Refused):
                raise event
            sender = sender_of(event)
            chosen = (sender.rules.tenant_id, event.id) if event.id else None
            if chosen and (chosen in durable or chosen in taken.chosen_ids):
                taken.duplicates += 1
                results.append(Result(chosen[1], "duplicate"))
                continue
            entry = _admitted(event, sender, around_of(event), salts, click_ids, opened)
        except Refused as refused:
            taken.refused.append((refused, opened.raw(place)))
            event_id = "" if isinstance(event, Refused) else event.id or ""
            results.append(Result(event_id, "rejected", str(refused)))
            continue
        records.append(line(EVENTS, encoded(entry)))
        results.append(Result(entry.event_id, "ok"))
        if chosen:
            taken.chosen_ids[chosen] = None
    return taken


def _admitted(
    event: IncomingEvent,
    sender: Sender,
    around: Circumstances,
    salts: Salts,
    click_ids: ClickIds,
    opened: Opened,
) -> LoggedEvent:
    try:
        return admit(event, sender, around, salts, click_ids, sent_at=opened.sent_at, consent=opened.consent)
    except Refused as refused:
        refused.tenant_id = sender.rules.tenant_id
        raise
