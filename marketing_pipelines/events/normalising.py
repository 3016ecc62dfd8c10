"""Normalising: events as the edge wrote them go in, the columns that say what they mean come out.

Pure and repeatable: the same rows give the same columns in any order and any batch, so that days can be computed again
when the rules change. Each distinct question (a host, a user agent, a referrer) is asked once a batch, and
remembered across batches by whoever answers it; polars does what is different in every row.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any
from urllib.parse import unquote, unquote_plus

import polars as pl

from marketing_pipelines.events import bots, campaigns, channels, click_ids, referrers, sites, user_agents
from marketing_pipelines.events.bots import Reason
from marketing_pipelines.events.channels import Arrival, Channel
from marketing_pipelines.events.rules import RULES, Rules
from marketing_pipelines.events.user_agents import Verdict

SERVER = "server"
LONGEST_URL = 8192
# Of one url; all tags and ten ids fit in well.
MOST_PARAMETERS = 40

CLICK_IDS_TYPE = pl.List(
    pl.Struct({"name": pl.String, "value": pl.String, "seen_at": pl.Datetime("ms", "UTC")})
)
COLUMNS = {
    "site": pl.String,
    "referrer_host": pl.String,
    "referrer_source": pl.String,
    "referrer_medium": pl.String,
    "search_term": pl.String,
    "source": pl.String,
    "medium": pl.String,
    "campaign": pl.String,
    "term": pl.String,
    "content": pl.String,
    "click_ids": CLICK_IDS_TYPE,
    "channel": pl.Enum([channel.value for channel in Channel]),
    "device": pl.Enum([device.value for device in user_agents.Device]),
    "os": pl.String,
    "os_version": pl.String,
    "browser": pl.String,
    "browser_version": pl.String,
    "bot_score": pl.UInt8,
    "bot_reasons": pl.List(pl.String),
    "is_bot": pl.Boolean,
    "rules_version": pl.UInt16,
}
TEXTS = ("url", "referrer", *campaigns.PARAMETERS.values(), "user_agent", "trust")

# The parameters that mean something here. Mail programs write the ampersand before a name as `&amp;`. Capitals are
# those of ASCII alone: to Unicode a long s is an s as well, and `mſclkid` is a name that nobody knows.
_NAMES = "|".join([*campaigns.PARAMETERS.values(), *click_ids.by_name()])
_PARAMETER = rf"(?:^|&)(?:amp;)?(?i-u:{_NAMES})=[^&]+"
# Between the reasons of one event while they are one text.
_BETWEEN = "\n"


def normalised(events: pl.DataFrame, rules: Rules = RULES) -> pl.DataFrame:
    """The columns of `COLUMNS` for each event, in the order of the events."""
    rows = _readable(events)
    for step in (_with_sites, _with_referrers, _with_parameters, _with_channels):
        rows = step(rows)
    rows = _with_visitors(rows, rules).with_columns(pl.lit(rules.version).alias("rules_version"))
    return rows.select(pl.col(name).cast(kind) for name, kind in COLUMNS.items())


def _readable(events: pl.DataFrame) -> pl.DataFrame:
    """The columns that are read, and the parameters of the url that mean something, as they stand there."""
    url = pl.col("url").fill_null("").str.head(LONGEST_URL)
    query = url.str.splitn("#", 2).struct[0].str.splitn("?", 2).struct[1]
    return events.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        *(pl.col(name).fill_null("") for name in TEXTS),
        pl.col("signals").fill_null([]),
        pl.col("occurred_at").cast(pl.Datetime("ms", "UTC")),
        query.str.extract_all(_PARAMETER).list.head(MOST_PARAMETERS).alias("parameters"),
    )


def _with_sites(rows: pl.DataFrame) -> pl.DataFrame:
    """The sites of page and referrer; a referrer of the page's own site is none, since nobody came from there."""
    rows = rows.with_columns(_origin("url").alias("origin"), _origin("referrer").alias("previous_origin"))
    rows = _asked_once(rows, ["origin"], _site, {"site": pl.String})
    rows = _asked_once(rows, ["previous_origin"], _site, {"previous_site": pl.String})
    return rows.with_columns(
        pl.col("site").eq(pl.col("previous_site")).and_(pl.col("site").ne("")).alias("is_same_site")
    )


