"""What the warehouse tells of visitors, and its tables with as many columns as pages read."""

from datetime import UTC, datetime, timedelta
from typing import Any

from store import events
from store.records.people import MemberRole
from store.settings import Settings
from tests.analytics.marts import PEOPLE, Marts, lay_people
from tests.analytics.marts import TABLES as MARTS
from tests.console.furniture.words import ADDRESS, LONG
from tests.console.visitors import Person

TABLES = {
    "marts.link_daily": "tenant_id Int64, date_day Date, campaign_id Int64, link_id Int64, clicks UInt64, "
    "human_clicks UInt64, bot_clicks UInt64, human_visitors UInt64, variant_id Int64, variant_name String",
    "marts.cohorts": MARTS["marts.cohorts"],
    "marts.ltv": MARTS["marts.ltv"],
    "marts.organic_performance": MARTS["marts.organic_performance"],
    "marts.place_daily": MARTS["marts.place_daily"],
    "staging.stg_events": "tenant_id Int64, event_id String, event LowCardinality(String), occurred_on Date, "
    "occurred_at DateTime64(3, 'UTC'), channel LowCardinality(String), "
    "link_id Int64, click_id String, visitor_id String, country LowCardinality(String), "
    "device LowCardinality(String), referrer_host String, is_bot Bool, bot_reasons Array(String)",
}
OF_PATHS = ("intermediate.int_paths", "staging.stg_goals", "staging.stg_measurement")


def clear_warehouse(house: Settings) -> None:
    """Tables with a few of their columns are in the way of the models that make them whole."""
    with events.connect(house) as client:
        for table in (
            "marts.visitor_timeline",
            *PEOPLE,
            *TABLES,
            *OF_PATHS,
            "marts.ad_performance",
            "marts.channel_daily",
        ):
            client.command(f"drop table if exists {table}")
        client.command("truncate table raw.attribution_results")


