"""Every question of marketing_pipelines/analytics, asked of tables that dbt really made, beside figures worked out by hand.

Two weeks of a shop that counts in euros, and of another that counts in dollars and must not show. In the first week Ann sees
an ad on Monday, comes back by herself and logs in on Tuesday, buys for 100 on Wednesday and gives 40 back a week later. Bob comes
by mail and pays 50 francs, which are 52.6316 euros; somebody unknown pays 7; Cy follows a short link on a social page and pays 30,
of which, the click apart, the shop hears only weeks later. In the second week Eve and Flo come by ads and pay 80 and 20. A crawler looks around and "buys" for 999;
somebody who refused to be followed looks around as well.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from marketing_pipelines import attribution
from marketing_pipelines.analytics import reports
from marketing_pipelines.analytics.asking import Inquiry, Question
from marketing_pipelines.analytics.channels import Channels, ChannelsAsked, channels
from marketing_pipelines.analytics.cohorts import CohortsAsked, cohorts
from marketing_pipelines.analytics.credit import CreditAsked, credit
from marketing_pipelines.analytics.freshness import freshness
from marketing_pipelines.analytics.funnels import Funnel, FunnelAsked, funnel
from marketing_pipelines.analytics.health import TrackingAsked, tracking
from marketing_pipelines.analytics.journeys import JourneysAsked, journeys
from marketing_pipelines.analytics.lifetime import LtvAsked, ltv
from marketing_pipelines.analytics.margins import Telling, margins
from marketing_pipelines.analytics.measures import Metric
from marketing_pipelines.analytics.paths import Paths, PathsAsked, paths
from marketing_pipelines.analytics.timeline import TimelineAsked, recent_converters, timeline
from marketing_pipelines.analytics.timeseries import Granularity, TimeseriesAsked, timeseries
from marketing_pipelines.attribution import credits, results
from marketing_pipelines.attribution.catalogue import Family
from marketing_pipelines.attribution.reading import Window
from marketing_pipelines.attribution.terms import of_tenant
from store import events, records
from store.records.tenants import Tenant
from store.settings import Role, Settings
from tests.analytics.marts import PEOPLE, TABLES
from tests.warehouse.conftest import (
    CRAWLER,
    DAY,
    World,
    at,
    dbt,
    event,
    insight,
    make_world,
    put,
    put_events,
)
from tests.warehouse.posted import place, post

pytestmark = pytest.mark.timeout(1200)

TODAY = datetime.now(UTC).date()
MON = TODAY - timedelta(days=TODAY.weekday() + 56)
TUE, WED, THU = MON + DAY, MON + 2 * DAY, MON + 3 * DAY
SUN = MON + 6 * DAY
NEXT_MON, NEXT_TUE, NEXT_WED, NEXT_THU = MON + 7 * DAY, MON + 8 * DAY, MON + 9 * DAY, MON + 10 * DAY
END = MON + 13 * DAY
SPAN: dict[str, Any] = {"from": MON, "to": END}

# 50 francs at .95 francs a euro.
BOBS = 52.6316
# 100 + 52.6316 + 7 + 30 + 80 + 20, and 40 given back.
REVENUE = 249.6316
# Ann, Bob, the unknown one, Cy, Eve and Flo; a refund is no conversion less.
CONVERSIONS = 6
# 50 and 100 on search, 19 francs on social; kronor have no rate and count nowhere.
SPEND = 170.0
# 1,000 and 2,000 on search, 500 on social, and the 100 that were paid for in kronor were shown all the same.
IMPRESSIONS = 3_600
CLICKS = 40 + 80 + 10 + 3
# Ann twice, Bob, Cy, Eve, Flo; neither the crawler nor who refused.
VISITS = 6

BUILT = (
    "+int_paths", "+channel_daily", "+channel_roas", "+cohorts", "+ltv", "+visitor_timeline", "+tracking_health", "+int_person_events",
    "+place_daily",
)  # fmt: skip
OF_CREDITS = ("channel_daily", "channel_roas")


def bought(world: World, order: str, when: datetime, value: str, currency: str = "EUR", **given: Any) -> dict:
    props = json.dumps({"order_id": order})
    number = f"{world.tenant}-{order}"
    paid = {"value": Decimal(value), "currency": currency, "props": props}
    return event(world, "purchase", when, event_id=number, trust="server", **paid, **given)


def history(world: World) -> list[dict[str, Any]]:
    ad = {"utm_medium": "cpc", "utm_source": "google", "utm_campaign": "spring"}
    mail = {"utm_medium": "email", "utm_source": "weekly"}
    # Told by the shop's server, which knows her number and no device.
    anns = bought(world, "a1", at(WED, "10:00"), "100", user_id="7")
    first_page = event(world, "page_view", at(MON, "10:00"), sid="ann", **ad)
    return [
        first_page,
        {**first_page, "received_at": first_page["received_at"] + 2 * DAY, "segment": "sent again"},
        event(world, "page_view", at(MON, "12:00"), sid="crawler", user_agent=CRAWLER),
        bought(world, "x1", at(MON, "12:30"), "999", sid="crawler", user_agent=CRAWLER),
        event(world, "page_view", at(MON, "13:00"), consent="denied"),
        event(world, "page_view", at(TUE, "08:00"), sid="bob", **mail),
        event(world, "page_view", at(TUE, "09:00"), sid="ann"),
        event(world, "lead", at(TUE, "09:10"), sid="ann"),
        event(world, "identify", at(TUE, "09:15"), sid="ann", user_id="7", trust="server"),
        anns,
        {**anns, "received_at": anns["received_at"] + timedelta(seconds=9), "segment": "sent again"},
        bought(world, "b1", at(WED, "11:00"), "50", "CHF", sid="bob"),
        bought(world, "n1", at(WED, "12:00"), "7"),
        cys_click(world),
        event(
            world,
            "refund",
            at(NEXT_TUE, "12:00"),
            user_id="7",
            trust="server",
            value=Decimal(40),
            currency="EUR",
            props=anns["props"],
        ),
        event(world, "page_view", at(NEXT_WED, "09:00"), sid="eve", **ad),
        bought(world, "e1", at(NEXT_WED, "10:00"), "80", sid="eve"),
        event(world, "page_view", at(NEXT_THU, "09:00"), sid="flo", **ad),
        bought(world, "f1", at(NEXT_THU, "09:30"), "20", sid="flo"),
    ]


def cys_click(world: World) -> dict[str, Any]:
    """As the edge writes it, which does not know who follows a link."""
    number, link = f"{world.tenant}-click", world.links[0]
    social = {"utm_source": "social", "utm_medium": "social"}
    return event(world, "click", at(THU, "09:59"), event_id=number, click_id=number, link_id=link, **social)


def late(world: World) -> list[dict[str, Any]]:
    """What came in weeks after it happened, and Ann's purchase a third time."""
    now = datetime.now(UTC)
    anns = next(each for each in history(world) if each["event_id"] == f"{world.tenant}-a1")
    return [
        event(
            world,
            "page_view",
            at(THU, "10:00"),
            sid="cy",
            received_at=now,
            click_id=cys_click(world)["event_id"],
        ),
        {**bought(world, "c1", at(THU, "12:00"), "30", sid="cy"), "received_at": now},
        {**anns, "received_at": now, "segment": "sent once more"},
    ]


