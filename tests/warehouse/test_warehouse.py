"""The warehouse against figures worked out by hand: from raw events to what each channel earned."""

from decimal import Decimal

import dagster as dg
import polars as pl
import pytest

from marketing_pipelines.attribution import models, reading
from marketing_pipelines.attribution.reading import Window
from store import events, records
from store.records import goals
from store.records.experiments import Experiment
from store.records.schema import GoalId
from store.settings import Role, Settings
from tests.warehouse.conftest import DAY, FIRST, THIRD, Built, found, snapshot

# The first test waits for both builds, each a run of dbt.
pytestmark = pytest.mark.timeout(900)


def test_the_whole_thread_runs_and_its_checks_pass(built: Built) -> None:
    assert built.run.success
    evaluations = built.run.get_asset_check_evaluations()
    failed = [
        evaluation.asset_check_key.to_user_string()
        for evaluation in evaluations
        if not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.ERROR
    ]
    assert failed == []
    names = {evaluation.check_name for evaluation in evaluations}
    assert {"credits_add_up_to_conversions", "no_negative_share"} <= names
    assert len(names) > 40


def test_what_is_left_out_for_want_of_a_rate_is_said(built: Built) -> None:
    said = {e.check_name for e in built.run.get_asset_check_evaluations() if not e.passed}
    assert "values_are_in_the_tenants_currency" in said


def test_a_copy_counts_once(built: Built, house: Settings) -> None:
    rows = found(house, built.quiet, "staging.stg_events", "occurred_at")
    assert rows["event_id"].n_unique() == len(rows) == 20
    ads_page = rows.filter(pl.col("medium") == "cpc")
    assert (ads_page["received_at"] - ads_page["occurred_at"]).dt.total_seconds().to_list() == [1]


def test_half_an_hour_of_silence_ends_a_visit(built: Built, house: Settings) -> None:
    sessions = (
        found(
            house,
            built.quiet,
            "intermediate.int_sessions",
            "started_at",
            "visitor_id, started_on, page_views, campaign, is_bot",
        )
        .filter(~pl.col("is_bot"))
        .drop("is_bot")
    )
    assert sessions.rows() == [
        ("ann", FIRST, 2, "spring"),
        ("ann", FIRST + DAY, 1, ""),
        ("bob", THIRD, 1, ""),
    ]


def test_paths_hold_channels_in_order(built: Built, house: Settings) -> None:
    paths = found(
        house,
        built.quiet,
        "intermediate.int_paths",
        "converted_at",
        "visitor_id, channels, campaigns, toFloat64(value) as value",
    )
    spring = built.quiet.campaign
    assert paths.rows() == [
        ("ann", ["paid_search", "direct"], [spring, 0], 100.0),
        ("bob", ["organic_social"], [spring], 30.0),
        ("bob", ["organic_social"], [spring], 0.0),
        ("", ["unassigned"], [0], 7.0),
    ]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            "first_touch",
            [("direct", 0, 0), ("organic_social", 2, 30), ("paid_search", 1, 100), ("unassigned", 1, 7)],
        ),
        (
            "last_touch",
            [("direct", 1, 100), ("organic_social", 2, 30), ("paid_search", 0, 0), ("unassigned", 1, 7)],
        ),
        (
            "linear",
            [("direct", 0, 0), ("organic_social", 2, 30), ("paid_search", 1, 100), ("unassigned", 1, 7)],
        ),
        (
            "markov",
            [("direct", 0, 0), ("organic_social", 2, 30), ("paid_search", 1, 100), ("unassigned", 1, 7)],
        ),
        (
            "shapley",
            [("direct", 0, 0), ("organic_social", 2, 30), ("paid_search", 1, 100), ("unassigned", 1, 7)],
        ),
    ],
)
def test_credit_goes_where_the_model_says_and_direct_takes_none_but_by_last_touch(
    built: Built, house: Settings, model: str, expected: list[tuple[str, float, float]]
) -> None:
    credits = found(
        house,
        built.quiet,
        "raw.attribution_credits",
        "model, channel",
        "model, channel, conversions, toFloat64(value) as value, date_day",
    ).filter(pl.col("model").cast(pl.String) == model)
    assert credits.select(pl.col("channel").cast(pl.String), "conversions", "value").rows() == expected
    assert credits["date_day"].unique().to_list() == [THIRD]


