"""The demo's history: visits become rows of raw.events, the same ones for the same moment and places."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cli.demo import shop
from cli.demo.shop import Experiment, Product
from cli.demo.visitors import Kind
from cli.demo.visits import SEED, Visit, visits
from marketing_pipelines.events.channels import Channel

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

# What one touch adds to the chance that a visit ends in an order; a touch of an earlier visit adds the half.
PERSUASION = {
    Channel.PAID_SEARCH: 0.034,
    Channel.PAID_SOCIAL: 0.012,
    Channel.EMAIL: 0.050,
    Channel.ORGANIC_SEARCH: 0.024,
    Channel.ORGANIC_SOCIAL: 0.010,
    Channel.REFERRAL: 0.020,
    Channel.DIRECT: 0.022,
}
EARLIER_TOUCH = 0.5
MOST_PERSUADED = 0.3
SIGNS_UP = 0.04
LOOKS_FURTHER = 0.55


@dataclass(frozen=True, slots=True)
class Places:
    """Where the history happens: the numbers that Postgres gave, the shop's address and the redirector's."""

    tenant: int
    site: str
    collector: str
    campaigns: Mapping[str, int]
    """By utm_campaign."""
    links: Mapping[str, int]
    """By slug."""
    variants: Mapping[tuple[str, str], int]
    """By the names of experiment and variant."""


def history(moment: datetime, places: Places, seed: int = SEED) -> "Iterator[tuple[date, pa.Table]]":
    """The events of the 30 days before a moment, a table for each day on which some were received."""
    by_day: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for _, rows in told(moment, places, seed):
        for row in rows:
            by_day[row["received_at"].date()].append(row)
    for day in sorted(by_day):
        yield day, _table(day, by_day[day], places.tenant)


def told(moment: datetime, places: Places, seed: int = SEED) -> Iterator[tuple[Visit, list[dict[str, Any]]]]:
    """Every visit, and what was received of it before the moment."""
    chance = Random(seed)  # noqa: S311 (a world, not a secret)
    for visit in visits(moment, chance):
        rows = _Told(visit, places, chance).rows()
        yield visit, [row for row in rows if row["received_at"] < moment]


def persuaded(came_by: Sequence[Channel], now_by: Channel) -> float:
    """The chance that a visit ends in an order, after visits by other ways."""
    earlier = sum(PERSUASION[channel] for channel in came_by)
    return min(MOST_PERSUADED, PERSUASION[now_by] + EARLIER_TOUCH * earlier)


class _Told:
    """One visit, told event by event as the pixel and the redirector would."""

    def __init__(self, visit: Visit, places: Places, chance: Random) -> None:
        self._visit = visit
        self._visitor = visit.visitor
        self._places = places
        self._chance = chance
        self._at = visit.started_at
        self._user = ""
        self._shown: set[str] = set()
        self._events: list[dict[str, Any]] = []

    def rows(self) -> list[dict[str, Any]]:
        self._arrive()
        if not self._visitor.is_person:
            return self._events
        product: Product | None = None
        while self._chance.random() < LOOKS_FURTHER:
            product = self._chance.choice(shop.PRODUCTS)
            self._view(product.path)
        if self._chance.random() < SIGNS_UP:
            self._pass(20, 90)
            self._tell("lead", "/", props='{"form":"newsletter"}')
        if self._persuaded():
            self._buy(product or self._chance.choice(shop.PRODUCTS))
        return self._events

    def _arrive(self) -> None:
        way, click = self._visit.way, ""
        if way.link:
            click = self._follow(way.link, referrer=way.referrer)
            if self._visitor.kind is Kind.PREVIEW:
                return
        self._view(way.path, way.tags, way.referrer, click)

    def _view(self, path: str, tags: str = "", referrer: str | None = None, click: str = "") -> None:
        """A page is opened: from another page of the shop, where no other referrer is told."""
        query = "&".join(part for part in (tags, f"mp_cid={click}" if click else "") if part)
        self._tell(
            "page_view",
            path,
            query=query,
            referrer=self._places.site + "/" if referrer is None else referrer,
            click_id=click,
        )
        if not self._visitor.is_person:
            return
        experiment = shop.experiment_on(path)
        if experiment and experiment.name not in self._shown:
            self._shown.add(experiment.name)
            self._expose(experiment, path)
        self._pass(8, 120)

    def _expose(self, experiment: Experiment, path: str) -> None:
        """The page shows one of the variants; some follow its link, which leads to another page."""
        variant = self._chance.choice(experiment.variants)
        number = self._places.variants[experiment.name, variant.name]
        self._tell("exposure", path, props=f'{{"variant_id":{number}}}')
        if self._chance.random() < variant.rate:
            self._pass(3, 25)
            click = self._follow(variant.link, referrer=self._places.site + path)
            query = f"mp_cid={click}"
            self._tell("page_view", variant.link.path, query=query, click_id=click)

    def _follow(self, link: shop.Link, referrer: str) -> str:
        """The redirector sees neither page nor pixel: no anonymous id, and its own event is the click's id."""
        event = self._event(
            "click",
            url=f"{self._places.collector}/r/{link.slug}",
            referrer=referrer,
            consent="unknown",
            sid="",
            sid_kind="",
        )
        event["click_id"] = event["event_id"]
        event["link_id"] = self._places.links[link.slug]
        event["campaign_id"] = self._places.campaigns.get(link.utm_campaign, 0)
        event["utm_campaign"] = link.utm_campaign
        self._events.append(event)
        self._pass(1, 3)
        return event["event_id"]

    def _persuaded(self) -> bool:
        if self._visitor.bought:
            return False
        return self._chance.random() < persuaded(self._visitor.came_by, self._visit.way.channel)

    def _buy(self, product: Product) -> None:
        pieces = 1 + int(self._chance.random() < 0.2)
        order = self._chance.randbytes(4).hex()
        if self._visitor.sid:
            self._user = f"customer-{self._visitor.sid[:8]}"
            self._tell("identify", "/checkout")
        self._pass(30, 240)
        self._tell(
            "purchase",
            "/checkout",
            props=f'{{"order":"{order}","product":"{product.slug}","pieces":{pieces}}}',
            value=Decimal(product.price * pieces),
            currency=shop.CURRENCY,
        )
        self._visitor.bought = True

    def _tell(self, name: str, path: str, *, query: str = "", **columns: Any) -> None:
        tags = dict(part.split("=", 1) for part in query.split("&") if part.startswith("utm_"))
        url = f"{self._places.site}{path}{'?' + query if query else ''}"
        self._events.append(self._event(name, url=url, **tags, **columns))

    def _event(self, name: str, **columns: Any) -> dict[str, Any]:
        delay = timedelta(milliseconds=self._chance.randrange(40, 900))
        return {
            "event_id": _uuid7(self._at, self._chance),
            "event": name,
            "received_at": self._at + delay,
            "occurred_at": self._at,
            "trust": "browser",
            "consent": self._visitor.consent,
            "sid": self._visitor.sid,
            "sid_kind": "stored" if self._visitor.sid else "",
            "user_id": self._user,
            "ip": self._visitor.ip,
            "country": self._visitor.country,
            "user_agent": self._visitor.user_agent,
        } | columns

    def _pass(self, shortest: int, longest: int) -> None:
        """Time goes by, in seconds."""
        self._at += timedelta(milliseconds=self._chance.randrange(shortest * 1000, longest * 1000))


