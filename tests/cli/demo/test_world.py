"""The demo's history: the same for the same moment, and plausible."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import polars as pl
import pyarrow as pa
import pytest

from cli.demo import shop, visits, world
from cli.demo.visitors import Kind
from cli.demo.world import Places
from connectors.sandbox.performance import World
from marketing_pipelines.events.channels import Channel
from marketing_pipelines.events.rules import RULES_VERSION

MOMENT = datetime(2026, 11, 20, 15, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def days(places: Places) -> list[tuple[date, pa.Table]]:
    return list(world.history(MOMENT, places))


@pytest.fixture(scope="module")
def told(days: list[tuple[date, pa.Table]]) -> pl.DataFrame:
    frame = pl.from_arrow(pa.concat_tables([rows for _, rows in days]))
    assert isinstance(frame, pl.DataFrame)
    return frame


def test_the_same_moment_tells_the_same_history(days: list[tuple[date, pa.Table]], places: Places) -> None:
    again = list(world.history(MOMENT, places))
    assert [day for day, _ in again] == [day for day, _ in days]
    assert all(once.equals(twice) for (_, once), (_, twice) in zip(days, again, strict=True))


def test_another_seed_tells_another_history(told: pl.DataFrame, places: Places) -> None:
    _, other = next(iter(world.history(MOMENT, places, seed=8)))
    assert not set(other["event_id"].to_pylist()) & set(told["event_id"])


def test_thirty_days_end_at_the_moment(days: list[tuple[date, pa.Table]], told: pl.DataFrame) -> None:
    assert 35_000 <= len(told) <= 65_000
    assert (told["received_at"] < MOMENT).all()
    assert (told["received_at"] > MOMENT - timedelta(days=32)).all()
    assert (told["occurred_at"] <= told["received_at"]).all()
    for day, rows in days:
        frame = pl.from_arrow(rows)
        assert isinstance(frame, pl.DataFrame)
        assert frame["received_at"].dt.date().unique().to_list() == [day]


def test_ids_are_unique_and_sort_by_time(told: pl.DataFrame) -> None:
    assert told["event_id"].n_unique() == len(told)
    for identity, at in told.select("event_id", "occurred_at").sample(200, seed=1).iter_rows():
        parsed = UUID(identity)
        assert (parsed.version, parsed.variant) == (7, "specified in RFC 4122")
        assert parsed.int >> 80 == int(at.timestamp() * 1000)


def test_every_channel_brings_visits(told: pl.DataFrame) -> None:
    landings = told.filter(
        pl.col("event") == "page_view", ~pl.col("referrer").str.starts_with("http://shop.example")
    )
    assert {"cpc", "paid_social", "email", "social", "referral"} <= set(landings["utm_medium"])
    hosts = {urlsplit(referrer).hostname for referrer in landings["referrer"]}
    assert {"www.google.com", "duckduckgo.com", "slowfashion.example"} <= hosts
    came_by = {visit.way.channel for visit in visits.visits(MOMENT, Random(7))}
    assert came_by == set(world.PERSUASION)


def test_paid_visits_are_a_share_of_the_clicks_that_are_billed(told: pl.DataFrame) -> None:
    sandbox = World(clock=lambda: MOMENT)
    day = date(2026, 11, 11)
    berlin = told.with_columns(
        pl.col("occurred_at").dt.convert_time_zone(shop.TIME_ZONE).dt.date().alias("day")
    )
    for account in shop.AD_ACCOUNTS:
        billed = sandbox.total(account, day - timedelta(days=13), day).clicks
        seen = berlin.filter(
            pl.col("utm_source") == account.utm_source,
            pl.col("url").str.contains("utm_content="),
            pl.col("day").is_between(day - timedelta(days=13), day),
        )
        assert 0.42 < len(seen) / billed < 0.58
        assert set(seen["utm_campaign"]) == {campaign.utm_campaign for campaign in account.campaigns}


def test_conversions_have_values_and_follow_persuasion(told: pl.DataFrame) -> None:
    bought = told.filter(pl.col("event") == "purchase")
    assert 80 <= len(bought) <= 600
    assert (bought["value"] > 0).all()
    assert set(bought["currency"]) == {"EUR"}
    assert told.filter(pl.col("event") != "purchase")["value"].is_null().all()
    assert len(told.filter(pl.col("event") == "lead")) > 50


def test_every_variant_is_seen_and_the_better_one_is_clicked_more(told: pl.DataFrame, places: Places) -> None:
    exposed = told.filter(pl.col("event") == "exposure")["props"].value_counts()
    seen = dict(exposed.iter_rows())
    clicks = dict(told.filter(pl.col("event") == "click")["link_id"].value_counts().iter_rows())
    for tried in shop.EXPERIMENTS:
        rates = {}
        for variant in tried.variants:
            number = places.variants[tried.name, variant.name]
            shown = seen[f'{{"variant_id":{number}}}']
            assert shown > 500
            rates[variant.name] = clicks[places.links[variant.link.slug]] / shown
            assert rates[variant.name] == pytest.approx(variant.rate, abs=0.03)
    best = max(shop.HERO.variants, key=lambda variant: variant.rate)
    assert best.name == "lasting"


def test_a_click_leads_to_the_page_that_names_it(told: pl.DataFrame) -> None:
    clicks = told.filter(pl.col("event") == "click")
    assert (clicks["click_id"] == clicks["event_id"]).all()
    assert (clicks["sid"] == "").all()
    assert (clicks["link_id"] > 0).all()
    landed = told.filter(pl.col("event") == "page_view", pl.col("click_id") != "")
    assert set(landed["click_id"]) <= set(clicks["event_id"])
    # The last visits are cut at the moment, so a click may be all that is known of one; previews open no page.
    previewed = clicks.filter(pl.col("bot_reasons").list.contains("preview"))
    assert len(previewed) > 5
    assert len(landed) + len(previewed) >= len(clicks) - 3
    for url, click in landed.select("url", "click_id").head(50).iter_rows():
        assert parse_qs(urlsplit(url).query)["mp_cid"] == [click]


def test_consent_is_told_as_it_is(told: pl.DataFrame) -> None:
    assert set(told["consent"]) == {"granted", "denied", "unknown"}
    denied = told.filter(pl.col("consent") == "denied")
    assert (denied["sid"] == "").all()
    assert (denied["user_id"] == "").all()


def test_the_rules_find_the_programs_and_nobody_else(told: pl.DataFrame) -> None:
    met = {visit.visitor.user_agent: visit.visitor.kind for visit in visits.visits(MOMENT, Random(7))}
    assert set(met.values()) == set(Kind)
    found = dict(told.select("user_agent", "is_bot").unique().iter_rows())
    assert found == {agent: kind is not Kind.PERSON for agent, kind in met.items()}
    bots = told.filter("is_bot")
    assert len(told) / 100 < len(bots) < len(told) / 10
    assert set(bots["event"]) == {"page_view", "click"}
    reasons = {reason for found in bots["bot_reasons"] for reason in found}
    assert {"crawler_list", "headless", "preview"} <= reasons


def test_the_rules_find_by_which_channel_people_came(told: pl.DataFrame) -> None:
    meant = {channel.value for channel in world.PERSUASION}
    landed = told.filter(pl.col("event") == "page_view")
    assert set(landed["channel"].cast(pl.String)) == meant | {Channel.INTERNAL}
    for source, channel, referrer, tag in [
        ("google", Channel.PAID_SEARCH, "google", "gclid"),
        ("facebook", Channel.PAID_SOCIAL, "facebook", "fbclid"),
        ("linkedin", Channel.PAID_SOCIAL, "linkedin", "li_fat_id"),
        ("tiktok", Channel.PAID_SOCIAL, "tiktok", "ttclid"),
        ("reddit", Channel.PAID_SOCIAL, "reddit", "rdt_cid"),
        ("twitter", Channel.PAID_SOCIAL, "t.co", "twclid"),
    ]:
        paid = landed.filter(
            pl.col("utm_source") == source, pl.col("utm_medium").is_in(["cpc", "paid_social"])
        )
        assert paid["channel"].eq(channel).all()
        assert paid["referrer_host"].str.contains(referrer).all()
        assert paid["click_ids"].list.first().struct.field("name").eq(tag).all()


def test_what_was_told_has_the_version_of_the_rules_and_what_the_edge_alone_knows(told: pl.DataFrame) -> None:
    assert told["rules_version"].unique().to_list() == [RULES_VERSION]
    people = told.filter(~pl.col("is_bot"))
    assert people["country"].str.len_chars().eq(2).all()
    assert people["country"].n_unique() > 4
    assert {"desktop", "mobile", "tablet"} == set(people["device"].cast(pl.String))
    assert people["browser"].n_unique() > 5


def test_people_come_back(told: pl.DataFrame) -> None:
    found = list(visits.visits(MOMENT, Random(7)))
    touches = [len(visit.visitor.came_by) for visit in found if visit.visitor.sid]
    assert max(touches) >= 4
    assert sum(count > 1 for count in touches) > len(touches) / 5
