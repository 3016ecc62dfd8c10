"""How often a provider lets itself be called: what a channel declares, and whoever opens it keeps."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Protocol, runtime_checkable

import httpx

from connectors.errors import Scope

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def every_request(_: httpx.Request) -> str:
    """All of them are counted together."""
    return ""


def in_path(pattern: str) -> Callable[[httpx.Request], str | None]:
    """Requests whose path has this in it, apart from each other by what its groups hold, such as an account."""
    compiled = re.compile(pattern)

    def of(request: httpx.Request) -> str | None:
        found = compiled.search(request.url.path)
        return "/".join(found.groups("")) if found else None

    return of


@dataclass(frozen=True, slots=True)
class CallBudget:
    """At most so many calls in such a time, for our app at the provider, a user's grant, an account or an endpoint.

    `of` names what a request is counted by, None where it is none of this budget's. A provider that counts by something
    in the body is served by a function of its channel's own. A budget of days that end at a midnight names its time zone.
    """

    name: str
    scope: Scope
    most: int
    per: timedelta
    of: Callable[[httpx.Request], str | None] = every_request
    until_midnight_in: str = ""


@runtime_checkable
class Budgeted(Protocol):
    """A channel whose provider says how often it may be called."""

    budgets: ClassVar[tuple[CallBudget, ...]]


def budgets_of(connector: type) -> tuple[CallBudget, ...]:
    return connector.budgets if isinstance(connector, Budgeted) else ()