def elsewhere(world: World) -> list[dict[str, Any]]:
    """Dora pays 10 dollars, and then 20 euros, which are 25 dollars."""
    mail = {"utm_medium": "email", "utm_source": "weekly"}
    return [
        event(world, "page_view", at(MON, "10:00"), sid="dora", **mail),
        bought(world, "d1", at(MON, "11:00"), "10", "USD", sid="dora"),
        bought(world, "d2", at(TUE, "11:00"), "20", "EUR", sid="dora"),
    ]


def spent(world: World) -> list[dict[str, Any]]:
    search = {"conversions": Decimal(2), "conversions_value_micros": 120_000_000}
    francs = {"currency": "CHF", "spend_micros": 19_000_000, "impressions": 500, "clicks": 10}
    earned = {"conversions": Decimal(1), "conversions_value_micros": 9_500_000}
    kronor = {"currency": "SEK", "spend_micros": 500_000_000, "impressions": 100, "clicks": 3}
    rows = [
        {"date_day": MON, "impressions": 1_000, "clicks": 40, "spend_micros": 50_000_000, **search},
        {"date_day": NEXT_MON, "impressions": 2_000, "clicks": 80, "spend_micros": 100_000_000},
    ]
    return [
        *(insight(world, "google_ads", "campaign", **row) for row in rows),
        insight(
            world, "facebook_ads", "campaign", date_day=MON, campaign_name="Elsewhere", **francs, **earned
        ),
        insight(
            world, "facebook_ads", "campaign", date_day=MON, campaign_name="Norden", account_id="2", **kronor
        ),
    ]