def _with_referrers(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.with_columns(pl.when("is_same_site").then(pl.lit("")).otherwise("referrer").alias("foreign"))
    answers = ("referrer_host", "referrer_source", "referrer_medium", "search_term")
    return _asked_once(rows, ["foreign"], _referrer, dict.fromkeys(answers, pl.String))


def _with_parameters(rows: pl.DataFrame) -> pl.DataFrame:
    """Campaign tags and click ids."""
    in_url = _parameters(rows)
    is_tag = pl.col("name").str.starts_with("utm_")
    rows = rows.join(_tags(rows, in_url.filter(is_tag)), on="row", how="left", maintain_order="left")
    rows = rows.join(_click_ids(in_url.filter(~is_tag)), on="row", how="left", maintain_order="left")
    return rows.with_columns(
        pl.col(*campaigns.PARAMETERS, "last_click_id").fill_null(""),
        pl.col("click_ids").fill_null(pl.lit([], CLICK_IDS_TYPE)),
    )


def _tags(rows: pl.DataFrame, in_url: pl.DataFrame) -> pl.DataFrame:
    """The tags of each event that has some: as the page sent them, or else the first that say something in the url."""
    parameters = list(campaigns.PARAMETERS.values())
    sent = rows.unpivot(on=parameters, index="row", variable_name="name").filter(pl.col("value") != "")
    in_url = in_url.select("row", "name", _decoded(in_url["value"], unquote_plus))
    tags = pl.concat([sent, in_url]).with_columns(_tidy(pl.col("value"))).filter(pl.col("value") != "")
    by_row = tags.pivot(
        "name", on_columns=parameters, index="row", values="value", aggregate_function="first"
    )
    return by_row.rename({parameter: name for name, parameter in campaigns.PARAMETERS.items()})


def _click_ids(in_url: pl.DataFrame) -> pl.DataFrame:
    """The ids of each event that has some, once and in the order of the url; a plus sign in one is a plus sign."""
    spelt = {name: click_id.name for name, click_id in click_ids.by_name().items()}
    ids = in_url.select(
        "row",
        pl.col("name").replace_strict(spelt, return_dtype=pl.String),
        _decoded(in_url["value"], unquote),
        pl.col("occurred_at").alias("seen_at"),
    )
    ids = ids.filter(pl.col("value").str.len_chars().is_between(1, click_ids.LONGEST_VALUE))
    ids = ids.unique(["row", "name", "value"], maintain_order=True)
    return ids.group_by("row", maintain_order=True).agg(
        pl.struct("name", "value", "seen_at").head(click_ids.MOST_IDS).alias("click_ids"),
        pl.col("name").last().alias("last_click_id"),
    )


def _parameters(rows: pl.DataFrame) -> pl.DataFrame:
    """A row for each parameter of a url: its name in lower case, its value as it stands there."""
    pairs = rows.select("row", "occurred_at", "parameters").filter(pl.col("parameters").list.len() > 0)
    named = pairs.explode("parameters").select(
        "row",
        "occurred_at",
        pl.col("parameters").str.splitn("=", 2).struct.rename_fields(["name", "value"]).struct.unnest(),
    )
    return named.with_columns(
        pl.col("name").str.to_lowercase().str.strip_prefix("&").str.strip_prefix("amp;")
    )


def _with_channels(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.with_columns(pl.col("url").ne("").alias("has_page")).rename(
        {"source": "said_source", "medium": "said_medium"}
    )
    asked = ["said_source", "said_medium", "referrer_host", "referrer_source", "referrer_medium"]
    asked += ["last_click_id", "is_same_site", "has_page"]
    return _asked_once(rows, asked, _arrival, dict.fromkeys(("source", "medium", "channel"), pl.String))


def _with_visitors(rows: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """The device, and all that speaks for a program: the agent, the lack of one, and what the edge saw."""
    rows = rows.with_columns(
        pl.col("signals").list.join(_BETWEEN).alias("seen_by_edge"),
        pl.col("user_agent")
        .eq("")
        .and_(pl.col("referrer").eq(""), pl.col("trust").ne(SERVER))
        .alias("is_nameless"),
    )
    answers = ("device", "os", "os_version", "browser", "browser_version", "reasons")
    asked = ["user_agent", "seen_by_edge", "is_nameless"]
    visitor = partial(_visitor, rules.verdict)
    rows = _asked_once(rows, asked, visitor, dict.fromkeys(answers, pl.String))
    judgement = {"bot_score": pl.UInt8, "bot_reasons": pl.List(pl.String)}
    rows = _asked_once(rows, ["reasons"], _judged, judgement)
    return rows.with_columns(pl.col("bot_score").ge(bots.THRESHOLD).alias("is_bot"))


def _origin(address: str) -> pl.Expr:
    """The head of an address, up to where its path begins: few, and all that is asked of a host."""
    parts = pl.col(address).str.splitn("/", 4)
    return pl.concat_str(parts.struct[0], parts.struct[1], parts.struct[2], separator="/").fill_null("")


def _asked_once(
    rows: pl.DataFrame,
    asked: list[str],
    answer: Callable[..., Sequence[Any]],
    answers: dict[str, Any],
) -> pl.DataFrame:
    """The rows with the columns of `answers` beside them, each distinct question answered once."""
    questions = rows.select(asked).unique()
    columns = zip(*(answer(*question) for question in questions.iter_rows()), strict=True)
    # Without a question there is no column to take, and the schema alone makes empty ones.
    answered = pl.DataFrame(dict(zip(answers, columns, strict=False)), schema=answers)
    return rows.join(questions.hstack(answered), on=asked, how="left", maintain_order="left")


def _site(origin: str) -> tuple[str]:
    host, _, _ = sites.split(origin)
    return (sites.site(host),)


def _referrer(address: str) -> tuple[str, str, str, str]:
    found = referrers.referrer(address)
    return found.host, found.source, found.medium, found.search_term


@lru_cache(maxsize=32768)
def _visitor(
    verdict: Callable[[str], Verdict], user_agent: str, seen_by_edge: str, is_nameless: bool
) -> tuple[str, ...]:
    agent = verdict(user_agent)
    reasons = [reason.value for reason in agent.reasons]
    if is_nameless:
        reasons.append(Reason.NO_USER_AGENT_NO_REFERRER.value)
    reasons += [signal for signal in seen_by_edge.split(_BETWEEN) if bots.score([signal])]
    named = (agent.device.value, agent.os, agent.os_version, agent.browser, agent.browser_version)
    return *named, _BETWEEN.join(dict.fromkeys(reasons))


def _judged(reasons: str) -> tuple[int, list[str]]:
    each = reasons.split(_BETWEEN) if reasons else []
    return bots.score(each), each


def _arrival(
    said_source: str,
    said_medium: str,
    referrer_host: str,
    referrer_source: str,
    referrer_medium: str,
    last_click_id: str,
    is_same_site: bool,
    has_page: bool,
) -> tuple[str, str, str]:
    """Source, medium and channel: by what the tags say, and by the referrer where they name neither."""
    source, medium = campaigns.source(said_source), campaigns.medium(said_medium)
    if not source and not medium:
        source, medium = campaigns.source(referrer_source or referrer_host), referrer_medium
    proof = click_ids.by_name().get(last_click_id.lower())
    arrival = Arrival(
        source=source,
        medium=medium,
        proven=proof.channel if proof else None,
        is_same_site=is_same_site,
        has_page=has_page,
    )
    return source, medium, channels.channel(arrival).value


def _decoded(values: pl.Series, decode: Callable[[str], str]) -> pl.Series:
    """Values out of a url as they were meant; most are plain and stay as they are."""
    encoded = values.filter(values.str.contains("[%+]")).unique()
    return values.replace(encoded, pl.Series([decode(value) for value in encoded], dtype=pl.String))


def _tidy(text: pl.Expr) -> pl.Expr:
    """Without blanks around, with single ones inside, and of a bounded length."""
    single = text.str.replace_all(r"[\s\p{Cc}]+", " ").str.strip_chars()
    return single.str.head(campaigns.LONGEST_TAG).str.strip_chars_end()