def test_the_weeks_up_to_a_day_stand_side_by_side_with_their_bounds(built: Built, house: Settings) -> None:
    results = found(house, built.quiet, "raw.attribution_results", "window_days, model, channel").filter(
        as_of=THIRD, window_days=28
    )
    assert set(results["model"].cast(pl.String)) == {known.name for known in models()}
    sums = results.group_by("model").agg(pl.col("conversions", "value", "share").sum())
    assert sums["conversions"].to_list() == pytest.approx([4] * len(sums))
    assert sums["value"].to_list() == [Decimal(137)] * len(sums)
    assert sums["share"].to_list() == pytest.approx([1] * len(sums))
    markov = {
        row["channel"]: row for row in results.filter(pl.col("model") == "markov").iter_rows(named=True)
    }
    assert markov["organic_social"]["removal_effect"] == pytest.approx(0.5)
    assert markov["paid_search"]["share"] == pytest.approx(0.25)
    for row in results.iter_rows(named=True):
        assert row["share_low"] <= row["share"] <= row["share_high"]


def test_whoever_was_met_and_did_not_convert_has_a_path_too(built: Built, house: Settings) -> None:
    with events.connect(house) as client, records.session(house, Role.PIPELINES) as session:
        goal = goals.headline(session, built.quiet.tenant)
        lost = reading.not_converted(client, built.quiet.tenant, GoalId(goal.id), Window(FIRST + DAY, days=2))
    assert lost.select("user", "path", "nulls").rows() == [("ann", ["paid_search", "direct"], 1.0)]


def test_ad_figures_are_counted_at_one_level_and_divided_by_hand(built: Built, house: Settings) -> None:
    rows = found(house, built.quiet, "marts.ad_performance", "platform, account_id").rows(named=True)
    facebook, google, linkedin = rows
    assert (google["channel"], google["spend"], google["clicks"]) == ("paid_search", Decimal(50), 40)
    assert google["ctr"] == pytest.approx(0.04)
    assert google["cpc"] == pytest.approx(1.25)
    assert google["cpa"] == pytest.approx(25)
    assert google["roas"] == pytest.approx(2.4)
    assert (facebook["channel"], facebook["spend"]) == ("paid_social", Decimal("20.5"))
    assert [facebook[ratio] for ratio in ("ctr", "cpc", "cpa")] == [None] * 3
    assert facebook["roas"] == 0
    assert (linkedin["channel"], linkedin["spend"], linkedin["currency"]) == (
        "paid_social",
        Decimal(9),
        "USD",
    )


def test_channels_meet_their_cost(built: Built, house: Settings) -> None:
    roas = found(house, built.quiet, "marts.channel_roas", "model, channel")
    first = {row["channel"]: row for row in roas.iter_rows(named=True) if row["model"] == "first_touch"}
    assert (first["paid_search"]["roas"], first["paid_search"]["cpa"]) == (
        pytest.approx(2),
        pytest.approx(50),
    )
    assert (first["paid_social"]["roas"], first["paid_social"]["cpa"]) == (0, None)
    assert (first["organic_social"]["roas"], first["organic_social"]["conversions"]) == (None, 2)
    assert first["paid_social"]["spend"] == Decimal("20.5"), "spend in dollars has no rate"


def test_a_channels_day_has_visits_spend_and_last_touch_credit(built: Built, house: Settings) -> None:
    days = found(house, built.quiet, "marts.channel_daily", "date_day, channel")
    of_day = {(row["date_day"], row["channel"]): row for row in days.iter_rows(named=True)}
    assert (of_day[FIRST, "paid_search"]["visits"], of_day[FIRST, "paid_search"]["spend"]) == (1, 0)
    search = of_day[THIRD, "paid_search"]
    assert (search["visits"], search["spend"], search["conversions"]) == (0, Decimal(50), 0)
    assert (search["ctr"], search["cvr"], search["cpa"], search["roas"]) == (
        pytest.approx(0.04),
        None,
        None,
        0,
    )
    social = of_day[THIRD, "organic_social"]
    assert (social["visits"], social["conversions"], social["conversions_value"]) == (1, 2, Decimal(30))
    assert social["cvr"] == 2


