"""Events this process has on disk already: a courtesy to senders; the exact removal is at read time."""

from collections.abc import Iterable

REMEMBERED = 200_000


class DurableIds:
    """The last ids that senders chose themselves, each remembered once its event is durable."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._ids: dict[tuple[int, str], None] = {}

    def __contains__(self, event: tuple[int, str]) -> bool:
        return event in self._ids

    def remember(self, events: Iterable[tuple[int, str]]) -> None:
        for event in events:
            self._ids[event] = None
        while len(self._ids) > self._remembered:
            del self._ids[next(iter(self._ids))]
