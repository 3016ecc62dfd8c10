"""The catalogue of reports: what can be asked for as a file, each a question with its columns.

A function that is entered here gives its rows in pieces, and appears in the API and in the console's form without further
wiring.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from connectors.posts import COUNTERS
from marketing_pipelines.analytics.asking import GoalNumber, Inquiry, Question
from marketing_pipelines.analytics.channels import ChannelsAsked, channels
from marketing_pipelines.analytics.cohorts import CohortsAsked, cohorts
from marketing_pipelines.analytics.credit import CreditAsked, Estimate, credit
from marketing_pipelines.analytics.funnels import FunnelAsked, funnel
from marketing_pipelines.analytics.hold_outs import Drawing, HeldOutAsked, drawing_asked_for, held_out
from marketing_pipelines.analytics.lifetime import LtvAsked, ltv
from marketing_pipelines.analytics.margins import margins
from marketing_pipelines.analytics.measures import Metric
from marketing_pipelines.analytics.paths import PathsAsked, paths
from marketing_pipelines.analytics.posts import MOST_POSTS, PostsAsked, posts
from marketing_pipelines.analytics.reading import chosen_goal, stream
from marketing_pipelines.analytics.sheets import Column, Form
from marketing_pipelines.analytics.timeseries import TimeseriesAsked, timeseries
from store import events
from store.records.database import Session
from store.records.schema import TenantId

if TYPE_CHECKING:
    import polars as pl

    Rows = Callable[[events.Client, TenantId, Any], Iterator[pl.DataFrame]]


def _as_asked(_session: Session, _tenant: TenantId, asked: Any) -> Any:
    return asked


@dataclass(frozen=True, slots=True)
class Report:
    """`look_up` makes of what was asked what its rows are made of, where the records have to be asked for that."""

    name: str
    title: str
    description: str
    asked: type[Inquiry]
    columns: Sequence[Column]
    rows: "Rows"
    look_up: Callable[[Session, TenantId, Any], Any] = _as_asked


_catalogue: dict[str, Report] = {}


def report(
    name: str,
    title: str,
    asked: type[Inquiry],
    *columns: Column,
    look_up: Callable[[Session, TenantId, Any], Any] = _as_asked,
) -> "Callable[[Rows], Rows]":
    """Enters a function into the catalogue, its docstring as the description."""

    def enter(rows: "Rows") -> "Rows":
        if name in _catalogue:
            raise ValueError(f"There is a report called {name} already; give this one another name.")
        titles = [column.title for column in columns]
        if twice := {title for title in titles if titles.count(title) > 1}:
            raise ValueError(
                f"Columns of {name} are told apart by their titles; these are there twice: {twice}."
            )
        _catalogue[name] = Report(name, title, (rows.__doc__ or "").strip(), asked, columns, rows, look_up)
        return rows

    return enter


def reports() -> list[Report]:
    return list(_catalogue.values())


def named(name: str) -> Report:
    """The report of that name; a ValueError names the ones there are."""
    if name not in _catalogue:
        raise ValueError(f"There is no report {name!r}; there are {', '.join(_catalogue)}.")
    return _catalogue[name]


_FORMS: Mapping[Metric, Form] = {
    Metric.SPEND: Form.MONEY,
    Metric.REVENUE: Form.MONEY,
    Metric.IMPRESSIONS: Form.WHOLE,
    Metric.CLICKS: Form.WHOLE,
    Metric.VISITS: Form.WHOLE,
    Metric.CTR: Form.SHARE,
    Metric.CVR: Form.SHARE,
    Metric.CPA: Form.MONEY,
    Metric.ROAS: Form.RATIO,
}
_TITLES: Mapping[Metric, str] = {
    Metric.CTR: "CTR",
    Metric.CVR: "CVR",
    Metric.CPA: "CPA",
    Metric.ROAS: "ROAS",
}
_OF_CHANNELS = (
    Metric.SPEND,
    Metric.IMPRESSIONS,
    Metric.CLICKS,
    Metric.CTR,
    Metric.VISITS,
    Metric.CONVERSIONS,
    Metric.CVR,
    Metric.CPA,
    Metric.REVENUE,
    Metric.ROAS,
)


def _figure(metric: Metric, suffix: str = "", said: str = "") -> Column:
    title = _TITLES.get(metric, metric.capitalize())
    return Column(f"{metric}{suffix}", f"{title}{said}", _FORMS.get(metric, Form.PLAIN))


@report(
    "channels",
    "Channels beside the time before",
    ChannelsAsked,
    Column("channel", "Channel"),
    Column("currency", "Currency"),
    *(_figure(metric) for metric in _OF_CHANNELS),
    *(_figure(metric, "_before", " before") for metric in _OF_CHANNELS),
)
def channel_rows(client: events.Client, tenant: TenantId, asked: ChannelsAsked) -> "Iterator[pl.DataFrame]":
    """What each channel cost and brought in the days, beside as many days before; the headline model's credit."""
    import polars as pl

    found = channels(client, tenant, asked)
    rows = [
        {"channel": channel.name, "currency": found.currency}
        | {str(metric): channel.now.of(metric) for metric in _OF_CHANNELS}
        | {f"{metric}_before": channel.before.of(metric) for metric in _OF_CHANNELS}
        for channel in found.channels
    ]
    floats = {f"{metric}{when}": pl.Float64 for metric in _OF_CHANNELS for when in ("", "_before")}
    yield pl.DataFrame(rows, schema={"channel": pl.String, "currency": pl.String, **floats})