def test_people_and_programs_stand_side_by_side_and_rates_are_peoples(built: Built, house: Settings) -> None:
    counts = "variant_name, exposures, human_exposures, bot_exposures, clicks, human_clicks, bot_clicks, click_rate"
    stats = found(house, built.quiet, "marts.variant_stats", "variant_id", counts)
    assert stats.rows() == [("A", 5, 4, 1, 2, 1, 1, 0.25), ("B", 3, 3, 0, 0, 0, 0, 0.0)]


def test_a_links_clicks_are_told_apart(built: Built, house: Settings) -> None:
    days = found(house, built.quiet, "marts.link_daily", "date_day")
    assert days.select("date_day", "link_id", "variant_name", "campaign_name").rows() == [
        (THIRD, built.quiet.links[0], "A", "Spring")
    ]
    assert days.select("clicks", "human_clicks", "bot_clicks", "human_visitors").rows() == [(2, 1, 1, 1)]
    overview = found(house, built.quiet, "marts.daily_overview", "date_day").filter(
        pl.col("date_day") == THIRD
    )
    assert overview.select("clicks", "human_clicks", "bot_clicks").rows() == [(2, 1, 1)]


def test_a_programs_visit_is_counted_and_earns_nothing(built: Built, house: Settings) -> None:
    visits = found(
        house,
        built.quiet,
        "intermediate.int_visits_daily",
        "date_day, channel",
        "date_day, channel, visits, human_visits, bot_visits, human_visitors",
    )
    assert visits.filter(pl.col("date_day") == FIRST).rows() == [
        (FIRST, "direct", 1, 0, 1, 0),
        (FIRST, "paid_search", 1, 1, 0, 1),
    ]
    overview = found(house, built.quiet, "marts.daily_overview", "date_day").filter(
        pl.col("date_day") == FIRST
    )
    assert overview.select("visits", "human_visits", "bot_visits").rows() == [(2, 1, 1)]


def test_the_bandit_moves_the_weights_and_keeps_its_beliefs(built: Built, house: Settings) -> None:
    states = found(house, built.quiet, "raw.bandit_states", "variant_id")
    assert states.select("trials", "successes", "alpha", "beta").rows() == [(4, 1, 2, 4), (3, 0, 1, 4)]
    assert states["probability_best"].sum() == pytest.approx(1)
    with records.session(house, Role.CONSOLE, tenant=built.quiet.tenant) as session:
        experiment = session.get_one(Experiment, built.quiet.experiment)
        weights = [variant.weight for variant in experiment.variants]
    assert weights == pytest.approx(states["weight"].to_list())
    assert weights[0] > 0.5 > weights[1]


def test_building_again_changes_nothing_where_nothing_came(built: Built, house: Settings) -> None:
    assert snapshot(house, built.quiet) == built.before["quiet"]


def test_a_late_event_rebuilds_its_own_day_and_what_hangs_on_it(built: Built, house: Settings) -> None:
    sessions = (
        found(
            house,
            built.late,
            "intermediate.int_sessions",
            "started_at",
            "visitor_id, started_on, page_views, medium, is_bot",
        )
        .filter(~pl.col("is_bot"))
        .drop("is_bot")
    )
    assert sessions.rows() == [("ann", FIRST, 5, "email"), ("bob", THIRD, 1, "")], "two visits became one"
    paths = found(house, built.late, "intermediate.int_paths", "converted_at", "channels")
    assert paths["channels"].to_list() == [["email"], ["organic_social"], ["organic_social"], ["unassigned"]]
    assert ["paid_search", "direct"] in [
        channels
        for row in built.before["late"]["intermediate.int_paths"]
        for channels in row
        if isinstance(channels, list)
    ]
