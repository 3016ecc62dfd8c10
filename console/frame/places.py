"""Where the screens are: the navigation, in the order in which a day with it goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from console.door.sign_in import Visitor


class Count(StrEnum):
    """What waits at a place, and how its number is read out."""

    WAITING = "waiting"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Place:
    """A screen that the navigation leads to; its icon has the same name in `static/icons.svg`."""

    address: str
    name: str
    icon: str
    count: Count | None = None


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    places: tuple[Place, ...]


GROUPS = (
    Group(
        "Today",
        (
            Place("/", "Overview", "overview"),
            Place("/approvals", "Approvals", "approvals", Count.WAITING),
            Place("/alerts", "Alerts", "alerts", Count.OPEN),
        ),
    ),
    Group(
        "Make",
        (
            Place("/actions", "Actions", "actions"),
            Place("/campaigns", "Campaigns", "campaigns"),
            Place("/calendar", "Calendar", "calendar"),
            Place("/assets", "Assets", "assets"),
            Place("/links", "Links", "links"),
            Place("/trends", "Trends", "trends"),
        ),
    ),
    Group(
        "Watch",
        (
            Place("/attribution", "Attribution", "attribution"),
            Place("/hold-outs", "Hold-outs", "hold-outs"),
            Place("/funnels", "Funnels", "funnels"),
            Place("/cohorts", "Cohorts", "cohorts"),
            Place("/ads", "Ads", "ads"),
            Place("/posts", "Posts", "posts"),
            Place("/visitors", "Visitors", "visitors"),
            Place("/tracking", "Tracking", "tracking"),
            Place("/exports", "Exports", "exports"),
            Place("/uploads", "Uploads", "uploads"),
            Place("/runs", "Runs", "runs"),
            Place("/dead-letters", "Dead letters", "dead-letters"),
            Place("/audit", "Audit", "audit"),
            Place("/pixel", "Pixel", "pixel"),
        ),
    ),
    Group(
        "House",
        (
            Place("/people", "People", "people"),
            Place("/connections", "Connections", "connections"),
            Place("/keys", "API keys", "keys"),
            Place("/tenants", "Tenants", "tenants"),
            Place("/goals", "Goals", "goals"),
            Place("/settings", "Settings", "settings"),
            Place("/kill-switch", "Kill switch", "kill-switch"),
        ),
    ),
)


def offered(visitor: Visitor) -> Iterator[Group]:
    """The groups with those screens that this visitor may open."""
    for group in GROUPS:
        places = tuple(place for place in group.places if visitor.may(f"GET {place.address}"))
        if places:
            yield Group(group.name, places)
