"""What an action would send: the frozen words of its version or, before that, those of the draft."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from marketing_pipelines.email import links, render
from marketing_pipelines.outbound import freeze, payloads
from marketing_pipelines.outbound.manifest import manifest_hash
from marketing_pipelines.outbound.payloads import PayloadError
from store.records import actions
from store.records.actions import Action, ActionRecipient, ActionVersion, State
from store.settings import Settings

SAMPLE = 5


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail with its envelope; `version` is None for a draft, and `intact` says that the hash still fits."""

    subject: str
    sender: str
    to: Sequence[str]
    count: int
    text: str
    html: str
    links: Sequence[str]
    findings: Sequence[dict[str, str]]
    risk: str
    connection: str
    dry_run: bool
    version: ActionVersion | None
    intact: bool

    @property
    def hash(self) -> str:
        return self.version.manifest_hash.hex() if self.version else ""


def of_action(session: Session, settings: Settings, action: Action) -> Letter | None:
    """None for a draft whose payload cannot be read as a mail."""
    version = None if action.state is State.DRAFT else actions.current_version(session, action)
    return _frozen(session, action, version) if version else _draft(settings, action)


def _frozen(session: Session, action: Action, version: ActionVersion) -> Letter:
    """The same rendering as the sender's, from the same manifest."""
    manifest = version.manifest
    sample = _sample(session, action)
    rendered = render.preview(manifest, sample[0].values if sample else {})
    return Letter(
        subject=rendered.subject,
        sender=rendered.sender,
        to=[str(recipient.values.get("email", "erased")) for recipient in sample],
        count=manifest["recipients"]["count"],
        text=rendered.text,
        html=rendered.html,
        links=manifest["links"],
        findings=manifest.get("findings", ()),
        risk=manifest.get("risk", {}).get("level", ""),
        connection=manifest["connection"],
        dry_run=manifest["dry_run"],
        version=version,
        intact=manifest_hash(manifest) == version.manifest_hash
        and _frozen_count(session, action) == manifest["recipients"]["count"],
    )


def _draft(settings: Settings, action: Action) -> Letter | None:
    try:
        mail = payloads.parse(action.type, action.payload)
    except PayloadError:
        return None
    read = freeze.as_read(settings, mail, action.purpose)
    return Letter(
        subject=read.subject,
        sender=read.sender,
        to=mail.audience[:SAMPLE],
        count=len(mail.audience),
        text=read.text,
        html=read.html,
        links=links.found_in(read.text, read.html),
        findings=(),
        risk="",
        connection=freeze.connection(settings),
        dry_run=action.dry_run,
        version=None,
        intact=True,
    )


def _sample(session: Session, action: Action) -> list[ActionRecipient]:
    return list(session.scalars(_of_version(action).order_by(ActionRecipient.id).limit(SAMPLE)))


def _frozen_count(session: Session, action: Action) -> int:
    return session.scalar(select(func.count()).select_from(_of_version(action).subquery())) or 0


def _of_version(action: Action) -> Select[tuple[ActionRecipient]]:
    return select(ActionRecipient).where(
        ActionRecipient.tenant_id == action.tenant_id,
        ActionRecipient.action_id == action.id,
        ActionRecipient.version == action.version,
    )
