"""A campaign that brings a list of recipients along, and a run that takes them in."""

import uuid
from typing import Any

from marketing_pipelines.campaigns import intake as taking
from marketing_pipelines.requests import working
from store import records
from store.audit import Actor, ActorKind
from store.records import campaigns, intakes, requested_runs
from store.records.campaigns import Plan
from store.records.requested_runs import RunKind
from store.records.schema import CampaignId, TenantId, UserId
from store.settings import Role, Settings


def brought(house: Settings, tenant: TenantId, author: UserId, lines: list[str]) -> int:
    """A campaign with a list; gives the number of its request."""
    actor = Actor(ActorKind.USER, str(author))
    plan = Plan(name="Spring", objective="", project_id=None, start_date=None, end_date=None)
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        campaign = CampaignId(campaigns.add(session, tenant, actor, plan).id)
        kind = RunKind.TAKE_IN_RECIPIENTS
        asked = requested_runs.ask(session, tenant, author, kind, campaign)
        intakes.add(session, tenant, campaign, asked.id, subject="News", message="Hello.", addresses=lines)
        return asked.id


def run(house: Settings, request: int) -> Any:
    return working.work_on(house, request, f"run-{uuid.uuid4().hex[:8]}", taking.take_in)
