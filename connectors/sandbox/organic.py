"""What became of the posts in the sandbox's places: those of the last two months, which a shop wrote, and those published since.

Everything is a function of the seed, of the post and of the moment: counters grow fast at first and then hardly at all.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from connectors.publishing import Network
from connectors.sandbox.places import PLACES, Place, Shown

LONGEST_PAST = timedelta(days=60)
TOLD_SINCE = timedelta(days=50)
"""So long before the sandbox began it was first told what became of a post."""

# Of five days on two, so that there are two or three days between posts.
_POSTING_DAYS = frozenset({0, 2})
_HOURS_TO_FADE = 30.0
_FIRST_DAY = date(2026, 1, 1).toordinal()

_WORDS = (
    "The loden coat is back: woven in Tyrol, sewn in Leipzig, lined with what is left over from summer dresses.",
    "Rain is only water. Our waxed coat has known that since 1998. #coats",
    "A button is lost within a minute and sewn on within five. We show how, on Thursday at six in the shop.",
    "Wool from sheep that have names. Rosa's coat comes in green, of course. #lindgrün",
    "What do you wear beneath a coat that is too warm for autumn and too light for winter? Tell us.",
    "Last year's cut, this year's price: thirty coats are waiting for somebody who does not mind.",
    "Repaired instead of replaced: 412 coats went through our workshop this year. Thank you!",
    "Friday, ten o'clock: the children's coats are here. They grow along by two sizes.",
    "Behind the curtain: how the green gets into the wool, and why no two vats are alike.",
    "A coat for the bicycle needs a long back and reflecting piping. Here is ours. #coats #bicycle",
    "We close on Monday and count coats. Whoever guesses the number wins one.",
    "Cold hands? The pockets are lined now. You asked, we sewed.",
)


@dataclass(frozen=True, slots=True)
class Counters:
    views: int
    reach: int
    reactions: int
    comments: int
    shares: int
    saves: int
    clicks: int
    watched_milliseconds: int


class PostHistory:
    """A place goes on posting while the sandbox's clock goes on."""

    def __init__(self, seed: int, clock: Callable[[], datetime]) -> None:
        self._seed, self._clock = seed, clock
        self._began = clock()

    def of(self, place: Place) -> list[Shown]:
        """Oldest first."""
        now = self._clock()
        return [post for post in self._posts(place, now.date()) if post.at <= now]

    def is_told_of(self, post: Shown) -> bool:
        """Meta keeps to itself what became of posts before a profile was one of a business; so does, here, every network."""
        return post.at >= self._began - TOLD_SINCE

    def counters(self, post: Shown) -> Counters:
        chance = self._chance(post.id)
        hours = max(0.0, (self._clock() - post.at).total_seconds() / 3600)
        grown = 1 - math.exp(-hours / _HOURS_TO_FADE)
        views = int(chance.lognormvariate(7.2, 0.5) * grown)
        shares_of_views = {
            name: chance.uniform(low, high)
            for name, low, high in (
                ("reach", 0.62, 0.85),
                ("reactions", 0.02, 0.06),
                ("comments", 0.002, 0.008),
                ("shares", 0.001, 0.006),
                ("saves", 0.002, 0.01),
                ("clicks", 0.01, 0.04),
            )
        }
        return Counters(
            views=views,
            watched_milliseconds=views * chance.randrange(3_000, 9_000),
            **{name: int(views * share) for name, share in shares_of_views.items()},
        )

    def followers(self, place: Place) -> int:
        chance = self._chance(place.id)
        at_first, a_day = chance.randrange(2_000, 20_000), chance.uniform(2, 9)
        return at_first + int((self._clock().date().toordinal() - _FIRST_DAY) * a_day)

    def _posts(self, place: Place, until: date) -> Iterator[Shown]:
        shift = self._chance(place.id).randrange(5)
        for day in range((self._began - LONGEST_PAST).date().toordinal(), until.toordinal() + 1):
            if (day + shift) % 5 not in _POSTING_DAYS:
                continue
            chance = self._chance(f"{place.id}/{day}")
            words = _WORDS[(day * 5 + shift) % len(_WORDS)]
            at = datetime.combine(
                date.fromordinal(day), time(chance.randrange(8, 18), chance.randrange(60)), UTC
            )
            yield Shown(_number_of(place, day), words, "", "", at)

    def _chance(self, of: str) -> random.Random:
        return random.Random(f"{self._seed}/organic/{of}")  # noqa: S311 - a world, not a secret


def reddit_name(number: int) -> str:
    """In letters and digits."""
    letters = ""
    while number:
        number, digit = divmod(number, 36)
        letters = f"{'0123456789abcdefghijklmnopqrstuvwxyz'[digit]}{letters}"
    return f"t3_{letters}"


def _number_of(place: Place, day: int) -> str:
    """As its network numbers posts, and lower than what is published in the sandbox."""
    number = PLACES.index(place) * 10_000_000 + day
    match place.network:
        case Network.FACEBOOK:
            return f"{place.id}_{600_000_000_000 + number}"
        case Network.INSTAGRAM:
            return str(18_000_000_000_000_000 + number)
        case Network.TIKTOK:
            return str(7_400_000_000_000_000_000 + number)
        case Network.REDDIT:
            return reddit_name(60_000_000_000 + number)
        case Network.YOUTUBE:
            return f"sb{number:09}"
        case Network.BUFFER:
            return f"66b0{number:020x}"
        case Network.X:
            return str(1_800_000_000_000_000_000 + number)
        case _:
            kind = "ugcPost" if day % 3 == 0 else "share"
            return f"urn:li:{kind}:{7_300_000_000_000_000_000 + number}"
