"""What calls for an alert, read off the records by state: no code path can forget to raise one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from store.clock import now
from store.records import gate, turns
from store.records.action_states import State
from store.records.actions import Action
from store.records.alerts import Alert, AlertKind, was_acknowledged
from store.records.approvals import Approval
from store.records.connections import WARNS_AHEAD, Connection, ConnectionStatus
from store.records.deliveries import Delivery, DeliveryState
from store.records.delivery_events import DeliveryEvent, EventKind
from store.records.kill_switches import SwitchTurn, Turn
from store.records.tenants import Tenant

# What ended longer ago is no news; a watcher that was away for less misses nothing.
LOOKS_BACK = timedelta(days=7)
GATE = "gate"
NO_ACCIDENT = 3
_COLUMNS = ["tenant_id", "kind", "subject", "occurred_at", "action_id", "about"]
_KIND_OF = {
    State.FAILED.value: AlertKind.ACTION_FAILED.value,
    State.PARTIALLY_FAILED.value: AlertKind.ACTION_PARTLY_FAILED.value,
    State.EXPIRED.value: AlertKind.ACTION_EXPIRED.value,
}

_SUBJECT_OF_CONNECTION = func.concat("connection/", Connection.id)

Sighting = Select[Any]


@dataclass(frozen=True, slots=True)
class Tolerated:
    """Which percentage of an action's mails may bounce for good, and be reported as spam."""

    bounces: float
    complaints: float


def is_my_turn(session: Session) -> bool:
    """Whether no other watcher is looking this very moment; holds until the transaction ends."""
    return turns.is_free(session, turns.Turn.LOOKING_FOR_ALERTS)


def raise_new(session: Session, gate_silent_after: timedelta | None, tolerated: Tolerated) -> Sequence[Alert]:
    """An alert for each thing that has none yet; of the gate's silence only for those who have listened long enough."""
    since = now() - LOOKS_BACK
    sightings = [_ended_badly(since), _unknown(since), _broken_glass(since), _pulled(since)]
    sightings += [_broken_connections(), _ending_connections(), _unwelcome(since, tolerated)]
    if gate_silent_after and (silence := _silence(session, gate_silent_after)) is not None:
        sightings.append(silence)
    raised: list[Alert] = []
    for sighting in sightings:
        rows = insert(Alert).from_select(_COLUMNS, sighting).on_conflict_do_nothing().returning(Alert)
        raised += session.scalars(rows)
    return raised


def close_what_is_over(session: Session) -> None:
    """The gate looks again; nothing of an action is unknown any more."""
    still_unknown = exists(
        select(Delivery.id).where(
            Delivery.tenant_id == Alert.tenant_id,
            Delivery.action_id == Alert.action_id,
            Delivery.state == DeliveryState.UNKNOWN,
        )
    )
    over = [
        and_(Alert.kind == AlertKind.DELIVERIES_UNKNOWN, ~still_unknown),
        and_(Alert.kind == AlertKind.CONNECTION_BROKEN, ~_still(_is_broken())),
        and_(Alert.kind == AlertKind.CONNECTION_ENDS, ~_still(_is_ending())),
    ]
    if seen := gate.last_seen(session):
        over.append(and_(Alert.kind == AlertKind.GATE_SILENT, Alert.occurred_at < seen))
    session.execute(update(Alert).where(Alert.closed_at.is_(None), or_(*over)).values(closed_at=now()))


def _ended_badly(since: datetime) -> Sighting:
    found = (
        select(
            Action.tenant_id.label("tenant_id"),
            case(_KIND_OF, value=cast(Action.state, String)).label("kind"),
            func.concat("action/", Action.id).label("subject"),
            Action.updated_at.label("occurred_at"),
            Action.id.label("action_id"),
            func.jsonb_build_object(
                "version", Action.version, "outcome", func.coalesce(Action.outcome, text("'{}'::jsonb"))
            ).label("about"),
        )
        .where(Action.state.in_(_KIND_OF), Action.updated_at > since)
        .subquery()
    )
    return select(found).where(~exists().where(_same(found.c), Alert.occurred_at == found.c.occurred_at))


def _unknown(since: datetime) -> Sighting:
    """Of an action whose unknown messages somebody has been told of, more are news once that was seen."""
    found = (
        select(
            Delivery.tenant_id.label("tenant_id"),
            literal(AlertKind.DELIVERIES_UNKNOWN.value).label("kind"),
            func.concat("action/", Delivery.action_id).label("subject"),
            func.max(Delivery.settled_at).label("occurred_at"),
            Delivery.action_id.label("action_id"),
            func.jsonb_build_object("unknown", func.count()).label("about"),
        )
        .where(Delivery.state == DeliveryState.UNKNOWN, Delivery.settled_at > since)
        .group_by(Delivery.tenant_id, Delivery.action_id)
        .subquery()
    )
    waits = and_(Alert.closed_at.is_(None), ~was_acknowledged())
    known = or_(waits, Alert.occurred_at >= found.c.occurred_at)
    return select(found).where(~exists().where(_same(found.c), known))