def posted(world: World) -> list[dict[str, Any]]:
    """A post of long ago, looked at on two days."""
    first, second, since = at(MON, "23:30"), at(NEXT_MON, "23:30"), at(MON - 30 * DAY, "08:00")
    return [
        place(world, first, followers=10),
        post(world, first, "7_1", since, 1000, 10),
        place(world, second, followers=13),
        post(world, second, "7_1", since, 1030, 12),
    ]


@dataclass(frozen=True, slots=True)
class Asking:
    """Both shops, and whom to ask."""

    client: events.Client
    shop: World
    other: World

    def timeseries(self, **said: Any) -> pl.DataFrame:
        return timeseries(self.client, self.shop.tenant, TimeseriesAsked.model_validate(SPAN | said)).rows

    def total(self, **said: Any) -> float:
        return float(self.timeseries(**said)["value"].sum())

    def channels(self, **said: Any) -> Channels:
        return channels(self.client, self.shop.tenant, ChannelsAsked.model_validate(SPAN | said))

    def paths(self, **said: Any) -> Paths:
        return paths(self.client, self.shop.tenant, PathsAsked.model_validate(SPAN | said))

    def funnel(self, **said: Any) -> Funnel:
        return funnel(self.client, self.shop.tenant, FunnelAsked.model_validate(SPAN | said))


@pytest.fixture(scope="module")
def asking(house: Settings) -> Asking:
    shop, other = make_world(house), make_world(house)
    with records.session(house, Role.OWNER) as session:
        session.get_one(Tenant, other.tenant).currency = "USD"
    rates = [
        {
            "rate_on": MON + n * DAY,
            "currency": currency,
            "per_euro": per_euro,
            "source": "test",
            "fetched_at": datetime.now(UTC),
        }
        for n in range(14)
        for currency, per_euro in (("CHF", Decimal("0.95")), ("USD", Decimal("1.25")))
    ]
    refused = {
        "tenant_id": shop.tenant,
        "received_at": at(MON, "10:00"),
        "reason": "wrong_origin",
        "events": 5,
    }
    with events.connect(house) as client:
        put_events(client, history(shop) + elsewhere(other))
        put(
            client,
            "raw.insights",
            [
                *spent(shop),
                insight(
                    other, "google_ads", "campaign", date_day=MON, currency="USD", spend_micros=8_000_000
                ),
            ],
        )
        put(client, "raw.posts", posted(shop))
        put(client, "raw.exchange_rates", rates)
        put(client, "raw.rejected", [refused])
    dbt(house, "seed")
    dbt(house, "run", "-s", *BUILT)
    with events.connect(house) as client:
        put_events(client, late(shop))
    dbt(house, "run", "-s", *BUILT, "--exclude", *OF_CREDITS)
    credited(house, shop, other)
    dbt(house, "run", "-s", *OF_CREDITS)
    return Asking(events.connect(house), shop, other)


def credited(house: Settings, *worlds: World) -> None:
    """What the assets of attribution do for the days of both weeks."""
    client = events.connect(house)
    windows = [Window(last, days) for last, days in ((SUN, 7), (END, 7), (END, 28))]
    for world in worlds:
        with records.session(house, Role.PIPELINES) as session:
            terms = of_tenant(session, world.tenant)
        for family in Family:
            credits.store_days(client, terms, MON, END, family, "by hand")
        results.store(client, terms, windows, "by hand")
    client.close()


