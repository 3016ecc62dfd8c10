"""Outcomes of deliveries on their way into ClickHouse: each chunk once, as soon as ClickHouse is there."""

import logging

import pyarrow as pa
from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from store import events, records
from store.events import Client
from store.records import delivery_loads
from store.records.actions import Action
from store.records.deliveries import Delivery
from store.records.schema import ContactId
from store.settings import Role, Settings

TABLE = "raw.deliveries"
_CHUNKS_A_READ = 500

_COLUMNS = pa.schema(
    [
        ("tenant_id", pa.int64()),
        ("action_id", pa.int64()),
        ("version", pa.uint32()),
        ("step", pa.uint32()),
        ("recipient_key", pa.string()),
        ("contact_id", pa.int64()),
        ("occurrence", pa.uint32()),
        ("campaign_id", pa.int64()),
        ("channel", pa.string()),
        ("state", pa.string()),
        ("outcome", pa.string()),
        ("message_id", pa.string()),
        ("occurred_at", pa.timestamp("ms", tz="UTC")),
        ("run_id", pa.string()),
    ]
)

log = logging.getLogger(__name__)


def load(settings: Settings, client: Client) -> int:
    """Loads every settled chunk that ClickHouse has not got; the chunk's name lets it in only once."""
    loaded = 0
    while True:
        with records.session(settings, Role.PIPELINES) as session:
            chunks = delivery_loads.settled_chunks(session, _CHUNKS_A_READ)
        for chunk in chunks:
            loaded += _load_chunk(settings, client, chunk)
        if len(chunks) < _CHUNKS_A_READ:
            return loaded


def load_if_possible(settings: Settings, run_id: str) -> None:
    """Loads what it can; while ClickHouse is away nothing is lost, since Postgres remembers what it lacks."""
    try:
        client = events.connect(settings, run_id=run_id)
        try:
            load(settings, client)
        finally:
            client.close()
    except (ClickHouseError, OSError) as away:
        log.warning("ClickHouse did not take the deliveries; they will be loaded later: %s", away)


def _load_chunk(settings: Settings, client: Client, chunk: str) -> int:
    """If this dies between the two stores, the same token comes again and ClickHouse drops the copy."""
    with records.session(settings, Role.PIPELINES) as session:
        rows = delivery_loads.rows_of_chunk(session, chunk)
        table = pa.Table.from_pylist([_fact(*row) for row in rows], _COLUMNS)
        events.append(client, TABLE, table, token=f"deliveries:{chunk}")
        delivery_loads.mark_loaded(session, [delivery for delivery, _, _ in rows])
    return len(rows)


def _fact(delivery: Delivery, action: Action, contact: ContactId | None) -> dict[str, object]:
    return {
        "tenant_id": delivery.tenant_id,
        "action_id": delivery.action_id,
        "version": delivery.version,
        "step": delivery.step,
        "recipient_key": delivery.recipient_key,
        "contact_id": contact or 0,
        "occurrence": delivery.occurrence,
        "campaign_id": action.campaign_id or 0,
        "channel": action.channel.value,
        "state": delivery.state.value,
        "outcome": delivery.outcome,
        "message_id": delivery.message_id,
        "occurred_at": delivery.settled_at,
        "run_id": delivery.leased_by or "",
    }
