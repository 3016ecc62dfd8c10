"""Notifiers: what packages beside this one bring to tell alerts elsewhere, found by their entry point."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Protocol

import httpx

from connectors.errors import ChannelError, Transient
from store.records.alerts import AlertKind

GROUP = "marketing_pipelines.notifiers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An alert in words: ids, counts and reasons, no reader's address."""

    id: str
    """The same however often it is tried, so that where it was told already it need not be told again."""
    kind: AlertKind
    title: str
    text: str
    what_to_do: str
    tenant: str
    """Empty where it concerns the whole house."""
    url: str
    """Where in the console there is more to read; it carries an id and no authority."""

    @property
    def line(self) -> str:
        where = f" ({self.tenant})" if self.tenant else ""
        return f"{self.title}{where}. {self.text} {self.what_to_do} {self.url}"


class Notifier(Protocol):
    """Opened with what NOTIFIERS gives it and a client that is patient for seconds and follows no redirect."""

    def __init__(self, given: Mapping[str, str], http: httpx.Client) -> None: ...

    def tell(self, message: Message) -> None:
        """Returns once it is told; a ChannelError says why it is not, and it is tried again later."""
        ...


def opened(name: str, given: Mapping[str, str], http: httpx.Client) -> Notifier:
    """The notifier that a package brings under a name; whatever keeps it from opening may be put right meanwhile."""
    [*points] = entry_points(group=GROUP, name=name)
    if not points:
        raise Transient(what=f"no package that is installed brings a notifier {name!r}", where="NOTIFIERS")
    try:
        return points[0].load()(given, http)
    except ChannelError:
        raise
    except Exception as broken:
        raise Transient(what=f"cannot be opened: {_said(broken)}", where=name) from broken


def tell(name: str, notifier: Notifier, message: Message) -> None:
    """What a notifier did not foresee is its trouble, and nobody else's."""
    try:
        notifier.tell(message)
    except ChannelError:
        raise
    except Exception as broken:
        raise Transient(what=f"broke: {_said(broken)}", where=name) from broken


def _said(broken: Exception) -> str:
    """What is missing may be named; other texts may hold what must not be repeated."""
    return repr(broken) if isinstance(broken, KeyError) else type(broken).__name__