METRICS = {
    Metric.SPEND: SPEND,
    Metric.IMPRESSIONS: IMPRESSIONS,
    Metric.CLICKS: CLICKS,
    Metric.VISITS: VISITS,
    Metric.CONVERSIONS: CONVERSIONS,
    Metric.REVENUE: REVENUE,
    Metric.CTR: 133 / 3_600,
    Metric.CVR: 1,
    Metric.CPC: 170 / 133,
    Metric.CPM: 1000 * 170 / 3_600,
    Metric.CPA: 170 / 6,
    Metric.ROAS: 249.6316 / 170,
    Metric.ORDER_VALUE: 249.6316 / 6,
}
SUMS = [Metric.SPEND, Metric.IMPRESSIONS, Metric.CLICKS, Metric.VISITS, Metric.CONVERSIONS, Metric.REVENUE]


def test_every_metric_of_a_month_is_as_worked_out(asking: Asking) -> None:
    """A day that is in the same month as all others, so that a month is all there is."""
    assert set(METRICS) == set(Metric)
    for metric, expected in METRICS.items():
        assert asking.channels().total.now.of(metric) == pytest.approx(expected), metric


@pytest.mark.parametrize("gran", [Granularity.DAY, Granularity.WEEK, Granularity.MONTH])
def test_sums_are_the_same_by_day_week_and_month(asking: Asking, gran: Granularity) -> None:
    for metric in SUMS:
        assert asking.total(metric=metric, gran=gran) == pytest.approx(METRICS[metric]), metric
        assert asking.total(metric=metric, gran=gran, by="channel") == pytest.approx(METRICS[metric]), metric


def test_each_day_has_its_own(asking: Asking) -> None:
    def days(metric: Metric) -> dict[date, float]:
        rows = asking.timeseries(metric=metric).filter(pl.col("value") != 0)
        return dict(rows.select("at", "value").rows())

    assert days(Metric.SPEND) == pytest.approx({MON: 70, NEXT_MON: 100})
    assert days(Metric.VISITS) == {MON: 1, TUE: 2, THU: 1, NEXT_WED: 1, NEXT_THU: 1}
    assert days(Metric.CONVERSIONS) == pytest.approx({WED: 3, THU: 1, NEXT_WED: 1, NEXT_THU: 1})
    assert days(Metric.REVENUE) == pytest.approx(
        {WED: 107 + BOBS, THU: 30, NEXT_TUE: -40, NEXT_WED: 80, NEXT_THU: 20}
    )
    weeks = asking.timeseries(metric="roas", gran="w").select("at", "value").rows()
    assert weeks == [(MON, pytest.approx(189.6316 / 70)), (NEXT_MON, pytest.approx(60 / 100))]


def test_visits_by_the_hour_are_those_of_the_days(asking: Asking) -> None:
    hours = asking.timeseries(metric="visits", gran="h", to=MON + 13 * DAY)
    assert hours["value"].sum() == VISITS
    assert [moment.strftime("%H") for moment in hours.filter(pl.col("value") > 0)["at"]] == [
        "10", "08", "09", "10", "09", "09",
    ]  # fmt: skip


def test_what_is_told_by_campaign_adds_up_to_what_is_told_by_channel(asking: Asking) -> None:
    """Visits have no part in it; conversions are the platforms' own, and so are other ones than those that are credited."""
    for metric in (Metric.SPEND, Metric.IMPRESSIONS, Metric.CLICKS):
        assert asking.total(metric=metric, by="campaign") == pytest.approx(METRICS[metric]), metric

    def by_campaign(metric: str) -> dict[str, float]:
        rows = (
            asking.timeseries(metric=metric, by="campaign", gran="m")
            .group_by("of")
            .agg(pl.col("value").sum())
        )
        return dict(rows.rows())

    assert by_campaign("spend") == pytest.approx({"Spring": 150, "Elsewhere": 20, "Norden": 0})
    assert by_campaign("conversions") == pytest.approx({"Spring": 2, "Elsewhere": 1, "Norden": 0})
    # 9.50 francs at .95.
    assert by_campaign("revenue") == pytest.approx({"Spring": 120, "Elsewhere": 10, "Norden": 0})
    assert asking.total(metric="spend", campaign="Elsewhere") == pytest.approx(20)