@report(
    "timeseries",
    "A metric over time",
    TimeseriesAsked,
    Column("at", "From"),
    Column("of", "Of"),
    Column("metric", "Metric"),
    Column("value", "Value"),
)
def timeseries_rows(
    client: events.Client, tenant: TenantId, asked: TimeseriesAsked
) -> "Iterator[pl.DataFrame]":
    """One metric by hour, day, week or month, in all or by channel, campaign or attribution model."""
    import polars as pl

    yield timeseries(client, tenant, asked).rows.with_columns(metric=pl.lit(str(asked.metric)))


@report(
    "funnel",
    "A funnel",
    FunnelAsked,
    Column("of", "Of"),
    Column("step", "Step", Form.WHOLE),
    Column("name", "Event"),
    Column("people", "People", Form.WHOLE),
    Column("of_previous", "Of the step before", Form.SHARE),
    Column("of_first", "Of the first step", Form.SHARE),
    Column("hours_to_next", "Hours to the next, median", Form.RATIO),
)
def funnel_rows(client: events.Client, tenant: TenantId, asked: FunnelAsked) -> "Iterator[pl.DataFrame]":
    """How many people took ordered steps within a window: all together, and by segment where that is asked for."""
    import polars as pl

    found = funnel(client, tenant, asked)
    rows = [
        {
            "of": of,
            "step": place,
            "name": step.name,
            "people": step.people,
            "of_previous": step.of_previous,
            "of_first": step.of_first,
            "hours_to_next": step.median_to_next.total_seconds() / 3600 if step.median_to_next else None,
        }
        for of, course in [("everybody", found.whole), *((it.of or "unknown", it) for it in found.segments)]
        for place, step in enumerate(course.steps, 1)
    ]
    floats = dict.fromkeys(("of_previous", "of_first", "hours_to_next"), pl.Float64)
    yield pl.DataFrame(
        rows, schema={"of": pl.String, "step": pl.Int64, "name": pl.String, "people": pl.Int64, **floats}
    )


@report(
    "cohorts",
    "Cohorts",
    CohortsAsked,
    Column("week", "First came in the week of"),
    Column("people", "People", Form.WHOLE),
    Column("weeks_since", "Weeks since", Form.WHOLE),
    Column("came_back", "Came", Form.WHOLE),
    Column("retention", "Share who came", Form.SHARE),
    Column("converted", "Converted", Form.WHOLE),
    Column("conversions", "Conversions", Form.WHOLE),
    Column("currency", "Currency"),
    Column("revenue", "Revenue", Form.MONEY),
    Column("is_complete", "The week is over"),
)
def cohort_rows(client: events.Client, tenant: TenantId, asked: CohortsAsked) -> "Iterator[pl.DataFrame]":
    """Who first came in which week, and how many of them came, converted and paid in each week since."""
    import polars as pl

    found = cohorts(client, tenant, asked)
    rows = [
        {
            "week": cohort.week,
            "people": cohort.people,
            "weeks_since": week.weeks_since,
            "came_back": week.people,
            "retention": week.people / cohort.people if cohort.people else None,
            "converted": week.people_converting,
            "conversions": week.conversions,
            "currency": found.currency,
            "revenue": week.revenue,
            "is_complete": "yes" if week.is_complete else "no",
        }
        for cohort in found.cohorts
        for week in cohort.weeks
    ]
    wholes = dict.fromkeys(("people", "weeks_since", "came_back", "converted", "conversions"), pl.Int64)
    floats = dict.fromkeys(("retention", "revenue"), pl.Float64)
    texts = dict.fromkeys(("currency", "is_complete"), pl.String)
    yield pl.DataFrame(rows, schema={"week": pl.Date, **wholes, **floats, **texts})


