"""Who came to the shop in the 30 days before a moment, when, and by which way: decided by a seed alone."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from cli.demo import shop
from cli.demo.visitors import Visitor, newcomer
from connectors.face import Channel as AdChannel
from connectors.sandbox.performance import World
from marketing_pipelines.events.channels import Channel

DAYS = 30
SEED = 7
PIXEL_SEES = 0.5
"""Of the clicks that the ad platforms bill, these arrive: the rest block scripts, or leave before the page has loaded."""

_BERLIN = ZoneInfo(shop.TIME_ZONE)
_WEEKDAYS = (1.0, 1.02, 1.05, 1.08, 0.96, 0.84, 1.05)
_HOURS = tuple(
    accumulate((6, 3, 2, 1, 1, 3, 9, 18, 28, 36, 42, 45, 47, 44, 42, 42, 44, 48, 55, 66, 72, 64, 40, 18))
)
_GROWTH_A_DAY = 0.006
_LETTER_DAY = 3
_REMEMBERED = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Way:
    """One way into the shop and how its visits look to the pixel."""

    channel: Channel
    tags: str = ""
    """The query of the landing page's address."""
    referrer: str = ""
    link: shop.Link | None = None
    path: str = "/"


@dataclass(frozen=True, slots=True)
class _Habit:
    """How many visits a day a way brings, and how many of them are by people who were there before."""

    visits: float
    returning: float
    ways: tuple[Way, ...]


_UNPAID = (
    _Habit(34, 0.22, (Way(Channel.ORGANIC_SEARCH, referrer="https://www.google.com/"),
                      Way(Channel.ORGANIC_SEARCH, referrer="https://duckduckgo.com/"))),
    _Habit(24, 0.62, (Way(Channel.DIRECT),)),
    _Habit(16, 0.72, (Way(Channel.EMAIL, shop.LETTER_LINK.utm, link=shop.LETTER_LINK),)),
    _Habit(12, 0.20, (Way(Channel.ORGANIC_SOCIAL, shop.BIO_LINK.utm, "https://l.instagram.com/", shop.BIO_LINK),)),
    _Habit(9, 0.12, (Way(Channel.REFERRAL, referrer="https://slowfashion.example/", path="/products/linen-shirt"),
                     Way(Channel.REFERRAL, shop.PRESS_LINK.utm, "https://magazine.example/", shop.PRESS_LINK,
                         shop.PRESS_LINK.path))),
)  # fmt: skip
_RETURNING_FROM_ADS = {"come-back": 0.9, "brand-search": 0.35}
_RETURNING_FROM_OTHER_ADS = 0.1
_LANDING = {
    "autumn-sale": "/products/harbour-coat",
    "new-arrivals": "/products/moss-cardigan",
    "come-back": "/products/walking-boots",
}
_PLATFORM = {
    AdChannel.GOOGLE_ADS: (Channel.PAID_SEARCH, "gclid", "https://www.google.com/"),
    AdChannel.META: (Channel.PAID_SOCIAL, "fbclid", "https://l.facebook.com/"),
    AdChannel.LINKEDIN: (Channel.PAID_SOCIAL, "li_fat_id", "https://www.linkedin.com/"),
    AdChannel.TIKTOK: (Channel.PAID_SOCIAL, "ttclid", "https://www.tiktok.com/"),
    AdChannel.REDDIT: (Channel.PAID_SOCIAL, "rdt_cid", "https://www.reddit.com/"),
    AdChannel.X: (Channel.PAID_SOCIAL, "twclid", "https://t.co/"),
}


@dataclass(frozen=True, slots=True)
class Visit:
    visitor: Visitor
    way: Way
    started_at: datetime


def visits(moment: datetime, chance: Random, ads: World | None = None) -> Iterator[Visit]:
    """Every visit in the order in which they began; visitors gather the channels they have come by."""
    # The ads of the last day are asked for as if it were over, since its visits are cut at the moment itself.
    world = ads or World(clock=lambda: moment + timedelta(days=1))
    known: list[Visitor] = []
    last = moment.astimezone(_BERLIN).date()
    for ago in range(DAYS, -1, -1):
        day = last - timedelta(days=ago)
        arrivals = [*_unpaid(chance, day, DAYS - ago), *_from_ads(chance, day, world)]
        arrivals.sort(key=lambda arrival: arrival[0])
        for started_at, way, returning in arrivals:
            visitor = _who(chance, known, started_at, way, returning)
            visitor.last_seen = started_at
            yield Visit(visitor, way, started_at)
            visitor.came_by.append(way.channel)
        remembered_since = _midnight(day) - _REMEMBERED
        known = [visitor for visitor in known if visitor.last_seen > remembered_since]


def _unpaid(chance: Random, day: date, number: int) -> Iterator[tuple[datetime, Way, float]]:
    busyness = _WEEKDAYS[day.weekday()] * (1 + _GROWTH_A_DAY * number)
    for habit in _UNPAID:
        letter = 3.2 if day.weekday() == _LETTER_DAY else 0.6
        expected = habit.visits * busyness * (letter if habit.ways[0].channel is Channel.EMAIL else 1)
        for _ in range(max(0, round(chance.gauss(expected, math.sqrt(expected))))):
            yield _moment(chance, day), chance.choice(habit.ways), habit.returning


def _from_ads(chance: Random, day: date, world: World) -> Iterator[tuple[datetime, Way, float]]:
    """A share of what the ad platforms bill as clicks, tagged as their ads are."""
    for account in shop.AD_ACCOUNTS:
        channel, parameter, referrer = _PLATFORM[account.channel]
        for served in world.served(account, day, day):
            assert served.campaign
            assert served.ad
            campaign = served.campaign.utm_campaign
            returning = _RETURNING_FROM_ADS.get(campaign, _RETURNING_FROM_OTHER_ADS)
            for _ in range(sum(chance.random() < PIXEL_SEES for _ in range(served.figures.clicks))):
                tags = {
                    "utm_source": account.utm_source,
                    "utm_medium": account.utm_medium,
                    "utm_campaign": campaign,
                    "utm_content": served.ad.utm_content,
                    parameter: chance.randbytes(12).hex(),
                }
                way = Way(channel, urlencode(tags), referrer, path=_LANDING.get(campaign, "/"))
                yield _moment(chance, day), way, returning


def _who(chance: Random, known: list[Visitor], at: datetime, way: Way, returning: float) -> Visitor:
    """Someone who was here before, or somebody new; nobody is in two visits at once."""
    if known and chance.random() < returning:
        # Those who came lately are likelier to come again.
        back = min(len(known) - 1, int(chance.expovariate(3 / len(known))))
        candidate = known[-1 - back]
        if candidate.last_seen < at - timedelta(hours=2):
            return candidate
    visitor = newcomer(chance, by_link=way.link is not None)
    if visitor.sid and visitor.is_person:
        known.append(visitor)
    return visitor


def _moment(chance: Random, day: date) -> datetime:
    """A moment of a Berlin day, more likely in the evening than at night."""
    (hour,) = chance.choices(range(24), cum_weights=_HOURS)
    milliseconds = math.floor(chance.random() * 3_600_000)
    local = datetime.combine(day, time(hour), tzinfo=_BERLIN)
    return local.astimezone(UTC) + timedelta(milliseconds=milliseconds)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=_BERLIN).astimezone(UTC)
