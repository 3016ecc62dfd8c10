"""An office that writes, approves and sends mail, and a real mail server whose log is the judge."""

import asyncio
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select, text

from connectors.face import Channel
from connectors.sandbox import CREDENTIALS
from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.outbound import executor, payloads
from marketing_pipelines.outbound.freeze import freeze
from store import records
from store.audit import Actor, ActorKind
from store.records import actions, approvals, kill_switches, policies
from store.records.action_states import State
from store.records.actions import Action, ActionType, Purpose
from store.records.approvals import Decision
from store.records.hooks import HookCall
from store.records.kill_switches import EVERYTHING, Reach, Scope
from store.records.people import MemberRole, Membership, User
from store.records.schedules import Schedule
from store.records.schema import ActionId, TenantId, UserId
from store.records.tenants import Tenant
from store.settings import Role, Settings
from tests.conftest import environment_of

ONE_RUN = """
import os
from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.outbound import executor, payloads
from store.settings import current

settings = current()
executor.execute(settings, f"process-{os.getpid()}")
"""
STILL_AT_IT = f"""
select pid from pg_stat_activity
where usename = '{Role.PIPELINES}' and state != 'idle' and pid != pg_backend_pid() and :id is not null
"""


@dataclass(frozen=True, slots=True)
class Received:
    to: str
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=policy.SMTP)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class MailServer:
    """What a real server was given; `refusals` and `slowness` make it a difficult one."""

    received: list[Received] = field(default_factory=list)
    refusals: dict[str, list[str]] = field(default_factory=dict)
    slowness: float = 0.0
    port: int = 0

    async def handle_RCPT(self, *given: Any) -> str:
        _, _, envelope, address, _ = given
        if self.refusals.get(address):
            return self.refusals[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, *given: Any) -> str:
        _, _, envelope = given
        if self.slowness:
            await asyncio.sleep(self.slowness)
        content = envelope.original_content or b""
        self.received.extend(Received(address, content) for address in envelope.rcpt_tos)
        return "250 Message accepted"

    @property
    def recipients(self) -> Counter[str]:
        return Counter(received.to for received in self.received)