def test_every_model_gives_all_there_is_and_costs_the_same(asking: Asking) -> None:
    names = {it.name for it in attribution.models()}
    for metric in SUMS:
        rows = asking.timeseries(metric=metric, by="model").group_by("of").agg(pl.col("value").sum())
        assert dict(rows.rows()) == pytest.approx(dict.fromkeys(names, METRICS[metric])), metric
    of_channels = {
        model: dict(
            asking.timeseries(metric="revenue", by="channel", model=model)
            .group_by("of")
            .agg(pl.col("value").sum())
            .filter(pl.col("value") != 0)
            .rows()
        )
        for model in ("first_touch", "last_touch")
    }
    shared = {"email": BOBS, "unassigned": 7, "organic_social": 30}
    # Ann's last touch was a direct visit, which takes no credit but by last touch; her refund is taken from whoever earned it.
    assert of_channels["first_touch"] == pytest.approx({**shared, "paid_search": 160})
    assert of_channels["last_touch"] == pytest.approx({**shared, "direct": 60, "paid_search": 100})


def test_channels_are_those_of_the_headline_model_beside_the_time_before(asking: Asking) -> None:
    found = asking.channels()
    assert found.currency == "EUR"
    of = {it.name: it for it in found.channels}
    assert {name: it.now.spend for name, it in of.items() if it.now.spend} == pytest.approx(
        {"paid_search": 150, "paid_social": 20}
    )
    assert {name: it.now.visits for name, it in of.items() if it.now.visits} == {
        "paid_search": 3, "email": 1, "direct": 1, "organic_social": 1,
    }  # fmt: skip
    assert of["direct"].now.revenue == pytest.approx(60)
    assert of["direct"].visits_of_programs == 1
    assert found.total.before.revenue == found.total.before.spend == 0
    second = asking.channels(**{"from": NEXT_MON})
    assert (second.total.now.revenue, second.total.now.spend) == (pytest.approx(60), pytest.approx(100))
    assert (second.total.before.revenue, second.total.before.spend) == (
        pytest.approx(189.6316),
        pytest.approx(70),
    )
    assert sum(it.revenue for it in found.days.values()) == pytest.approx(REVENUE)


def test_what_people_are_worth_is_all_revenue_but_that_of_nobody(asking: Asking) -> None:
    """Dated by the first visit, not by the sale; 7 of the revenue came from somebody who was never met."""
    asked = LtvAsked.model_validate({"from": MON, "to": END})
    found = ltv(asking.client, asking.shop.tenant, asked)
    of = {(it.channel, horizon.within_days): horizon for it in found.channels for horizon in it.horizons}
    assert {it.channel: it.people for it in found.channels} == {
        "paid_search": 3, "email": 1, "organic_social": 1, "paid_social": 0,
    }  # fmt: skip
    assert sum(of[channel, 30].revenue for channel, days in of if days == 30) == pytest.approx(REVENUE - 7)
    assert sum(of[channel, 30].conversions for channel, days in of if days == 30) == CONVERSIONS - 1
    search = of["paid_search", 30]
    # Ann 100 - 40, Eve 80, Flo 20; within a week of the first visit Ann had not yet given anything back.
    assert (search.people, search.revenue, search.spend) == (3, pytest.approx(160), pytest.approx(150))
    assert of["paid_search", 7].revenue == pytest.approx(200)
    assert (search.cost_per_person, search.to_cost) == (pytest.approx(50), pytest.approx(160 / 150))
    # The overview says it of the last weeks that are over for 30 days.
    overview = asking.channels(**{"from": TODAY - 27 * DAY, "to": TODAY})
    assert overview.total.lifetime_now.revenue == pytest.approx(REVENUE - 7)
    assert overview.total.lifetime_now.people == 5


def test_cohorts_are_the_same_people_by_week(asking: Asking) -> None:
    found = cohorts(asking.client, asking.shop.tenant, CohortsAsked.model_validate({"from": MON, "to": END}))
    assert [(it.week, it.people) for it in found.cohorts] == [(MON, 3), (NEXT_MON, 2)]
    first, second = (
        [(it.people, it.people_converting, it.conversions, it.revenue) for it in cohort.weeks]
        for cohort in found.cohorts
    )
    assert first[0] == (3, 3, 3, pytest.approx(182.6316))
    # Ann gave something back, and did not come.
    assert first[1] == (0, 0, 0, pytest.approx(-40))
    assert second[0] == (2, 2, 2, pytest.approx(100))
    revenue = sum(week.revenue for cohort in found.cohorts for week in cohort.weeks)
    assert revenue == pytest.approx(REVENUE - 7)


