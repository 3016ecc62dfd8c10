"""Outlets: who publishes, about what, how much, at which hours and in which format."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

HOUR = 3600
DAY = 24
WEEK = 7 * DAY
# The hours since 1970 began on a Thursday.
_FIRST_WEEKDAY = 3
_SATURDAY = 5


class Topic(StrEnum):
    TRADE = "the trade"
    MATERIALS = "materials"
    SHOPS = "shops"
    MAKERS = "makers"


class Language(StrEnum):
    ENGLISH = "en"
    GERMAN = "de"


class Format(StrEnum):
    """How a feed is written; the value is the ending of its address."""

    RSS = "xml"
    ATOM = "atom"
    RDF = "rdf"
    JSON = "json"

    @property
    def media_type(self) -> str:
        return {
            Format.RSS: "application/rss+xml",
            Format.ATOM: "application/atom+xml",
            Format.RDF: "application/rdf+xml",
            Format.JSON: "application/feed+json",
        }[self]


@dataclass(frozen=True, slots=True)
class Outlet:
    """`notes_a_day` are what it writes beside the stories that go round; `copies` is whose headlines it takes."""

    slug: str
    name: str
    topic: Topic
    format: Format
    weight: float
    notes_a_day: float
    curiosity: float
    """How likely it is to tell a story of its topic that goes round; of other topics it tells a quarter as many."""
    language: Language = Language.ENGLISH
    opens: int = 6
    closes: int = 20
    """The hours, in UTC, between which it publishes."""
    copies: str = ""
    column: str = ""
    """What stands every morning under the same title."""
    fails_at: int | None = None
    """Of each twelve hours the one in which it answers 500."""

    @property
    def path(self) -> str:
        return f"/feeds/{self.slug}.{self.format}"

    @property
    def site(self) -> str:
        return f"https://{self.slug}.example"

    def is_down(self, moment: datetime) -> bool:
        return self.fails_at is not None and hour_of(moment) % 12 == self.fails_at

    def busyness(self, hour: int) -> float:
        """How much of a day's work falls into an hour: none at night, little at the week-end."""
        if not self.opens <= hour % DAY < self.closes:
            return 0.0
        return (0.3 if is_week_end(hour) else 1.0) / (self.closes - self.opens)

    def next_open(self, second: int) -> int:
        """The same second, or one after the desk opens again; what the night has brought comes out by and by."""
        at = second // HOUR % DAY
        if at < self.opens:
            return second + (self.opens - at) * HOUR
        if at >= self.closes:
            return second + (DAY + self.opens - at) * HOUR
        return second


OUTLETS = (
    Outlet("stoffblatt", "Stoffblatt", Topic.TRADE, Format.RSS, 2.0, 12, 0.75),
    Outlet("tuchbote", "Tuchbote Wire", Topic.TRADE, Format.ATOM, 1.5, 56, 0.9, opens=3, closes=23),
    Outlet("loom-ledger", "The Loom Ledger", Topic.TRADE, Format.RSS, 0.4, 3, 0.0, copies="tuchbote"),
    Outlet("fadenlauf", "Fadenlauf", Topic.MATERIALS, Format.RSS, 1.2, 8, 0.6, Language.GERMAN, opens=5, closes=17),
    Outlet("fibre-and-field", "Fibre & Field", Topic.MATERIALS, Format.RDF, 1.0, 9, 0.65),
    Outlet("wool-street", "Wool Street Letter", Topic.MATERIALS, Format.JSON, 1.3, 5, 0.5, opens=7, closes=18),
    Outlet("ladenzeile", "Ladenzeile", Topic.SHOPS, Format.ATOM, 1.0, 10, 0.6, fails_at=7),
    Outlet("high-street-hem", "High Street Hem", Topic.SHOPS, Format.RSS, 1.1, 14, 0.7, opens=7, closes=21),
    Outlet("nadel-und-faden", "Nadel & Faden", Topic.MAKERS, Format.ATOM, 0.9, 4, 0.55, column="Morning stitch"),
    Outlet("mending-circle", "The Mending Circle", Topic.MAKERS, Format.RSS, 0.6, 1.5, 0.4, opens=8, closes=21),
)  # fmt: skip
BY_SLUG = {outlet.slug: outlet for outlet in OUTLETS}
BY_PATH = {outlet.path: outlet for outlet in OUTLETS}


def hour_of(moment: datetime) -> int:
    """Hours since 1970."""
    return int(moment.timestamp()) // HOUR


def moment_of(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def is_week_end(hour: int) -> bool:
    return (hour // DAY + _FIRST_WEEKDAY) % 7 >= _SATURDAY