def _uuid7(at: datetime, chance: Random) -> str:
    """An id that sorts by time, as the pixel makes them."""
    milliseconds = int(at.timestamp() * 1000)
    noise = chance.getrandbits(80)
    high, low = noise >> 68, noise & (2**62 - 1)
    return str(UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))


def _table(day: date, rows: list[dict[str, Any]], tenant: int) -> "pa.Table":
    """The rows as the shipper writes them to raw.events; what an event does not say is empty."""
    import polars as pl

    from marketing_pipelines.events.normalising import normalised

    rows.sort(key=lambda row: (row["received_at"], row["event_id"]))
    for number, row in enumerate(rows):
        row |= {"tenant_id": tenant, "segment": f"demo:{day}:{number}"}
    told = pl.DataFrame(rows, schema=_columns()).with_columns(
        pl.col("props").fill_null("{}"),
        pl.col(pl.String).exclude("props").fill_null(""),
        pl.col(pl.Int64).fill_null(0),
    )
    return pl.concat([told, normalised(told)], how="horizontal").to_arrow()


def _columns() -> "dict[str, pl.DataType | type[pl.DataType]]":
    import polars as pl

    texts = (
        "event_id event trust consent sid sid_kind user_id url referrer utm_source utm_medium utm_campaign utm_term "
        "utm_content click_id currency props ip country user_agent segment"
    )
    return {
        **dict.fromkeys(("tenant_id", "link_id", "campaign_id"), pl.Int64),
        **dict.fromkeys(("received_at", "occurred_at"), pl.Datetime("ms", "UTC")),
        **dict.fromkeys(texts.split(), pl.String),
        "value": pl.Decimal(18, 4),
        "signals": pl.List(pl.String),
    }