def test_funnels_count_people_in_order(asking: Asking) -> None:
    three = asking.funnel(steps="page_view,lead,purchase").whole
    assert [it.people for it in three.steps] == [5, 1, 1]
    two = asking.funnel(steps="page_view,purchase", by="channel")
    assert [it.people for it in two.whole.steps] == [5, 5]
    # From the last page before: Ann 25 hours, Bob 27, Cy 2, Eve 1, Flo half of one.
    assert two.whole.steps[0].median_to_next == timedelta(hours=2)
    # By the channel of the event itself: a page that a short link led to bears no mark, and the click does.
    assert {it.of: [step.people for step in it.steps] for it in two.segments} == {
        "paid_search": [3, 3],
        "email": [1, 1],
        "direct": [1, 1],
    }
    [followed] = asking.funnel(steps="click,purchase", by="channel").segments
    assert followed.of == "organic_social"
    assert [
        it.people for it in asking.funnel(steps="page_view,purchase", to=TUE, window_days=1).whole.steps
    ] == [
        2,
        0,
    ], "both bought more than a day later"
    # Cy's click is Cy's by the page that it led to, and Ann's purchase hers by the number that she logged in with.
    clicked = asking.funnel(steps="click,page_view,purchase").whole.steps
    assert [(it.people, it.median_to_next) for it in clicked] == [
        (1, timedelta(minutes=1)),
        (1, timedelta(hours=2)),
        (1, None),
    ]
    for by in ("device", "country"):
        [segment] = asking.funnel(steps="page_view,purchase", by=by).segments
        assert segment.of == {"device": "desktop", "country": "DE"}[by]


def test_paths_and_journeys_hold_what_channels_are_credited_with(asking: Asking) -> None:
    for model in attribution.models():
        found = asking.paths(model=model.name)
        assert (found.conversions, found.value, found.different) == (6, pytest.approx(REVENUE), 5), model.name
        assert found.currency == "EUR"
        given = sum(share.conversions for path in found.paths for share in path.credit)
        worth = sum(share.value for path in found.paths for share in path.credit)
        assert (given, worth) == (pytest.approx(6), pytest.approx(REVENUE)), model.name
    ways = {tuple(it.channels): (it.conversions, it.value) for it in asking.paths().paths}
    assert ways == {
        ("paid_search",): (2, pytest.approx(100)),
        ("paid_search", "direct"): (1, pytest.approx(60)),
        ("email",): (1, pytest.approx(BOBS)),
        ("organic_social",): (1, pytest.approx(30)),
        ("unassigned",): (1, pytest.approx(7)),
    }
    through = asking.paths(campaign_id=asking.shop.campaign)
    # Ann, Eve and Flo by its ads, Cy by its link.
    assert (through.conversions, through.value) == (4, pytest.approx(190))

    told = journeys(asking.client, asking.shop.tenant, JourneysAsked.model_validate(SPAN))
    assert told.conversions == 6
    assert [(it.least, it.conversions, it.value) for it in told.touches if it.conversions] == [
        (1, 5, pytest.approx(REVENUE - 60)),
        (2, 1, pytest.approx(60)),
    ]
    # Ann's two days, Bob's one, and four who bought on the day that they came.
    assert [(it.least, it.conversions) for it in told.days if it.conversions] == [(0, 4), (1, 1), (2, 1)]
    assert (told.middle_touches, told.middle_days) == (1, 0)


