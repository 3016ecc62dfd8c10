"""From a link's record to what the edge keeps of it: addresses checked and tagged before anyone asks. Pure."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from collector.directory.links import PreparedLink, Terms
from marketing_pipelines.events.user_agents import Device
from marketing_pipelines.links.parameters import tagged
from marketing_pipelines.links.refusals import NotUsable
from marketing_pipelines.links.targets import Target, usable_target
from marketing_pipelines.links.utm import utm_of
from store.records.links import HEAVIEST


class LinkRow(NamedTuple):
    """A link as the records have it; what most links do not have comes last."""

    slug: str
    tenant_id: int
    link_id: int
    target_url: str
    campaign_id: int | None = None
    channel: str = ""
    utm_campaign: str | None = None
    archived_at: datetime | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    password_hash: str | None = None
    max_clicks: int | None = None
    fallback_url: str | None = None
    passed_parameters: Sequence[str] = ()


class TargetRow(NamedTuple):
    """One of a link's targets; a variant's weight counts instead of its own."""

    link_id: int
    url: str
    weight: int
    countries: Sequence[str]
    devices: Sequence[str]
    systems: Sequence[str]
    languages: Sequence[str]
    variant_id: int | None
    variant_weight: float | None


def prepared(
    row: LinkRow, targets: Sequence[TargetRow] = (), *, own_hosts: Collection[str] = frozenset()
) -> PreparedLink:
    """The link as it is followed; `own_hosts` are those that would lead a visitor round and round."""
    utm = utm_of(row.channel, row.utm_campaign or "")

    def address(url: str | None) -> str:
        try:
            return tagged(usable_target(url, own_hosts=own_hosts), utm) if url else ""
        except NotUsable:
            return ""

    return PreparedLink(
        link_id=row.link_id,
        tenant_id=row.tenant_id,
        campaign_id=row.campaign_id or 0,
        target=address(row.target_url),
        terms=_terms(row, targets, address) if targets or any(row[_FIRST_TERM:]) else None,
        **utm,
    )


_FIRST_TERM = LinkRow._fields.index("archived_at")


def _terms(row: LinkRow, targets: Sequence[TargetRow], address: Callable[[str | None], str]) -> Terms:
    return Terms(
        is_archived=row.archived_at is not None,
        opens_at=_milliseconds(row.starts_at),
        closes_at=_milliseconds(row.expires_at),
        password_hash=row.password_hash or "",
        has_limit=row.max_clicks is not None,
        fallback=address(row.fallback_url),
        passed_parameters=frozenset(name.lower() for name in row.passed_parameters),
        targets=tuple(_target(target, url) for target in targets if (url := address(target.url))),
    )


def _target(row: TargetRow, url: str) -> Target:
    weight = row.weight if row.variant_weight is None else round(row.variant_weight * HEAVIEST)
    return Target(
        url,
        weight=weight,
        countries=frozenset(row.countries),
        devices=frozenset(map(Device, row.devices)),
        systems=frozenset(row.systems),
        languages=frozenset(row.languages),
        variant_id=row.variant_id or 0,
    )


def _milliseconds(moment: datetime | None) -> int:
    return 0 if moment is None else int(moment.timestamp() * 1000)
