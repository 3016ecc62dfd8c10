"""A small world worked out by hand, and the warehouse built from it twice.

First as Dagster does it, up to the credits and the weights; then, after late events have come to one of two
tenants, as an engineer does it at the command line, unit tests and the marts after attribution included.
"""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import dagster as dg
import polars as pl
import pytest

from marketing_pipelines.defs.attribution.assets import (
    attribution_markov,
    attribution_results,
    attribution_rules,
    attribution_shapley,
)
from marketing_pipelines.defs.experiments.assets import bandit_state
from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.defs.warehouse.assets import warehouse
from marketing_pipelines.defs.warehouse.dbt import EXECUTABLE, PROJECT, command_line, environment
from marketing_pipelines.events.normalising import normalised
from store import events, records
from store import settings as store_settings
from store.records.campaigns import Campaign
from store.records.experiments import Experiment, Variant
from store.records.links import Link
from store.records.schema import CampaignId, LinkId, TenantId
from store.records.tenants import Tenant
from store.settings import Role, Settings

DAY = timedelta(days=1)
FIRST = datetime.now(UTC).date() - 6 * DAY
THIRD = FIRST + 2 * DAY

PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CRAWLER = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"

MODELS = {
    "staging.stg_events": "event_id",
    "intermediate.int_sessions": "session_id",
    "intermediate.int_touchpoints": "touchpoint_id",
    "intermediate.int_conversions": "conversion_id",
    "intermediate.int_paths": "conversion_id",
    "intermediate.int_visits_daily": "date_day, channel",
    "intermediate.int_variant_daily": "date_day, variant_id",
    "intermediate.int_link_daily": "date_day, link_id",
    "marts.ad_performance": "date_day, campaign_id",
    "marts.variant_stats": "variant_id",
}


@dataclass(frozen=True, slots=True)
class World:
    """A tenant with a campaign, two links and an experiment between them."""

    tenant: TenantId
    campaign: int
    links: tuple[int, int]
    experiment: int
    variants: tuple[int, int]


def at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), UTC)


def event(world: World, name: str, when: datetime, **given: Any) -> dict[str, Any]:
    """What the collector writes of an event; what is not given is what it writes where there is nothing to tell."""
    return {
        "tenant_id": world.tenant,
        "event_id": uuid.uuid4().hex,
        "event": name,
        "received_at": when + timedelta(seconds=1),
        "occurred_at": when,
        "trust": "browser",
        "consent": "granted",
        "sid": "",
        "user_id": "",
        "url": "https://shop.example/",
        "referrer": "",
        "utm_source": "",
        "utm_medium": "",
        "utm_campaign": "",
        "utm_term": "",
        "utm_content": "",
        "click_id": "",
        "link_id": 0,
        "campaign_id": 0,
        "value": None,
        "currency": "",
        "props": "{}",
        "ip": "",
        "country": "DE",
        "user_agent": PERSON,
        "signals": [],
        "segment": uuid.uuid4().hex,
        **given,
    }


