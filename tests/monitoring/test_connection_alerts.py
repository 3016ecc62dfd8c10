"""Connections that break or are about to end are told of once, and the alert is over when somebody has connected again."""

from datetime import timedelta

from sqlalchemy import text

from marketing_pipelines.monitoring import alerting
from store import records
from store.audit import Actor, ActorKind
from store.clock import now
from store.records import connections
from store.records.connections import Connection
from store.records.schema import ConnectionId
from store.settings import Role
from tests.monitoring.conftest import Receiver
from tests.outbound.office import Office

DAY = timedelta(days=1)


def actor(office: Office) -> Actor:
    return Actor(ActorKind.USER, str(office.author))


def connected(office: Office, ends_in: timedelta | None = None) -> ConnectionId:
    granted: dict[str, object] = {"access_token": "a-secret"}
    if ends_in is not None:
        granted |= {"expires_at": int((now() + ends_in).timestamp())}
    with records.session(office.settings, Role.PIPELINES) as session:
        row = connections.connect(
            session, office.settings, actor(office), office.tenant, "meta", "Somebody's name", granted
        )
        return ConnectionId(row.id)


def watched(office: Office) -> None:
    """By one who has been there for long."""
    alerting.raise_alerts(office.settings, came_at=now() - timedelta(hours=1))
    while alerting.tell(office.settings):
        pass


def alerts(office: Office) -> list[tuple[str, str, bool]]:
    """Kind, subject and whether it is over, of this tenant's."""
    query = text(
        "select kind, subject, closed_at is not null from alerts where tenant_id = :tenant order by id"
    )
    with records.session(office.settings, Role.OWNER) as session:
        told = session.execute(query, {"tenant": office.tenant})
        return [(kind, subject, is_over) for kind, subject, is_over in told]


def test_a_connection_that_breaks_is_told_once_and_over_when_it_is_mended(
    office: Office, receiver: Receiver
) -> None:
    number = connected(office)
    watched(office)
    assert alerts(office) == []
    with records.session(office.settings, Role.PIPELINES) as session:
        connections.mark_broken(
            session.get_one(Connection, number), ValueError("taken back: a-secret-of-theirs")
        )
    watched(office)
    watched(office)
    subject = f"connection/{number}"
    assert alerts(office) == [("connection_broken", subject, False)]
    [call] = receiver.told(office)
    assert "Meta (Facebook and Instagram) has to be connected again" in call["text"]
    assert "secret" not in str(call)
    assert "Somebody's name" not in str(call)
    with records.session(office.settings, Role.PIPELINES) as session:
        row = session.get_one(Connection, number)
        connections.reconnect(session, office.settings, actor(office), row, {"access_token": "new"}, ())
    watched(office)
    assert alerts(office) == [("connection_broken", subject, True)]


def test_what_ends_within_a_week_is_told_before(office: Office, receiver: Receiver) -> None:
    connected(office, 8 * DAY)
    connected(office)
    soon = connected(office, 6 * DAY)
    watched(office)
    watched(office)
    assert alerts(office) == [("connection_ends", f"connection/{soon}", False)]
    [call] = receiver.told(office)
    assert "The connection to Meta (Facebook and Instagram) ends" in call["text"]
    with records.session(office.settings, Role.PIPELINES) as session:
        connections.disconnect(session, actor(office), session.get_one(Connection, soon))
    watched(office)
    assert alerts(office) == [("connection_ends", f"connection/{soon}", True)]