@report(
    "ltv",
    "Lifetime value by channel",
    LtvAsked,
    Column("channel", "First channel"),
    Column("within_days", "Within days", Form.WHOLE),
    Column("people", "People", Form.WHOLE),
    Column("conversions", "Conversions", Form.WHOLE),
    Column("currency", "Currency"),
    Column("revenue", "Revenue", Form.MONEY),
    Column("per_person", "Revenue per person", Form.MONEY),
    Column("margin", "Give or take (95%)", Form.MONEY),
    Column("cost_per_person", "Ad spend per person", Form.MONEY),
    Column("to_cost", "LTV to CAC", Form.RATIO),
    Column("weeks", "Weeks that are over", Form.WHOLE),
    Column("of_weeks", "of", Form.WHOLE),
)
def ltv_rows(client: events.Client, tenant: TenantId, asked: LtvAsked) -> "Iterator[pl.DataFrame]":
    """What people were worth after 7, 30, 90, 180 and 365 days by the channel that first brought them, and what that cost."""
    import polars as pl

    found = ltv(client, tenant, asked)
    rows = [
        {
            "channel": channel.channel,
            "within_days": horizon.within_days,
            "people": horizon.people,
            "conversions": horizon.conversions,
            "currency": found.currency,
            "revenue": horizon.revenue,
            "per_person": horizon.per_person,
            "margin": horizon.margin,
            "cost_per_person": horizon.cost_per_person,
            "to_cost": horizon.to_cost,
            "weeks": horizon.weeks,
            "of_weeks": horizon.of_weeks,
        }
        for channel in found.channels
        for horizon in channel.horizons
    ]
    wholes = dict.fromkeys(("within_days", "people", "conversions", "weeks", "of_weeks"), pl.Int64)
    floats = dict.fromkeys(("revenue", "per_person", "margin", "cost_per_person", "to_cost"), pl.Float64)
    texts = dict.fromkeys(("channel", "currency"), pl.String)
    yield pl.DataFrame(rows, schema={**texts, **wholes, **floats})


@report(
    "paths",
    "The most frequent paths",
    PathsAsked,
    Column("place", "Place", Form.WHOLE),
    Column("path", "Path"),
    Column("path_conversions", "Conversions of the path"),
    Column("path_value", "Value of the path", Form.MONEY),
    Column("channel", "Channel"),
    Column("share", "Share", Form.SHARE),
    Column("conversions", "Credited conversions", Form.RATIO),
    Column("value", "Credited value", Form.MONEY),
)
def path_rows(client: events.Client, tenant: TenantId, asked: PathsAsked) -> "Iterator[pl.DataFrame]":
    """The ways by which people most often came to convert, a row for each channel that a model gives credit on them."""
    import polars as pl

    found = paths(client, tenant, asked)
    rows = [
        {
            "place": place,
            "path": " > ".join(path.channels),
            "path_conversions": path.conversions,
            "path_value": path.value,
            "channel": share.channel,
            "share": share.share,
            "conversions": share.conversions,
            "value": share.value,
        }
        for place, path in enumerate(found.paths, 1)
        for share in path.credit
    ]
    texts, numbers = (
        dict.fromkeys(("path", "channel"), pl.String),
        ("share", "conversions", "value", "path_value"),
    )
    wholes = dict.fromkeys(("place", "path_conversions"), pl.Int64)
    yield pl.DataFrame(rows, schema={**texts, **wholes, **dict.fromkeys(numbers, pl.Float64)})


def _bounded(name: str, title: str, form: Form) -> tuple[Column, Column, Column]:
    return (
        Column(name, title, form),
        Column(f"{name}_low", f"{title}, at least", form),
        Column(f"{name}_high", f"{title}, at most", form),
    )


def _bounds(name: str, found: Estimate | None) -> dict[str, float | None]:
    best, low, high = (found.best, found.low, found.high) if found else (None, None, None)
    return {name: best, f"{name}_low": low, f"{name}_high": high}