def of_people_who_came(settings: Settings, people: dict[MemberRole, Person]) -> None:
    """What they did in these weeks, and a year of weeks of first visits."""
    tenant = people[MemberRole.MARKETER].tenant
    began = datetime.now(UTC) - timedelta(days=20)
    steps = (("page_view", 0, 1), ("lead", 3, 3), ("purchase", 50, 11), ("unbroken" * 8, 90, 40))
    with events.connect(settings) as client:
        client.insert(
            "staging.stg_events",
            [
                [tenant, event, at, at.date(), f"v{number}", ("email", "paid_search", "")[number % 3]]
                for number in range(600)
                for event, hours, every in steps
                if number % every == 0
                for at in (began + timedelta(hours=hours, minutes=number),)
            ],
            column_names=["tenant_id", "event", "occurred_at", "occurred_on", "visitor_id", "channel"],
        )
        monday = began.date() - timedelta(days=began.weekday()) + timedelta(weeks=2)
        weeks = [(ago, monday - timedelta(weeks=ago), 120_000 + 700 * (ago % 7)) for ago in range(60)]
        client.insert(
            "marts.cohorts",
            [
                [tenant, week, since, size, size // (1 + 2 * since), size // (9 + since), 1_234_567 // (1 + since), since < ago]
                for ago, week, size in weeks
                for since in range(ago + 1)
            ],
            column_names=[
                "tenant_id", "cohort_week", "weeks_since", "cohort_people", "people", "people_converting", "revenue", "is_complete",
            ],
        )  # fmt: skip
        client.insert(
            "marts.ltv",
            [
                [tenant, week, channel, within, size // 3, (200_000 + 900 * ago) * within * (3 - place) // 100,
                 week + timedelta(days=6 + within) <= began.date()]
                for ago, week, size in weeks
                for place, channel in enumerate(("email", "paid_search", "social"))
                for within in (7, 30, 90, 180, 365)
            ],
            column_names=["tenant_id", "cohort_week", "first_channel", "within_days", "people", "revenue", "is_complete"],
        )  # fmt: skip


def of_posts(settings: Settings, people: dict[MemberRole, Person]) -> None:
    """Posts of all networks, some that tell little of themselves, with long words and without any."""
    tenant, today = people[MemberRole.MARKETER].tenant, datetime.now(UTC).date()
    with events.connect(settings) as client:
        made = Marts(client)
        for number in range(40):
            network = ("facebook", "instagram", "linkedin")[number % 3]
            place = {
                "platform": network,
                "account_id": f"{number % 4}",
                "account_name": LONG[: 40 * (number % 4)],
            }
            told: dict[str, Any] = {
                "beginning": LONG[:300] if number % 5 else "",
                "action_id": number % 2,
                "reactions": 1_234_567 // (1 + number),
            }
            if number % 4:
                told |= {
                    "impressions": 98_765_432,
                    "total_impressions": 98_765_432 + number,
                    "total_reactions": 2_345_678,
                }
            made.post_day(tenant, today, f"{number}", **place, **told)
            if number < 4:
                made.place_day(
                    tenant, today, **place, followers=1_234_567, followers_delta=-89, posts_published=3
                )


def of_attribution(settings: Settings, people: dict[MemberRole, Person]) -> None:
    """Channels with short and long names, some that models argue about, and paths of one step and of many."""
    admin, today = people[MemberRole.ADMIN], datetime.now(UTC)
    with admin.api() as api:
        goal = next(it["id"] for it in api.get("/goals").json()["items"] if it["is_headline"])
    long = "unbroken_" * 5
    ways = [(["email", "paid_search"], 210, 18_000.0, 900), (["social", "email"], 90, 9_900.0, 240),
            ([long, "paid_search"], 40, 1_234_567.0, 300), (["paid_search"], 160, 14_000.0, 500),
            (["social"], 3, 20.0, 3_000)]  # fmt: skip
    with events.connect(settings) as client:
        for table in OF_PATHS:
            client.command(
                f"create table if not exists {table} ({MARTS[table]}) engine = MergeTree order by tenant_id"
            )
        rows = Marts(client)
        rows.results(admin.tenant, goal, today.date(), ways)
        before = today.date() - timedelta(days=28)
        fewer = [(way, conversions // 2, value / 3, nulls) for way, conversions, value, nulls in ways]
        rows.results(admin.tenant, goal, before, fewer)
        for channel, spend in (("paid_search", 20_000_000), (long, 1_234_567)):
            rows.channel_day(admin.tenant, today.date(), channel, spend=spend)
        for way, _, value, _ in [*ways, (["email", "social", long] * 9, 1, 70.0, 0)]:
            touches = [(channel, today - timedelta(days=2), 0) for channel in way]
            rows.path(admin.tenant, today, *touches, goal_id=goal, value=value)


def of_visitors(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """Somebody with a long life and long names, one whom nobody knows, and tracking with all that may be wrong."""
    tenant = people[MemberRole.ANALYST].tenant
    noon = datetime.now(UTC).replace(hour=12, minute=0) - timedelta(days=1)
    phone, ann = "0b9e2c1a-" + "f" * 40, f"user:{ADDRESS}"
    with events.connect(settings) as client:
        lay_people(client)
        made = Marts(client)
        made.owner(tenant, phone, "user:bob", until=noon - timedelta(days=9))
        made.owner(tenant, phone, ann, since=noon - timedelta(days=9))
        for source in ("event", "click", "delivery"):
            made.meeting(tenant, phone, ann, noon, source=source)
        for ago in range(9):
            at = noon - timedelta(days=ago)
            made.moment(tenant, ann, at, channel="paid_search", page_views=4, detail="/winter/" + "coats-" * 30,
                        visitor_id=phone if ago % 2 else "laptop", campaign_id=7, link_id=8)  # fmt: skip
            said: dict[str, Any] = {"detail": LONG[:190], "currency": "EUR", "visitor_id": ann}
            if ago % 3 == 0:
                made.moment(tenant, ann, at + timedelta(minutes=4), "conversion", value=1234.5, **said)
                made.conversion(tenant, ann if ago else f"user:{ago}", at, goal=LONG[:190], value=1234.5)
        made.moment(tenant, ann, noon, "identity", detail="contact:7", visitor_id=phone)
        made.moment(
            tenant, ann, noon, "refund", detail="Purchases", value=-20, currency="EUR", visitor_id=ann
        )
        for ago in range(90):
            made.tracked(
                tenant, noon.date() - timedelta(days=ago), received=12_345 + 100 * (ago % 7), events=11_000, copies=1_345,
                events_by_kind={"page_view": 9_000, "unbroken" * 8: 2_000}, clocks_corrected=1_000,
                events_by_lateness={"within an hour": 9_000, "within a day": 500, "within three days": 900, "later": 600},
                rejected=2_000 + 10 * ago, rejected_by_reason={"wrong_origin": 2_000, "too_long": 10 * ago},
                events_of_programs=6_000 if ago < 40 else 700, share_with_consent=0.7, share_refused=0.2,
                events_without_visitor=70, human_page_views=9_000, unknown_channels=2_500 + ago, conversions=90,
                conversions_without_value=9, conversions_without_currency=1, click_ids=100, unmatched_click_ids=40,
                devices_shared=1, people_crowded=1, devices_refused=2,
            )  # fmt: skip
    return {
        "GET /visitors": ["/visitors", "/visitors?called=contact&name=nobody%40example.com"],
        "GET /visitors/{visitor_id}": [f"/visitors/{phone}", f"/visitors/{ann}", "/visitors/till"],
        "GET /tracking": ["/tracking", "/tracking?days=90"],
    }
