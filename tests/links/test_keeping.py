"""Drafts and records: what goes in comes out again, slugs belong to one link, and lists say what they leave out."""

import concurrent.futures
import itertools
import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from marketing_pipelines.events.user_agents import Device
from marketing_pipelines.links import keeping
from marketing_pipelines.links.drafts import LinkDraft
from marketing_pipelines.links.exporting import write_links
from marketing_pipelines.links.importing import read_links
from marketing_pipelines.links.targets import Target
from store import records
from store.audit import Actor, ActorKind
from store.records import links
from store.records.campaigns import Campaign
from store.records.links import Link, SlugTaken
from store.records.schema import TenantId
from store.settings import Role, Settings

OPERATOR = Actor(ActorKind.OPERATOR, "test")
SHOP = "https://shop.example/"


def unique() -> str:
    return f"k-{uuid.uuid4().hex[:10]}"


def test_whatever_a_draft_says_comes_back_through_a_list(house: Settings, tenant: TenantId) -> None:
    drafts = [
        LinkDraft(
            SHOP,
            slug=unique(),
            title="Früh, sehr früh",
            channel="email",
            campaign="spring",
            tags=("one", "two words"),
            starts_at=datetime(2026, 11, 1, tzinfo=UTC),
            expires_at=datetime(2026, 12, 1, 18, 30, tzinfo=UTC),
            max_clicks=7,
            fallback_url="https://shop.example/over",
            is_archived=True,
            created_at=datetime(2024, 5, 1, tzinfo=UTC),
            clicks=1234,
            targets=(
                Target("https://shop.example/at", countries=frozenset({"AT", "DE"})),
                Target(
                    "https://shop.example/app",
                    weight=3,
                    devices=frozenset({Device.MOBILE}),
                    systems=frozenset({"iOS"}),
                    languages=frozenset({"de"}),
                ),
            ),
            passed_parameters=("gclid", "fbclid"),
        ),
        LinkDraft(SHOP, slug=unique(), created_at=datetime(2024, 5, 2, tzinfo=UTC)),
    ]
    with records.session(house, Role.OWNER) as session:
        session.add(Campaign(tenant_id=tenant, name="Spring sale", utm_campaign="spring"))
        session.flush()
        assert keeping.keep_all(session, OPERATOR, tenant, dict(enumerate(drafts))) == []
    with records.session(house, Role.OWNER) as session:
        kept = list(keeping.drafts_of(session, tenant))
        assert kept == drafts
        assert records.audit_log.verify(session, tenant) is None
    again = read_links("".join(write_links(kept, "https://go.example/r/")))
    assert (list(again.drafts.values()), again.problems) == (drafts, [])


def test_a_slug_is_one_links_whoever_else_wants_it(house: Settings, tenant: TenantId) -> None:
    slug = unique()
    drafts = {2: LinkDraft(SHOP, slug=slug), 3: LinkDraft(SHOP, slug=slug), 4: LinkDraft(SHOP, campaign="no")}
    with records.session(house, Role.OWNER) as session:
        problems = keeping.keep_all(session, OPERATOR, tenant, drafts)
    assert [(problem.row, problem.column, problem.is_left_out) for problem in problems] == [
        (3, "slug", True),
        (4, "", True),
    ]
    assert "no campaign 'no'" in problems[1].what


def test_a_slug_by_chance_is_tried_again_when_it_is_taken(house: Settings, tenant: TenantId) -> None:
    taken, free = unique(), unique()
    with records.session(house, Role.OWNER) as session:
        links.add(session, OPERATOR, tenant, {"target_url": SHOP}, slug=taken, by_chance=unique)
        chances = iter([taken, taken, free])
        by_chance = links.add(
            session, OPERATOR, tenant, {"target_url": SHOP}, by_chance=lambda: next(chances)
        )
        assert by_chance.slug == free
        with pytest.raises(SlugTaken, match="longer"):
            links.add(session, OPERATOR, tenant, {"target_url": SHOP}, by_chance=lambda: taken)


def test_many_who_draw_from_few_slugs_never_get_the_same(house: Settings, tenant: TenantId) -> None:
    prefix, counter = unique(), itertools.count()

    def draw(_: int) -> str | None:
        with records.session(house, Role.OWNER) as session:
            try:
                chance = links.add(
                    session,
                    OPERATOR,
                    tenant,
                    {"target_url": SHOP},
                    by_chance=lambda: f"{prefix}-{next(counter) % 12}",
                )
            except SlugTaken:
                return None
            return chance.slug

    with concurrent.futures.ThreadPoolExecutor(8) as people:
        drawn = [slug for slug in people.map(draw, range(24)) if slug]
    assert len(drawn) == len(set(drawn))
    with records.session(house, Role.OWNER) as session:
        assert session.scalar(select(func.count()).where(Link.tenant_id == tenant)) == len(drawn) == 12