@report(
    "models",
    "Attribution models side by side",
    CreditAsked,
    Column("from", "From"),
    Column("to", "To"),
    Column("channel", "Channel"),
    Column("model", "Model"),
    *_bounded("share", "Share of conversions", Form.SHARE),
    Column("conversions", "Conversions", Form.RATIO),
    Column("value", "Value", Form.MONEY),
    Column("currency", "Currency"),
    Column("spend", "Spend", Form.MONEY),
    *_bounded("cpa", "CPA", Form.MONEY),
    *_bounded("roas", "ROAS", Form.RATIO),
    Column("removal_effect", "Removal effect", Form.SHARE),
)
def model_rows(client: events.Client, tenant: TenantId, asked: CreditAsked) -> "Iterator[pl.DataFrame]":
    """What every model gives each channel of the last weeks, with bounds for nine of ten samples, and what it cost."""
    import polars as pl

    found = credit(client, tenant, asked)
    rows = [
        {
            "from": found.span.first,
            "to": found.span.last,
            "channel": channel.name,
            "model": reading.model,
            **_bounds("share", reading.share),
            "conversions": reading.conversions,
            "value": reading.value,
            "currency": found.currency,
            "spend": channel.spend,
            **_bounds("cpa", reading.cpa),
            **_bounds("roas", reading.roas),
            "removal_effect": reading.removal_effect,
        }
        for channel in found.channels
        for reading in channel.readings
        if found.span
    ]
    days, texts = ("from", "to"), ("channel", "model", "currency")
    schema = dict.fromkeys(days, pl.Date) | dict.fromkeys(texts, pl.String)
    numbers = [column.name for column in named("models").columns if column.name not in schema]
    yield pl.DataFrame(rows, schema={**schema, **dict.fromkeys(numbers, pl.Float64)}).select(
        [column.name for column in named("models").columns]
    )


@report(
    "margins",
    "What the last of the spend earned",
    CreditAsked,
    Column("from", "From"),
    Column("to", "To"),
    Column("channel", "Channel"),
    Column("model", "Model"),
    Column("currency", "Currency"),
    *(
        Column(f"{name}{period}", f"{title}{said}", form)
        for period, said in (("_before", " before"), ("", ""))
        for name, title, form in (
            ("spend", "Spend", Form.MONEY),
            ("conversions", "Conversions", Form.RATIO),
            ("value", "Value", Form.MONEY),
        )
    ),
    Column("average_cpa", "Average CPA", Form.MONEY),
    *_bounded("cpa", "Marginal CPA", Form.MONEY),
    Column("average_roas", "Average ROAS", Form.RATIO),
    *_bounded("roas", "Marginal ROAS", Form.RATIO),
    Column("telling", "The last beside the average"),
)
def margin_rows(client: events.Client, tenant: TenantId, asked: CreditAsked) -> "Iterator[pl.DataFrame]":
    """What one conversion more cost and one unit of spend more earned, off the last weeks and as many before; no cause."""
    import polars as pl

    found = margins(client, tenant, asked)
    rows = [
        {
            "from": found.span.first,
            "to": found.span.last,
            "channel": channel.name,
            "model": it.model,
            "currency": found.currency,
            **{f"{name}_before": value for name, value in asdict(it.before).items()},
            **asdict(it.now),
            "average_cpa": it.average.cpa,
            **_bounds("cpa", it.cpa),
            "average_roas": it.average.roas,
            **_bounds("roas", it.roas),
            "telling": it.telling.replace("_", " "),
        }
        for channel in found.channels
        for it in channel.margins
        if found.span
    ]
    texts = dict.fromkeys(("channel", "model", "currency", "telling"), pl.String)
    known = {"from": pl.Date, "to": pl.Date, **texts}
    yield pl.DataFrame(
        rows, schema={column.name: known.get(column.name, pl.Float64) for column in named("margins").columns}
    )


