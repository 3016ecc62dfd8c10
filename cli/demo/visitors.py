"""Who the shop's visitors are: people with their browsers and countries, and the programs that come along."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from random import Random
from typing import TypeVar

from marketing_pipelines.events.channels import Channel

T = TypeVar("T")

_NEVER = datetime.min.replace(tzinfo=UTC)


class Kind(StrEnum):
    """What a visitor is, which nobody tells the house: its rules have to find out."""

    PERSON = "person"
    CRAWLER = "crawler"
    HEADLESS = "headless"
    PREVIEW = "preview"
    """Asks where a link leads, and opens no page."""


@dataclass(slots=True, eq=False)
class Visitor:
    """Somebody with a browser, as far as the pixel can tell."""

    kind: Kind
    sid: str
    consent: str
    ip: str
    country: str
    user_agent: str
    came_by: list[Channel] = field(default_factory=list)
    bought: bool = False
    last_seen: datetime = _NEVER

    @property
    def is_person(self) -> bool:
        return self.kind is Kind.PERSON


_KINDS = {Kind.PERSON: 0.92, Kind.CRAWLER: 0.055, Kind.HEADLESS: 0.025}
# Of those who follow a link: whoever is sent one in a chat has it looked at first.
_KINDS_BY_LINK = {**_KINDS, Kind.PREVIEW: 0.05}
_CONSENT = {"granted": 0.78, "unknown": 0.10, "denied": 0.12}
_COUNTRIES = {"DE": 68, "AT": 10, "CH": 9, "NL": 4, "DK": 3, "FR": 3, "GB": 2, "US": 1}
_DOCUMENTATION_NETWORKS = ("192.0.2.0", "198.51.100.0", "203.0.113.0", "2001:db8:17::")

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_BROWSERS = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/141.0.0.0 Safari/537.36": 22,
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0": 7,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0": 6,
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Chrome/141.0.0.0 Safari/537.36": 6,
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Safari/605.1.15": 6,
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0": 2,
    f"{_IPHONE} Version/18.6 Mobile/15E148 Safari/604.1": 21,
    f"{_IPHONE} Mobile/22G86 Instagram 402.0.0.30.80 (iPhone15,3; iOS 18_6; de_DE; scale=3.00; 1290x2796)": 5,
    f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36": 17,
    f"Mozilla/5.0 (Linux; Android 15; SM-S921B) {_WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile "
    "Safari/537.36": 5,
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Mobile/15E148 Safari/604.1": 3,
}
_PROGRAMS = {
    Kind.CRAWLER: (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    ),
    Kind.HEADLESS: (f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} HeadlessChrome/141.0.0.0 Safari/537.36",),
    Kind.PREVIEW: (
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "WhatsApp/2.24.10.78 A",
    ),
}


def newcomer(chance: Random, *, by_link: bool) -> Visitor:
    """Somebody whom the shop has not seen before."""
    kind = _one_of(chance, _KINDS_BY_LINK if by_link else _KINDS)
    consent = _one_of(chance, _CONSENT)
    return Visitor(
        kind=kind,
        sid="" if consent == "denied" else chance.randbytes(16).hex(),
        consent=consent,
        ip=chance.choice(_DOCUMENTATION_NETWORKS),
        country=_one_of(chance, _COUNTRIES) if kind is Kind.PERSON else "US",
        user_agent=chance.choice(_PROGRAMS[kind]) if kind in _PROGRAMS else _one_of(chance, _BROWSERS),
    )


def _one_of(chance: Random, shares: Mapping[T, float]) -> T:
    (found,) = chance.choices(list(shares), list(shares.values()))
    return found