def test_credit_of_weeks_is_that_of_its_days(asking: Asking) -> None:
    found = credit(asking.client, asking.shop.tenant, CreditAsked.model_validate({"window_days": 28}))
    assert found.span
    assert (found.span.last, found.currency) == (END, "EUR")
    assert (found.conversions, found.value) == (pytest.approx(6), pytest.approx(REVENUE))
    assert found.awaited == []
    of = {it.name: it for it in found.channels}
    assert {name: it.spend for name, it in of.items() if it.spend} == pytest.approx(
        {"paid_search": 150, "paid_social": 20}
    )
    # Rules share each path's own value out, so that weeks are the sums of their days; fitted models are fitted to other paths.
    for model in ("first_touch", "last_touch", "linear"):
        days = (
            asking.timeseries(metric="revenue", by="channel", model=model)
            .group_by("of")
            .agg(pl.col("value").sum())
        )
        for channel, value in days.rows():
            own = next((it.value for it in of[channel].readings if it.model == model), 0.0)
            assert own == pytest.approx(value), (model, channel)
    search = of["paid_search"].by("first_touch")
    assert search.cpa
    assert search.roas
    assert (search.cpa.best, search.roas.best) == (pytest.approx(50), pytest.approx(160 / 150))


def test_margins_are_read_off_two_weeks(asking: Asking) -> None:
    """Search cost 50 and then 100: by first touch it brought one conversion of 100, then two of 80 and 20 and the refund."""
    found = margins(asking.client, asking.shop.tenant, CreditAsked.model_validate({"window_days": 7}))
    assert found.span
    assert (found.span.first, found.span.last) == (NEXT_MON, END)
    search, social = found.channels
    assert (search.name, search.spend_before, search.spend) == ("paid_search", 50, 100)
    by = {it.model: it for it in search.margins}
    assert set(by) == {it.name for it in attribution.models()}
    first, last = by["first_touch"], by["last_touch"]
    assert first.cpa
    assert first.roas
    assert (first.cpa.best, first.roas.best) == (pytest.approx(50), pytest.approx((60 - 100) / 50))
    assert last.cpa
    assert last.roas
    # By last touch it earned nothing in the first week, and 100 in the second.
    assert (last.cpa.best, last.roas.best) == (pytest.approx(25), pytest.approx(2))
    assert {it.telling for it in search.margins} == {Telling.CHANCE}, (
        "of a conversion or two nothing can be told"
    )
    assert social.name == "paid_social"
    assert {it.telling for it in social.margins} == {Telling.ONE_SIDED}


def test_tracking_accounts_for_all_that_came_in(asking: Asking) -> None:
    found = tracking(asking.client, asking.shop.tenant, TrackingAsked.model_validate(SPAN))
    days = {it.day: it for it in found.days}
    assert {day: (it.received, it.events, it.copies) for day, it in days.items() if it.received} == {
        MON: (5, 4, 1),
        TUE: (4, 4, 0),
        WED: (5, 3, 2),
        THU: (3, 3, 0),
        NEXT_TUE: (1, 1, 0),
        NEXT_WED: (2, 2, 0),
        NEXT_THU: (2, 2, 0),
    }
    total = found.total
    assert (total.received, total.events, total.copies) == (22, 19, 3)
    assert total.by_kind == {"page_view": 8, "purchase": 7, "lead": 1, "identify": 1, "click": 1, "refund": 1}
    assert (total.of_programs, total.rejected, total.by_reason) == (2, 5, {"wrong_origin": 5})
    assert total.late == 2
    assert (total.click_ids, total.unmatched_click_ids) == (1, 0)
    # Of the crawler's purchase nothing is expected; a refund is no conversion.
    assert total.conversions == CONVERSIONS


def test_a_person_is_told_in_order(asking: Asking) -> None:
    found = timeline(asking.client, asking.shop.tenant, TimelineAsked(visitor_id="ann"))
    assert found.person_id == "user:7"
    assert [(it.kind, it.channel, it.value) for it in found.moments] == [
        ("visit", "paid_search", 0),
        ("visit", "direct", 0),
        ("identity", "", 0),
        ("conversion", "", 100),
        ("refund", "", -40),
    ]
    assert found.owner
    assert found.owner.person_id == "user:7"
    assert [it.identity for it in found.meetings] == ["user:7"]
    assert not timeline(asking.client, asking.other.tenant, TimelineAsked(visitor_id="ann")).is_known
    now = datetime.combine(THU, datetime.min.time(), UTC)
    lately = recent_converters(asking.client, asking.shop.tenant, now)
    assert ("cy", 30.0) in [(it.person_id, it.value) for it in lately]