@dataclass
class Office:
    """A tenant with an author and an approver, and the very functions that console and gate use."""

    settings: Settings
    tenant: TenantId
    author: UserId
    approver: UserId

    def draft(
        self,
        *,
        to: list[str] | None = None,
        body: str = "Hello there.",
        type: ActionType = ActionType.EMAIL,
        payload: dict[str, Any] | None = None,
        purpose: Purpose = Purpose.MARKETING,
        due_at: datetime | None = None,
        **more: Any,
    ) -> ActionId:
        mail = {"recipients": to or ["reader@example.com"], "subject": "News", "body": body}
        checked = payloads.checked(type, payload or mail)
        with self.console() as session:
            action = actions.create(
                session,
                self.tenant,
                self.by(self.author),
                type=type,
                channel=checked.channel,
                payload=checked.payload,
                purpose=purpose,
                author=self.author,
                schedule=more.pop("schedule", Schedule(due_at)),
                **more,
            )
            return ActionId(action.id)

    def submit(self, action_id: ActionId, holds: timedelta = timedelta(hours=1)) -> bytes:
        with self.console() as session:
            action = self.locked(session, action_id)
            frozen = freeze(session, self.settings, action)
            actions.submit(
                session, action, replace(frozen, holds=holds), self.by(self.author), by=self.author
            )
            return frozen.hash

    def approve(
        self, action_id: ActionId, manifest_hash: bytes, decision: Decision = Decision.APPROVED
    ) -> None:
        with self.console() as session:
            approvals.decide(
                session,
                self.tenant,
                action_id,
                decision,
                user=self.approver,
                role=MemberRole.APPROVER,
                manifest_hash=manifest_hash,
                note="as agreed",
            )

    def colleague(self, role: MemberRole = MemberRole.APPROVER) -> "Office":
        """The same office with somebody else at the approver's desk."""
        return replace(self, approver=member(self.settings, self.tenant, role))

    def choose(self, *rules: dict[str, Any], **policy: Any) -> None:
        """Gives the tenant a policy."""
        with records.session(self.settings, Role.OWNER) as session:
            tenant = session.get_one(Tenant, self.tenant)
            policies.choose(session, self.by(self.author), tenant, {"rules": list(rules), **policy})

    def approved(self, **draft: Any) -> ActionId:
        action_id = self.draft(**draft)
        self.sign(action_id)
        return action_id

    def sign(self, action_id: ActionId) -> None:
        """Submits it and has it approved by as many as it takes."""
        manifest_hash = self.submit(action_id)
        self.approve(action_id, manifest_hash)
        while self.now(action_id).state is State.PENDING_APPROVAL:
            self.colleague().approve(action_id, manifest_hash)

    def edit(self, action_id: ActionId, body: str) -> None:
        with self.console() as session:
            action = self.locked(session, action_id)
            payload = {**action.payload, "body": body}
            actions.edit(session, action, self.by(self.author), payload, action.channel)

    def send(self, **changed: Any) -> Counter[State]:
        """One run of the gate's job, from start to end."""
        settings = self.settings.model_copy(update=changed)
        return executor.execute(settings, f"run-{uuid.uuid4().hex[:8]}")

    @contextmanager
    def sender(self, drain_seconds: int = 300) -> Iterator[subprocess.Popen[bytes]]:
        """A run of its own in a process of its own, killed at the end if it still lives."""
        environment = environment_of(self.settings) | {
            "SMTP_HOST": self.settings.smtp_host,
            "SMTP_PORT": str(self.settings.smtp_port),
            "SMTP_TLS": "false",
            "GATE_DRAIN_SECONDS": str(drain_seconds),
        }
        child = subprocess.Popen([sys.executable, "-c", ONE_RUN], env=environment)
        try:
            yield child
        finally:
            child.kill()
            child.wait()

    def now(self, action_id: ActionId) -> Action:
        with self.console() as session:
            return self.locked(session, action_id)

    def delivered(self, action_id: ActionId) -> Counter[str]:
        return Counter(
            self.column("select state from deliveries where action_id = :id order by id", action_id)
        )

    def column(self, query: str, action_id: ActionId) -> list[Any]:
        with records.session(self.settings, Role.PIPELINES) as session:
            return list(session.scalars(text(query), {"id": action_id}))

    def left_of_calls(self) -> list[bytes]:
        """What is still there of each call that a provider has made."""
        with records.session(self.settings, Role.OWNER) as session:
            mine = select(HookCall.body).where(HookCall.tenant_id == self.tenant).order_by(HookCall.id)
            return list(session.scalars(mine))

    def tamper(self, statement: str, action_id: ActionId) -> None:
        """Somebody with the owner's log-in changes what the application would never change."""
        with records.session(self.settings, Role.OWNER) as session:
            changed = session.execute(text(statement), {"id": action_id})
            assert changed.rowcount, f"nothing was changed by {statement}"  # type: ignore[attr-defined]

    def let_leases_lapse(self, action_id: ActionId) -> None:
        """What a run that was killed leaves behind, two minutes later; Postgres has noticed by then."""
        wait_for(lambda: not self.column(STILL_AT_IT, action_id))
        past = "leased_until = now() - interval '1 second'"
        with records.session(self.settings, Role.OWNER) as session:
            for table in ("slices", "deliveries"):
                session.execute(
                    text(f"update {table} set {past} where action_id = :id and leased_until is not null"),
                    {"id": action_id},
                )

    def pull(self, scope: Scope = Scope.TENANT, subject: str = EVERYTHING) -> None:
        """Pulls a kill switch."""
        with self.console() as session:
            kill_switches.pull(session, self.by(self.approver), self.reach(scope, subject))

    def release(self, scope: Scope = Scope.TENANT, subject: str = EVERYTHING) -> None:
        """Releases it again, the approver and an operator together."""
        with records.session(self.settings, Role.PIPELINES) as session:
            reach = self.reach(scope, subject)
            assert not kill_switches.release(session, self.by(self.approver), reach)
            assert kill_switches.release(session, Actor(ActorKind.OPERATOR, "root"), reach)

    @contextmanager
    def pulled(self, scope: Scope, subject: str) -> Iterator[None]:
        """While a switch is pulled; whatever fails meanwhile, it stops no other test."""
        self.pull(scope, subject)
        try:
            yield
        finally:
            self.release(scope, subject)

    def reach(self, scope: Scope, subject: str) -> Reach:
        return Reach(scope, None if scope is Scope.GLOBAL else self.tenant, subject)

    def console(self) -> Any:
        return records.session(self.settings, Role.CONSOLE, tenant=self.tenant)

    def locked(self, session: records.Session, action_id: ActionId) -> Action:
        action = actions.locked(session, self.tenant, action_id)
        assert action is not None
        return action

    @staticmethod
    def by(user: UserId) -> Actor:
        return Actor(ActorKind.USER, str(user))


def an_office(house: Settings, tenant: TenantId, port: int) -> Office:
    settings = house.model_copy(
        update={
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "smtp_tls": False,
            "mail_from": "Shop <shop@example.com>",
            "gate_drain_seconds": 0,
        }
    )
    author, approver = (member(house, tenant, role) for role in (MemberRole.MARKETER, MemberRole.APPROVER))
    return Office(settings, tenant, author, approver)


def over_sendgrid(settings: Settings, sandbox: str) -> Settings:
    """The same, with mail over the SendGrid of the sandbox at this address."""
    key = SecretStr(CREDENTIALS[Channel.SENDGRID]["api_key"])
    address = f"{sandbox}/{Channel.SENDGRID}"
    return settings.model_copy(update={"sendgrid_api_key": key, "sendgrid_url": address})


def member(house: Settings, tenant: TenantId, role: MemberRole) -> UserId:
    """Somebody who works for the tenant."""
    with records.session(house, Role.OWNER) as session:
        user = User(email=f"{uuid.uuid4().hex[:12]}@example.com", name="x", password_hash="x")
        session.add(user)
        session.flush()
        session.add(Membership(tenant_id=tenant, user_id=UserId(user.id), role=role))
        return UserId(user.id)


def house_resource(settings: Settings) -> SettingsResource:
    """The resource of the assets, with the settings of this test."""

    class TheseSettings(SettingsResource):
        def settings(self) -> Settings:
            return settings

    return TheseSettings()


def wait_for(condition: Any, within: float = 60.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        time.sleep(0.01)
