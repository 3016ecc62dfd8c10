"""Adding an upload: its lines become events beside all others, each once, whatever is killed meanwhile.

First the records say which events are this upload's, then the warehouse takes them under a token of their own, then the
records say how far the run is. Killed in between, the next run comes to the same events and the same token.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from marketing_pipelines.requests.working import Outcome, Turn
from store import events, records
from store.audit import Actor, ActorKind
from store.records import uploads
from store.records.database import Session
from store.records.schema import NotUsable, TenantId
from store.records.uploads import Upload
from store.settings import Role, Settings

if TYPE_CHECKING:
    import polars as pl

AT_A_TIME = 2_000
_NO_TEXT = (
    "sid", "sid_kind", "url", "referrer", "utm_term", "utm_content", "click_id", "ip", "country", "city", "user_agent",
)  # fmt: skip

Lines = Sequence[Mapping[str, Any]]


def add(turn: Turn) -> Outcome:
    """Adds what was confirmed; a run that takes over from a dead one goes on where that one was."""
    with turn.step() as session:
        upload = _upload(session, turn)
        lines, begun, received_at = upload.lines, upload.taken, upload.confirmed_at
    assert received_at is not None, "a run is asked for when somebody confirms"
    client = events.connect(turn.settings, run_id=turn.taken.run_id)
    try:
        for start in range(begun, len(lines), AT_A_TIME):
            _add_some(turn, client, lines[start : start + AT_A_TIME], start, received_at)
    finally:
        client.close()
    with turn.step() as session:
        upload = _upload(session, turn)
        if upload.added_at is None:
            uploads.is_added(session, turn.taken.actor, upload)
        return {"lines": upload.taken, "added": upload.added, "known": upload.taken - upload.added}


def let_go_of_undecided(settings: Settings) -> int:
    """Forgets the lines that nobody has confirmed in time; gives how many lists."""
    actor = Actor(ActorKind.SENSOR, "undecided_uploads")
    with records.session(settings, Role.PIPELINES) as session:
        return uploads.let_go_of_undecided(session, actor)


def shipped(tenant: TenantId, upload: int, lines: Lines, received_at: datetime) -> "pl.DataFrame":
    """Rows of raw.events as a signed server would have sent them, with what today's rules make of each."""
    import polars as pl

    from marketing_pipelines.events.normalising import normalised

    moment, text = pl.Datetime("ms", "UTC"), pl.String
    said = pl.DataFrame(
        {
            "event_id": [line["event_id"] for line in lines],
            "event": [line["event"] for line in lines],
            "occurred_at": [line["at"] for line in lines],
            "user_id": [line.get("user_id", "") for line in lines],
            "utm_source": [line.get("source", "") for line in lines],
            "utm_medium": [line.get("medium", "") for line in lines],
            "utm_campaign": [line.get("campaign", "") for line in lines],
            "value": [line.get("value") for line in lines],
            "currency": [line.get("currency", "") for line in lines],
            "props": [_props(upload, line) for line in lines],
            "position": [line["line"] for line in lines],
        },
        schema_overrides={"value": text, "position": pl.UInt64},
    )
    written = said.with_columns(
        pl.col("occurred_at").cast(moment),
        pl.col("value").cast(pl.Decimal(18, 4)),
        pl.lit(tenant, pl.Int64).alias("tenant_id"),
        pl.lit(received_at).cast(moment).alias("received_at"),
        pl.lit("server").alias("trust"),
        pl.lit("unknown").alias("consent"),
        pl.lit([], pl.List(text)).alias("signals"),
        pl.lit(f"upload/{upload}").alias("segment"),
        *(pl.lit("").alias(name) for name in _NO_TEXT),
    )
    return pl.concat([written, normalised(written)], how="horizontal")


def _add_some(turn: Turn, client: events.Client, lines: Lines, start: int, received_at: datetime) -> None:
    tenant, number = turn.taken.tenant, turn.taken.subject
    with turn.step() as session:
        mine = uploads.claim(session, _upload(session, turn), [line["event_id"] for line in lines])
    fresh = [line for line in lines if line["event_id"] in mine]
    if fresh:
        rows = shipped(tenant, number, fresh, received_at).to_arrow()
        events.append(client, "raw.events", rows, token=f"upload:{number}:{start}")
    with turn.step() as session:
        uploads.note_taken(session, _upload(session, turn), lines=len(lines), added=len(fresh))


def _props(upload: int, line: Mapping[str, Any]) -> str:
    told = {name: line[name] for name in ("contact_id", "order_id", "reference") if name in line}
    return msgspec.json.encode({**told, "upload_id": upload}).decode()


def _upload(session: Session, turn: Turn) -> Upload:
    upload = uploads.by_number(session, turn.taken.tenant, turn.taken.subject)
    if upload is None or upload.discarded_at is not None:
        raise NotUsable("There is no such upload any more.")
    return upload
