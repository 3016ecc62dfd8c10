"""A mail server and an office that sends through it."""

import socket
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller

from store import records
from store.records import gate
from store.records.action_states import State
from store.records.actions import Action
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.outbound.office import MailServer, Office, an_office


@pytest.fixture
def mail_server_log() -> Iterator[MailServer]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server = MailServer(port=unused.getsockname()[1])
    controller = Controller(server, hostname="127.0.0.1", port=server.port, ready_timeout=30)
    controller.start()
    yield server
    controller.stop()


@pytest.fixture
def office(house: Settings, tenant: TenantId, mail_server_log: MailServer) -> Office:
    return an_office(house, tenant, mail_server_log.port)


@pytest.fixture
def quiet(office: Office) -> None:
    """Nothing that an earlier test left is due, no run that it left seems to wait, and nobody reads."""
    with records.session(office.settings, Role.OWNER) as session:
        session.query(gate.Watcher).delete()
        session.query(gate.Slice).delete()
        for action in session.query(Action).filter(
            Action.state.in_([State.APPROVED, State.EXECUTING, State.HELD])
        ):
            if action.state is State.EXECUTING:
                action.state = State.HELD
                session.flush()
            action.state = State.CANCELLED
