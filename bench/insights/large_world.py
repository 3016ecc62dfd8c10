"""A sandbox whose accounts run 5,000 ads: `python -m bench.insights.large_world PORT`."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import chain

import uvicorn

from connectors.face import Level
from connectors.sandbox import create_app
from connectors.sandbox.performance import Figures, Served, World
from connectors.sandbox.world import Ad, AdAccount, AdGroup, Campaign

CAMPAIGNS, GROUPS, ADS_A_GROUP = 50, 10, 10
ADS = CAMPAIGNS * GROUPS * ADS_A_GROUP
FIRST_ID = 70_000_000_000


def _ads(group: int) -> tuple[Ad, ...]:
    return tuple(
        Ad(str(group + number), f"Harbour coat, picture {number} of group {group}", f"picture-{number}")
        for number in range(1, ADS_A_GROUP + 1)
    )


def _groups(campaign: int) -> tuple[AdGroup, ...]:
    numbers = range(campaign + 1000, campaign + 1000 * (GROUPS + 1), 1000)
    return tuple(AdGroup(str(number), f"Audience {number}", _ads(number)) for number in numbers)


def campaigns_like(known: Campaign) -> tuple[Campaign, ...]:
    """Fifty of a campaign's kind."""
    numbers = range(FIRST_ID, FIRST_ID + 100_000 * CAMPAIGNS, 100_000)
    return tuple(
        replace(known, id=str(number), name=f"{known.name} {number}", ad_groups=_groups(number))
        for number in numbers
    )


@dataclass(frozen=True, slots=True)
class LargeWorld(World):
    """The same few figures for very many ads, kept once they are made: what is measured is who reads them."""

    def served(
        self, account: AdAccount, since: date, until: date, level: Level = Level.AD
    ) -> Iterator[Served]:
        days = ((since + timedelta(days=number)) for number in range((until - since).days + 1))
        return chain.from_iterable(_rows(self, account, day, level) for day in days)


@lru_cache(maxsize=128)
def _rows(world: LargeWorld, account: AdAccount, day: date, level: Level) -> list[Served]:
    rows: list[Served] = []
    for campaign in campaigns_like(account.campaigns[0]):
        pairs = [(group, ad) for group in campaign.ad_groups for ad in group.ads]
        figures = [_figures(world, account, day, number) for number in range(len(pairs))]
        if level is Level.CAMPAIGN:
            rows.append(Served(day, campaign, None, None, sum(figures, Figures())))
        else:
            rows += [
                Served(day, campaign, group, ad, of) for (group, ad), of in zip(pairs, figures, strict=True)
            ]
    return rows


@lru_cache(maxsize=10_000)
def _figures(world: LargeWorld, account: AdAccount, day: date, number: int) -> Figures:
    """Those of an ad in the small world that showed something."""
    known = [
        (campaign, ad) for campaign in account.campaigns for group in campaign.ad_groups for ad in group.ads
    ]
    campaign, ad = known[number % len(known)]
    found = World.figures(world, account, campaign, ad, day)
    return found if found.impressions else Figures(impressions=1)


def main() -> None:
    world = LargeWorld()
    uvicorn.run(
        create_app(world=world),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
