"""What the sandbox's ads did on any day.

Every number is a function of the seed and of what it describes, so that days can be asked for in any order;
conversions also depend on the moment of asking, since they are booked late.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from connectors.face import Channel, Level, utc_now
from connectors.sandbox.world import Ad, AdAccount, AdGroup, Campaign

LONGEST_DELAY = 14
"""Days after which no conversion is booked on an old day any more."""

_WEEKDAYS = (1.05, 1.1, 1.08, 1.02, 0.95, 0.82, 0.9)
_SHARE_OF_DAYS_OFF = 0.04
_MEAN_DELAY = 2.5


@dataclass(frozen=True, slots=True)
class Figures:
    """What was served and what came of it, as booked at one moment."""

    impressions: int = 0
    clicks: int = 0
    all_clicks: int = 0
    spend_micros: int = 0
    conversions: Decimal = Decimal(0)
    conversions_value_micros: int = 0
    view_through_conversions: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.impressions + other.impressions,
            self.clicks + other.clicks,
            self.all_clicks + other.all_clicks,
            self.spend_micros + other.spend_micros,
            self.conversions + other.conversions,
            self.conversions_value_micros + other.conversions_value_micros,
            self.view_through_conversions + other.view_through_conversions,
        )


@dataclass(frozen=True, slots=True)
class Served:
    """One entity's day; what is finer than the level asked for is None."""

    day: date
    campaign: Campaign | None
    ad_group: AdGroup | None
    ad: Ad | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class World:
    """The sandbox's advertising under one seed, as its clock sees it."""

    seed: int = 7
    clock: Callable[[], datetime] = field(default=utc_now)

    def figures(self, account: AdAccount, campaign: Campaign, ad: Ad, day: date) -> Figures:
        """What an ad did on a day of its account: nothing yet in the future, a part of it today."""
        now = self.clock().astimezone(ZoneInfo(account.time_zone))
        age = (now.date() - day).days
        if age < 0:
            return Figures()
        chance = random.Random(f"{self.seed}/{account.id}/{ad.id}/{day}")  # noqa: S311 - a world, not a secret
        if chance.random() < _SHARE_OF_DAYS_OFF:
            return Figures()
        so_far = now.hour / 24 if age == 0 else 1.0
        busyness = _WEEKDAYS[day.weekday()] * _tide(campaign, day) * chance.lognormvariate(0, 0.18)
        impressions = _around(chance, campaign.impressions * busyness)
        clicks = min(impressions, _around(chance, impressions * campaign.click_rate * _charm(ad)))
        idle_clicks = _around(chance, clicks * 0.35)
        cost_per_click = campaign.cost_per_click * chance.lognormvariate(0, 0.1)
        orders = self._orders(chance, account, campaign, clicks)
        seen = _around(chance, clicks * campaign.conversion_rate * 0.2)
        clicks = int(clicks * so_far)
        booked = [order for order in orders[: int(len(orders) * so_far)] if order.delay <= age]
        return Figures(
            impressions=int(impressions * so_far),
            clicks=clicks,
            all_clicks=clicks + int(idle_clicks * so_far),
            spend_micros=_money(clicks * cost_per_click, account.decimals),
            conversions=sum((order.credit for order in booked), Decimal(0)),
            conversions_value_micros=sum(order.value_micros for order in booked),
            view_through_conversions=min(seen, len(booked)),
        )

    def served(
        self, account: AdAccount, since: date, until: date, level: Level = Level.AD
    ) -> Iterator[Served]:
        """What an account served, oldest day first; an entity that showed nothing on a day is left out."""
        day = since
        while day <= until:
            yield from self._served_on(account, day, level)
            day += timedelta(days=1)

    def total(self, account: AdAccount, since: date, until: date) -> Figures:
        return sum((row.figures for row in self.served(account, since, until)), Figures())

    def _served_on(self, account: AdAccount, day: date, level: Level) -> Iterator[Served]:
        rows: dict[tuple[str, ...], Served] = {}
        for campaign in account.campaigns:
            for ad_group in campaign.ad_groups:
                for ad in ad_group.ads:
                    row = Served(
                        day,
                        campaign if level is not Level.ACCOUNT else None,
                        ad_group if level in (Level.AD_GROUP, Level.AD) else None,
                        ad if level is Level.AD else None,
                        self.figures(account, campaign, ad, day),
                    )
                    entity = tuple(part.id for part in (row.campaign, row.ad_group, row.ad) if part)
                    before = rows[entity].figures if entity in rows else Figures()
                    rows[entity] = Served(day, row.campaign, row.ad_group, row.ad, before + row.figures)
        yield from (row for row in rows.values() if row.figures.impressions)

    def _orders(
        self, chance: random.Random, account: AdAccount, campaign: Campaign, clicks: int
    ) -> list["_Order"]:
        """The orders that a day's clicks will lead to, each with the delay after which it is booked."""
        bought = sum(chance.random() < campaign.conversion_rate for _ in range(clicks))
        return [
            _Order(
                delay=min(LONGEST_DELAY, int(chance.expovariate(1 / _MEAN_DELAY))),
                credit=self._credit(chance, account),
                value_micros=_money(
                    campaign.order_value * chance.lognormvariate(-0.06, 0.35), account.decimals
                ),
            )
            for _ in range(bought)
        ]

    def _credit(self, chance: random.Random, account: AdAccount) -> Decimal:
        """Google shares an order between clicks; the others count it whole."""
        shared = chance.random() < 0.2
        return Decimal("0.5") if shared and account.channel is Channel.GOOGLE_ADS else Decimal(1)


@dataclass(frozen=True, slots=True)
class _Order:
    delay: int
    credit: Decimal
    value_micros: int


def _tide(campaign: Campaign, day: date) -> float:
    """A slow swell that differs by campaign and stays within a fifth of the usual."""
    return 1 + 0.2 * math.sin(2 * math.pi * (day.toordinal() + len(campaign.name) * 13) / 120)


def _charm(ad: Ad) -> float:
    """Some ads are simply better, so that there is something to find out."""
    return 1.25 if ad.utm_content.endswith("bold") else 0.85


def _around(chance: random.Random, expected: float) -> int:
    return max(0, round(chance.gauss(expected, math.sqrt(expected)))) if expected > 0 else 0


def _money(amount: float, decimals: int) -> int:
    """An amount in the account's currency, in whole cents (or yen), as micros."""
    return int(Decimal(amount).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP).scaleb(6))


def main_units(micros: int, decimals: int) -> str:
    """Micros as the amount that a platform reports ("76.53" euros, "1500" yen)."""
    return str(Decimal(micros).scaleb(-6).quantize(Decimal(1).scaleb(-decimals)))