@report(
    "posts",
    "Posts and what they brought",
    PostsAsked,
    Column("platform", "Network"),
    Column("account_name", "Place"),
    Column("created_at", "Published (UTC)"),
    Column("post_id", "Number"),
    Column("post_url", "Address"),
    Column("beginning", "Beginning"),
    Column("action_id", "Action", Form.WHOLE),
    *(Column(name, name.replace("_", " ").capitalize(), Form.WHOLE) for name in COUNTERS),
    *(
        Column(f"total_{name}", f"{name.replace('_', ' ').capitalize()} in all", Form.WHOLE)
        for name in COUNTERS
    ),
    Column("answer_rate", "Answered", Form.SHARE),
)
def post_rows(client: events.Client, tenant: TenantId, asked: PostsAsked) -> "Iterator[pl.DataFrame]":
    """The posts that people answered most, with what each brought in the days and what it has been given in all."""
    import polars as pl

    words = ("platform", "account_name", "post_id", "post_url", "beginning")
    found = posts(client, tenant, asked.model_copy(update={"most": MOST_POSTS}))
    rows = [
        {
            **{name: getattr(post, name) for name in (*words, "created_at", "action_id", "answer_rate")},
            **{name: getattr(post.brought, name) for name in COUNTERS},
            **{f"total_{name}": getattr(post.total, name) for name in COUNTERS},
        }
        for post in found.posts
    ]
    known = {
        **dict.fromkeys(words, pl.String),
        "created_at": pl.Datetime("ms", "UTC"),
        "answer_rate": pl.Float64,
    }
    yield pl.DataFrame(
        rows, schema={column.name: known.get(column.name, pl.Int64) for column in named("posts").columns}
    )


class CampaignDaysAsked(Question):
    pass


@report(
    "campaign_days",
    "Ad campaigns by day",
    CampaignDaysAsked,
    Column("date_day", "Day"),
    Column("channel", "Channel"),
    Column("campaign", "Campaign"),
    Column("currency", "Currency"),
    Column("spend", "Spend", Form.MONEY),
    Column("impressions", "Impressions", Form.WHOLE),
    Column("clicks", "Clicks", Form.WHOLE),
    Column("conversions", "Conversions of the platform"),
    Column("conversions_value", "Their value", Form.MONEY),
)
def campaign_rows(
    client: events.Client, tenant: TenantId, asked: CampaignDaysAsked
) -> "Iterator[pl.DataFrame]":
    """What each ad campaign cost and brought, a row a day, in its account's own currency and by the platform's own count."""
    yield from stream(client, tenant, _CAMPAIGN_DAYS, first=asked.span.first, last=asked.span.last)


class ConversionsAsked(Question):
    goal_id: GoalNumber = None


@report(
    "conversions",
    "Conversions with their paths",
    ConversionsAsked,
    Column("converted_at", "Converted (UTC)"),
    Column("conversion", "Conversion"),
    Column("conversion_id", "Number"),
    Column("value", "Value", Form.MONEY),
    Column("currency", "Currency"),
    Column("touches", "Touches", Form.WHOLE),
    Column("first_channel", "First channel"),
    Column("last_channel", "Last channel"),
    Column("path", "Path"),
)
def conversion_rows(
    client: events.Client, tenant: TenantId, asked: ConversionsAsked
) -> "Iterator[pl.DataFrame]":
    """Every conversion of a goal with what led to it, first touch to last; refunds too. Nobody is named."""
    span, goal = asked.span, chosen_goal(client, tenant, asked.goal_id)
    yield from stream(client, tenant, _CONVERSIONS, first=span.first, last=span.last, goal=goal)


@report(
    "held_out",
    "People to leave out of a campaign",
    HeldOutAsked,
    Column("kind", "Known as"),
    Column("id", "Id"),
    Column("person", "Person"),
    look_up=drawing_asked_for,
)
def held_out_rows(client: events.Client, tenant: TenantId, asked: Drawing) -> "Iterator[pl.DataFrame]":
    """Everybody whom a hold-out keeps something from, by each user or contact that they were known as before its first day."""
    yield from held_out(client, tenant, asked)


_CAMPAIGN_DAYS = """
select
    date_day,
    toString(channel) as channel,
    campaign_name as campaign,
    toString(currency) as currency,
    toFloat64(spend) as spend,
    impressions,
    clicks,
    toFloat64(conversions) as conversions,
    toFloat64(conversions_value) as conversions_value
from marts.ad_performance
where tenant_id = {tenant:Int64} and date_day between {first:Date} and {last:Date}
order by date_day, campaign, channel, currency
settings max_execution_time = 300
"""
_CONVERSIONS = """
select
    converted_at,
    toString(conversion) as conversion,
    conversion_id,
    toFloat64(value) as value,
    toString(currency) as currency,
    toInt64(length(channels)) as touches,
    channels[1] as first_channel,
    channels[-1] as last_channel,
    arrayStringConcat(channels, ' > ') as path
from intermediate.int_paths
where
    tenant_id = {tenant:Int64}
    and converted_on between {first:Date} and {last:Date}
    and goal_id = {goal:Int64}
order by converted_on, converted_at, conversion_id
settings max_execution_time = 300
"""