def shipped(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows of raw.events as the shipper makes them: what was written, and beside it what the rules say of it."""
    moment = pl.Datetime("ms", "UTC")
    types = {
        "received_at": moment,
        "occurred_at": moment,
        "value": pl.Decimal(18, 4),
        "signals": pl.List(pl.String),
    }
    written = pl.DataFrame(rows, schema_overrides=types, infer_schema_length=None)
    return pl.concat([written, normalised(written)], how="horizontal")


def put_events(client: events.Client, rows: list[dict[str, Any]]) -> None:
    events.append(client, "raw.events", shipped(rows).to_arrow(), token=uuid.uuid4().hex)


def put(client: events.Client, table: str, rows: list[dict[str, Any]]) -> None:
    """Inserts rows with the columns' own types."""
    columns = list(rows[0])
    client.insert(table, [[row[column] for column in columns] for row in rows], column_names=columns)


def found(settings: Settings, world: World, table: str, order: str, columns: str = "*") -> pl.DataFrame:
    """A tenant's rows of a model, as the console would read them."""
    client = events.connect(settings)
    query = f"select {columns} from {table} where tenant_id = {{tenant:Int64}} order by {order}"
    try:
        return events.read_for_tenant(client, world.tenant, query)
    finally:
        client.close()


def snapshot(settings: Settings, world: World) -> dict[str, list[tuple[Any, ...]]]:
    return {table: found(settings, world, table, order).rows() for table, order in MODELS.items()}


def make_world(settings: Settings) -> World:
    with records.session(settings, Role.OWNER) as session:
        slug = f"w-{uuid.uuid4().hex[:12]}"
        tenant = Tenant(slug=slug, name=slug, currency="EUR")
        session.add(tenant)
        session.flush()
    with records.session(settings, Role.CONSOLE, tenant=tenant.id) as session:
        campaign = Campaign(tenant_id=tenant.id, name="Spring", utm_campaign="spring")
        experiment = Experiment(tenant_id=tenant.id, name="Headline")
        session.add_all([campaign, experiment])
        session.flush()
        links = [
            Link(
                tenant_id=tenant.id,
                slug=f"{slug}-{number}",
                target_url="https://shop.example/",
                campaign_id=CampaignId(campaign.id),
                channel="social",
            )
            for number in (1, 2)
        ]
        session.add_all(links)
        session.flush()
        variants = [
            Variant(
                tenant_id=tenant.id,
                experiment_id=experiment.id,
                name=name,
                link_id=LinkId(link.id),
                weight=0.5,
            )
            for name, link in zip("AB", links, strict=True)
        ]
        session.add_all(variants)
        session.flush()
    return World(
        tenant.id,
        campaign.id,
        (links[0].id, links[1].id),
        experiment.id,
        (variants[0].id, variants[1].id),
    )


def visits(world: World) -> list[dict[str, Any]]:
    """Ann comes by a search ad and again by herself; Bob follows a short link; a crawler and a denier pass by."""
    search_ad = {"utm_medium": "CPC", "utm_source": "google", "utm_campaign": "spring"}
    first_page = event(world, "page_view", at(FIRST, "23:40"), sid="ann", **search_ad)
    copy = {**first_page, "received_at": first_page["received_at"] + 2 * DAY, "segment": "a later copy"}
    # The edge names the link's label as source; the shop has labelled this one before channels had their names.
    social = {"link_id": world.links[0], "utm_source": "social", "utm_medium": "social"}
    click = event(world, "click", at(THIRD, "09:00"), **social)
    return [
        first_page,
        copy,
        event(world, "page_view", at(FIRST + DAY, "00:05"), sid="ann", referrer="https://shop.example/"),
        event(world, "page_view", at(FIRST + DAY, "00:35"), sid="ann"),
        event(world, "page_view", at(FIRST, "12:00"), sid="crawler", user_agent=CRAWLER),
        event(world, "page_view", at(FIRST, "12:00"), consent="denied"),
        click,
        event(world, "click", at(THIRD, "09:30"), **social, user_agent=CRAWLER),
        event(world, "page_view", at(THIRD, "09:00:05"), sid="bob", click_id=click["event_id"]),
    ]


def purchases(world: World) -> list[dict[str, Any]]:
    """Ann's is told by the server, Bob pays in two currencies, and nobody knows who the last one was."""
    return [
        event(
            world,
            "purchase",
            at(THIRD, "10:00"),
            sid="ann",
            value=Decimal(100),
            currency="EUR",
            trust="server",
        ),
        event(world, "purchase", at(THIRD, "11:00"), sid="bob", value=Decimal(30), currency="eur"),
        event(world, "purchase", at(THIRD, "11:05"), sid="bob", value=Decimal(50), currency="USD"),
        event(world, "purchase", at(THIRD, "12:00"), value=Decimal(7), trust="server"),
    ]


def exposures(world: World) -> list[dict[str, Any]]:
    first, second = world.variants
    shown = [(first, PERSON)] * 4 + [(first, CRAWLER)] + [(second, PERSON)] * 3
    return [
        event(
            world, "exposure", at(THIRD, "08:00"), props=json.dumps({"variant_id": variant}), user_agent=agent
        )
        for variant, agent in shown
    ]


def insight(world: World, platform: str, level: str, **given: Any) -> dict[str, Any]:
    return {
        "tenant_id": world.tenant,
        "platform": platform,
        "account_id": "1",
        "account_name": "Shop",
        "level": level,
        "campaign_id": "c1",
        "campaign_name": "Spring",
        "ad_id": "",
        "date_day": THIRD,
        "currency": "EUR",
        "impressions": 0,
        "clicks": 0,
        "spend_micros": 0,
        "conversions": Decimal(0),
        "conversions_value_micros": 0,
        "is_final": False,
        "fetched_at": at(THIRD, "23:00"),
        **given,
    }


def insights(world: World) -> list[dict[str, Any]]:
    """The search account reports its spend twice, by campaign and by ad; it was spent once."""
    spend = {"impressions": 1000, "clicks": 40, "spend_micros": 50_000_000}
    earned = {"conversions": Decimal(2), "conversions_value_micros": 120_000_000}
    return [
        insight(world, "google_ads", "campaign", **spend, **earned),
        insight(world, "google_ads", "ad", ad_id="a1", **spend, **earned),
        insight(world, "facebook_ads", "campaign", spend_micros=20_500_000),
        insight(world, "linkedin_ads", "campaign", account_id="2", spend_micros=9_000_000, currency="USD"),
    ]


@pytest.fixture(scope="session")
def house(settings: Settings) -> Iterator[Settings]:
    """The settings as a Dagster run finds them, in its environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(settings.data_dir))
        patch.setenv("PORT_BASE", str(settings.port_base))
        store_settings.current.cache_clear()
        yield settings
    store_settings.current.cache_clear()


@dataclass(frozen=True, slots=True)
class Built:
    """Two worlds after a Dagster run, and what the rows of each were before late events came to the second."""

    quiet: World
    late: World
    run: dg.ExecuteInProcessResult
    before: dict[str, dict[str, list[tuple[Any, ...]]]]


def materialised() -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [
            warehouse,
            attribution_rules,
            attribution_markov,
            attribution_shapley,
            attribution_results,
            bandit_state,
        ],
        resources={"house": SettingsResource(), "dbt": command_line()},
        tags={
            "dagster/asset_partition_range_start": FIRST.isoformat(),
            "dagster/asset_partition_range_end": (FIRST + 4 * DAY).isoformat(),
        },
    )


def dbt(settings: Settings, *arguments: str) -> str:
    """dbt as an engineer runs it at the command line."""
    target = str(settings.data_dir / "dbt")
    done = subprocess.run(
        [str(EXECUTABLE), "--no-use-colors", *arguments],
        env={
            **os.environ,
            **environment(settings),
            "DBT_TARGET_PATH": target,
            "DBT_LOG_PATH": target,
        },
        cwd=PROJECT.project_dir,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def late_events(world: World) -> list[dict[str, Any]]:
    """Half a minute before Ann's first page she had opened a newsletter; the page reports it only now."""
    now = datetime.now(UTC)
    newsletter = {"utm_medium": "email", "utm_source": "weekly"}
    return [
        event(world, "page_view", at(FIRST, "23:39:30"), sid="ann", received_at=now, **newsletter),
        event(world, "page_view", at(FIRST + DAY, "00:20"), sid="ann", received_at=now),
    ]


@pytest.fixture(scope="session")
def built(house: Settings) -> Built:
    quiet, late = make_world(house), make_world(house)
    client = events.connect(house)
    for world in (quiet, late):
        put_events(client, [*visits(world), *purchases(world), *exposures(world)])
        put(client, "raw.insights", insights(world))
    run = materialised()
    before = {"quiet": snapshot(house, quiet), "late": snapshot(house, late)}
    put_events(client, late_events(late))
    client.close()
    dbt(house, "build")
    return Built(quiet, late, run, before)
