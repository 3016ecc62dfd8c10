"""Freezing: an action becomes a manifest that can be approved, with one leaf for each that it reaches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from marketing_pipelines.links.targets import BlockList
from marketing_pipelines.outbound import kinds, payloads, preflight
from marketing_pipelines.outbound.kinds.face import Cost, Kind, NotReady, Payload, Read, Surroundings
from marketing_pipelines.outbound.manifest import manifest_hash, root
from marketing_pipelines.outbound.preflight import Finding
from store.clock import now
from store.records import actions, asset_uses, policies
from store.records.actions import Action, Frozen
from store.records.database import Session
from store.records.links import BlockedHost
from store.records.schema import ActionId
from store.records.tenants import Tenant
from store.settings import Service, Settings

FORMAT = 3
# Whoever says the same again after that means it.
SAID_LATELY = timedelta(days=30)
# What differs with each message by nature and is therefore not part of the hash.
EXCLUSIONS = ["date", "message-id", "unsubscribe token"]


def freeze(
    session: Session, settings: Settings, action: Action, looked_ahead: Sequence[Finding] = ()
) -> Frozen:
    """Everything that will be sent, to whom and how, under one hash; the caller holds the action's row lock."""
    _refuse_forbidden_assets(session, action)
    payload = payloads.parse(action.type, action.payload)
    kind = kinds.of(action.type)
    around = Surroundings(session, settings, action.tenant_id)
    audience = kind.audience(session, action, payload)
    words = draft(settings, action, payload)
    read = kind.read(words, audience.leaves[0].values)
    _refuse_untracked(settings, kind, words["template"])
    found = preflight.findings(
        read.subject, read.text, read.html, _elsewhere(settings, read.links), _block_list(session)
    )
    found += kind.stands_out(payload, action.purpose)
    found += looked_ahead
    cost = kind.cost(settings, payload, len(audience.leaves))
    own, currency = _currency(session, action), kind.currency(around, payload)
    found += preflight.in_another_currency(own, currency, cost.amount)
    if kind.is_said_once(payload):
        found += preflight.said_already(actions.twins(session, action, now() - SAID_LATELY))
    _refuse_beyond_cap(action, cost, own, currency)
    assessed = preflight.assess(len(audience.leaves), cost.amount, found)
    terms = policies.terms(
        policies.of_tenant(session, action.tenant_id),
        action.type,
        assessed.risk,
        timedelta(hours=settings.approval_expires_hours),
    )
    frozen = {
        "format": FORMAT,
        "tenant": action.tenant_id,
        "action": action.id,
        "campaign": action.campaign_id,
        "type": action.type.value,
        "channel": action.channel.value,
        "connection": kind.connection(around, payload),
        "purpose": action.purpose.value,
        "dry_run": action.dry_run,
        "schedule": action.schedule.as_said(),
        **words,
        "links": list(read.links),
        "findings": [asdict(finding) for finding in found],
        "cost": {"amount": str(cost.amount), "currency": currency or own, "basis": cost.basis},
        "budget_cap": str(action.budget_cap) if action.budget_cap is not None else None,
        "most_a_day": terms.most_a_day,
        "risk": {"level": assessed.risk, "reasons": list(assessed.reasons)},
        "signing": terms.signing.as_said(),
        "standing_approval": action.standing_id,
        "provenance": action.provenance,
        "recipients": {
            "count": len(audience.leaves),
            "root": root(leaf.hash for leaf in audience.leaves).hex(),
            "groups": list(audience.groups),
            "left_out": audience.left_out,
        },
        "exclusions": EXCLUSIONS,
    }
    return Frozen(frozen, manifest_hash(frozen), audience.leaves, terms.holds)


def draft(settings: Settings, action: Action, payload: Payload) -> dict[str, Any]:
    """The part of the manifest that people read: the words, and who they are from."""
    kind = kinds.of(action.type)
    return {
        "template": kind.content(payload, action.purpose),
        **kind.envelope(settings, payload, action.purpose),
    }


def as_read(manifest: Mapping[str, Any], action: Action, values: Mapping[str, Any]) -> Read:
    """What a person reads of a frozen version, or of a draft."""
    return kinds.of(action.type).read(manifest, values)


def _elsewhere(settings: Settings, links: Iterable[str]) -> list[str]:
    """Our own links are as we are reached; what they lead to is checked where they are kept."""
    ours = f"{settings.address(Service.COLLECTOR)}/"
    return [link for link in links if not link.startswith(ours)]


def _refuse_untracked(settings: Settings, kind: Kind[Any], template: Mapping[str, Any]) -> None:
    for link in _elsewhere(settings, kind.followed(template)):
        if preflight.is_untracked(link):
            reason = (
                f"{link[:200]} does not say where it was (utm_source, utm_medium): take a short link of ours"
            )
            raise NotReady("link" if link == template.get("link") else kind.main_field, reason)


def _refuse_beyond_cap(action: Action, cost: Cost, own: str, currency: str) -> None:
    if action.budget_cap is not None and cost.amount and currency not in ("", own):
        reason = f"it is in {own} and this costs {currency}: they cannot be compared, take the cap away"
        raise NotReady("budget_cap", reason, of_payload=False)
    if action.budget_cap is not None and cost.amount > action.budget_cap:
        reason = f"it would cost {cost.amount} ({cost.basis}), the cap is {action.budget_cap}"
        raise NotReady("budget_cap", reason, of_payload=False)


def _refuse_forbidden_assets(session: Session, action: Action) -> None:
    asset = asset_uses.forbidden(session, action.tenant_id, ActionId(action.id))
    if asset is not None:
        reason = f"the asset {asset.id} ({asset.name}) is marked as not to be used; take another one"
        raise NotReady("assets", reason, of_payload=False)


def _currency(session: Session, action: Action) -> str:
    return session.scalars(select(Tenant.currency).where(Tenant.id == action.tenant_id)).one()


def _block_list(session: Session) -> BlockList:
    return BlockList(session.scalars(select(BlockedHost.host)))