def test_each_asset_says_its_newest_day(asking: Asking) -> None:
    newest = {it.asset: it.newest_day for it in freshness(asking.client, asking.shop.tenant)}
    assert newest == {
        "marts/channel_daily": NEXT_THU,
        "marts/channel_roas": NEXT_THU,
        "marts/ad_performance": NEXT_MON,
        # A week of people is known by its Monday.
        "marts/cohorts": NEXT_MON,
        "marts/organic_performance": NEXT_MON,
        "marts/tracking_health": NEXT_THU,
        "marts/ltv": END,
        "intermediate/int_touchpoints": NEXT_THU,
        "intermediate/int_paths": NEXT_THU,
        "attribution_results": END,
        "intermediate/int_person_events": NEXT_THU,
        "staging/stg_events": NEXT_THU,
    }
    assert all(it.built_at for it in freshness(asking.client, asking.shop.tenant))


def test_the_other_shop_has_its_own_currency_and_nothing_of_this_one(asking: Asking) -> None:
    found = channels(asking.client, asking.other.tenant, ChannelsAsked.model_validate(SPAN))
    total = found.total.now
    assert (found.currency, total.spend, total.conversions, total.visits) == ("USD", 8, 2, 1)
    assert total.revenue == pytest.approx(35)
    lived = ltv(asking.client, asking.other.tenant, LtvAsked.model_validate({"from": MON, "to": END}))
    assert {it.channel: it.people for it in lived.channels} == {"email": 1, "paid_search": 0}
    told = credit(asking.client, asking.other.tenant, CreditAsked.model_validate({"window_days": 28}))
    assert (told.currency, told.value) == ("USD", pytest.approx(35))


# Of each report a column that adds up, and to what.
REPORTS: dict[str, tuple[dict[str, Any], str, float]] = {
    "channels": ({}, "revenue", REVENUE),
    "timeseries": ({"metric": "revenue"}, "value", REVENUE),
    "funnel": ({"steps": "page_view,purchase"}, "people", 10),
    "cohorts": ({}, "revenue", REVENUE - 7),
    # Of 7 and of 30 days, longer ones not being over; within a week of her first visit Ann had given nothing back.
    "ltv": ({}, "revenue", 2 * (REVENUE - 7) + 40),
    "paths": ({}, "value", REVENUE),
    "models": ({"window_days": 28}, "value", 9 * REVENUE),
    "margins": ({"window_days": 7}, "spend", 9 * 100),
    "posts": ({}, "impressions", 30),
    "campaign_days": ({}, "impressions", IMPRESSIONS),
    "conversions": ({}, "value", REVENUE),
}


# Whom a hold-out keeps something from is a question of the records as well: test_hold_outs.py reads it.
@pytest.mark.parametrize("name", sorted({it.name for it in reports.reports()} - {"held_out"}))
def test_every_report_reads_what_dbt_made(asking: Asking, name: str) -> None:
    said, column, expected = REPORTS[name]
    report = reports.named(name)
    days = SPAN if issubclass(report.asked, Question) else {}
    asked: Inquiry = report.asked.model_validate(days | said)
    rows = pl.concat(report.rows(asking.client, asking.shop.tenant, asked))
    assert set(rows.columns) >= {it.name for it in report.columns}
    assert rows[column].sum() == pytest.approx(expected)


def test_marts_that_are_filled_by_hand_have_the_columns_that_dbt_makes(asking: Asking) -> None:
    """So that no question is tested against a column that is not there, or is of another type."""
    asking.client.command("create database if not exists by_hand")
    off = list[str]()
    for table, columns in {**TABLES, **PEOPLE}.items():
        asking.client.command(f"create or replace table by_hand.it ({columns}) engine = Memory")
        made = described(asking.client, MADE.get(table, table))
        off += [
            f"{table}.{name} is {kind} by hand, and {made.get(name, 'missing')} by dbt"
            for name, kind in described(asking.client, "by_hand.it").items()
            if made.get(name) != kind
        ]
    asking.client.command("drop database by_hand")
    assert not off, "\n".join(off)


# A view with parameters says what its columns are only with some.
MADE = {"marts.moments": "(select * from marts.visitor_timeline(tenant = 0, person = ''))"}


def described(client: events.Client, table: str) -> dict[str, str]:
    return {row[0]: row[1] for row in client.query(f"describe table {table}").result_rows}
