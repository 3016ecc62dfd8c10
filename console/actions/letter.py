"""What an action would send: the frozen words of its version or, before that, those of the draft."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from marketing_pipelines.outbound import freeze, kinds, payloads
from marketing_pipelines.outbound.kinds.face import NotReady, Read, Surroundings
from marketing_pipelines.outbound.manifest import manifest_hash
from marketing_pipelines.outbound.payloads import PayloadError
from store.records import actions
from store.records.action_states import State
from store.records.actions import Action, ActionRecipient, ActionVersion
from store.settings import Settings

SAMPLE = 10
# So much of a draft's audience is named.
NAMED = 5


@dataclass(frozen=True, slots=True)
class Letter:
    """What is read, with its envelope; `version` is None for a draft, and `intact` says that the hash still fits.

    `to` are the first few of the audience, and it is read as the one of them that `read_as` counts to. `left_out` counts
    members of groups who want no marketing.
    """

    read: Read
    template: Mapping[str, Any]
    values: Mapping[str, Any]
    to: Sequence[str]
    read_as: int
    count: int
    left_out: int
    links: Sequence[str]
    findings: Sequence[dict[str, str]]
    risk: str
    cost: Mapping[str, str]
    connection: str
    dry_run: bool
    version: ActionVersion | None
    intact: bool

    @property
    def hash(self) -> str:
        return self.version.manifest_hash.hex() if self.version else ""


def of_action(session: Session, settings: Settings, action: Action, read_as: int = 0) -> Letter | None:
    """None for a draft whose payload cannot be read."""
    version = None if action.state is State.DRAFT else actions.current_version(session, action)
    return _frozen(session, action, version, read_as) if version else _draft(session, settings, action)


def _frozen(session: Session, action: Action, version: ActionVersion, read_as: int) -> Letter:
    """The same rendering as the sender's, from the same manifest."""
    manifest = version.manifest
    sample = _sample(session, action)
    reader = min(read_as, len(sample) - 1) if sample else 0
    values = sample[reader].values if sample else {}
    return Letter(
        read=freeze.as_read(manifest, action, values),
        template=manifest["template"],
        values=values,
        to=[called(recipient.values) for recipient in sample],
        read_as=reader,
        count=manifest["recipients"]["count"],
        left_out=manifest["recipients"].get("left_out", 0),
        links=manifest["links"],
        findings=manifest.get("findings", ()),
        risk=manifest.get("risk", {}).get("level", ""),
        cost=manifest.get("cost", {}),
        connection=manifest["connection"],
        dry_run=manifest["dry_run"],
        version=version,
        intact=manifest_hash(manifest) == version.manifest_hash
        and _frozen_count(session, action) == manifest["recipients"]["count"],
    )


def _draft(session: Session, settings: Settings, action: Action) -> Letter | None:
    try:
        payload = payloads.parse(action.type, action.payload)
        words = freeze.draft(settings, action, payload)
    except (PayloadError, NotReady):
        return None
    kind = kinds.of(action.type)
    reached = kind.sketch(session, action, payload)
    read = kind.read(words, {})
    return Letter(
        read=read,
        template=words["template"],
        values={},
        to=reached.names[:NAMED],
        read_as=0,
        count=reached.count,
        left_out=0,
        links=read.links,
        findings=(),
        risk="",
        cost={},
        connection=kind.connection(Surroundings(session, settings, action.tenant_id), payload),
        dry_run=action.dry_run,
        version=None,
        intact=True,
    )


def called(values: Mapping[str, str]) -> str:
    """How a recipient is shown: by address or number, or as whatever is no person."""
    return values.get("email") or values.get("phone") or values.get("target") or "erased"


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