def _unwelcome(since: datetime, tolerated: Tolerated) -> Sighting:
    """Told once an action. A few are no trend, however few were sent."""
    readers = func.count(DeliveryEvent.delivery_id.distinct())
    told = (
        select(
            DeliveryEvent.tenant_id.label("tenant_id"),
            DeliveryEvent.action_id.label("action_id"),
            readers.filter(DeliveryEvent.kind == EventKind.BOUNCE).label("bounced"),
            readers.filter(DeliveryEvent.kind == EventKind.SPAM_REPORT).label("complained"),
            func.max(DeliveryEvent.created_at).label("occurred_at"),
        )
        # Written out, so that it is asked of the index of these alone.
        .where(text("kind in ('bounce', 'spam_report')"), DeliveryEvent.created_at > since)
        .group_by(DeliveryEvent.tenant_id, DeliveryEvent.action_id)
        .subquery()
    )
    sent = (
        select(func.count(Delivery.id))
        .where(
            Delivery.tenant_id == told.c.tenant_id,
            Delivery.action_id == told.c.action_id,
            Delivery.state == DeliveryState.SENT,
        )
        .scalar_subquery()
    )
    found = (
        select(
            told.c.tenant_id,
            literal(AlertKind.MAIL_UNWELCOME.value).label("kind"),
            func.concat("action/", told.c.action_id).label("subject"),
            told.c.occurred_at,
            told.c.action_id,
            func.jsonb_build_object(
                "bounced", told.c.bounced, "complained", told.c.complained, "sent", sent
            ).label("about"),
        )
        .where(
            or_(
                _too_many(told.c.bounced, sent, tolerated.bounces),
                _too_many(told.c.complained, sent, tolerated.complaints),
            )
        )
        .subquery()
    )
    return select(found).where(~exists().where(_same(found.c)))


def _too_many(count: Any, sent: Any, percent: float) -> ColumnElement[bool]:
    return and_(count >= NO_ACCIDENT, count * 100.0 > sent * percent)


def _broken_glass(since: datetime) -> Sighting:
    found = (
        select(
            Approval.tenant_id.label("tenant_id"),
            literal(AlertKind.GLASS_BROKEN.value).label("kind"),
            func.concat("approval/", Approval.id).label("subject"),
            Approval.created_at.label("occurred_at"),
            Approval.action_id.label("action_id"),
            func.jsonb_build_object("version", Approval.version, "user", Approval.user_id).label("about"),
        )
        .where(Approval.break_glass, Approval.created_at > since)
        .subquery()
    )
    return select(found).where(~exists().where(_same(found.c)))


def _pulled(since: datetime) -> Sighting:
    found = (
        select(
            SwitchTurn.tenant_id.label("tenant_id"),
            literal(AlertKind.KILL_SWITCH_PULLED.value).label("kind"),
            func.concat("kill_switch_turn/", SwitchTurn.id).label("subject"),
            SwitchTurn.created_at.label("occurred_at"),
            cast(null(), BigInteger).label("action_id"),
            func.jsonb_build_object(
                "scope", SwitchTurn.scope, "subject", SwitchTurn.subject, "by", SwitchTurn.turned_by
            ).label("about"),
        )
        .where(SwitchTurn.turn == Turn.PULLED, SwitchTurn.created_at > since)
        .subquery()
    )
    return select(found).where(~exists().where(_same(found.c)))


def _broken_connections() -> Sighting:
    """However long ago: nothing is read through it until somebody connects it again."""
    return _of_connections(AlertKind.CONNECTION_BROKEN, Connection.changed_at, _is_broken())


def _ending_connections() -> Sighting:
    return _of_connections(AlertKind.CONNECTION_ENDS, Connection.ends_at, _is_ending())


def _of_connections(kind: AlertKind, moment: Any, of: ColumnElement[bool]) -> Sighting:
    found = (
        select(
            Connection.tenant_id.label("tenant_id"),
            literal(kind.value).label("kind"),
            _SUBJECT_OF_CONNECTION.label("subject"),
            moment.label("occurred_at"),
            cast(null(), BigInteger).label("action_id"),
            func.jsonb_build_object("connection", Connection.id, "channel", Connection.channel).label(
                "about"
            ),
        )
        .where(of)
        .subquery()
    )
    return select(found).where(~exists().where(_same(found.c), Alert.occurred_at == found.c.occurred_at))


def _still(of: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the connection that the alert of the query around this tells of is like that."""
    mine = and_(Connection.tenant_id == Alert.tenant_id, Alert.subject == _SUBJECT_OF_CONNECTION)
    return exists(select(Connection.id).where(mine, of))


def _is_broken() -> ColumnElement[bool]:
    return Connection.status == ConnectionStatus.NEEDS_RECONNECT


def _is_ending() -> ColumnElement[bool]:
    return and_(Connection.status == ConnectionStatus.CONNECTED, Connection.ends_at < now() + WARNS_AHEAD)


def _silence(session: Session, after: timedelta) -> Sighting | None:
    """No sensor has looked for work for so long; one that never has, not since there was a tenant."""
    seen = gate.last_seen(session) or session.scalar(select(func.min(Tenant.created_at)))
    if seen is None or seen > now() - after:
        return None
    known = exists().where(Alert.kind == AlertKind.GATE_SILENT, Alert.occurred_at == seen)
    return select(
        cast(null(), BigInteger),
        literal(AlertKind.GATE_SILENT.value),
        literal(GATE),
        literal(seen, DateTime(timezone=True)),
        cast(null(), BigInteger),
        cast({"seconds": int(after.total_seconds())}, JSONB),
    ).where(~known)


def _same(found: Any) -> ColumnElement[bool]:
    """The alert is of this tenant, kind and subject."""
    return and_(
        Alert.tenant_id.is_not_distinct_from(found.tenant_id),
        Alert.kind == found.kind,
        Alert.subject == found.subject,
    )
