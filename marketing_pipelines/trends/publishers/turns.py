"""Turns: many items worked on at once, few of one host, and with a pause in between that blocks nobody."""

import heapq
import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

AT_ONCE = 32
PER_KEY = 2
PAUSE = 0.5


def usual_pause(host: Hashable) -> float:
    """The seconds between two requests to a host; none on this machine, where they are nobody else's load."""
    return 0.0 if host == "localhost" or str(host).startswith("127.") else PAUSE


def spread(
    items: Iterable[Item],
    work: Callable[[Item], Answer],
    *,
    key: Callable[[Item], Hashable],
    at_once: int = AT_ONCE,
    per_key: int = PER_KEY,
    pause: Callable[[Hashable], float] = usual_pause,
) -> Iterator[tuple[Item, Answer]]:
    """Works on many items at once, on few of one key, and gives each answer as it comes.

    Two items of one key begin `pause` seconds apart or up to half as much more, so that no publisher sees a
    beat. Answers that nobody has taken yet count as being worked on: their number, and so memory, is bounded.
    """
    turns = Turns(items, key=key, per_key=per_key, pause=pause)
    done: SimpleQueue[Future[tuple[Item, Answer]]] = SimpleQueue()
    under_way = 0
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="feeds") as pool:
        while turns.waiting or under_way:
            now = time.monotonic()
            for item in turns.begin(at_once - under_way, now):
                pool.submit(lambda item=item: (item, work(item))).add_done_callback(done.put)
                under_way += 1
            try:
                answered = done.get(timeout=turns.until_next(now) if under_way < at_once else None)
            except Empty:
                continue
            item, answer = answered.result()
            under_way -= 1
            turns.finish(item)
            yield item, answer


class Turns(Generic[Item]):
    """Whose turn it is, by a clock that is read elsewhere.

    A key with items left is in one place at a time: ready, resting until a moment, or held up until one of
    its items is finished. A pause may turn out longer while it lasts, when a host has said how long it wants it.
    """

    def __init__(
        self,
        items: Iterable[Item],
        *,
        key: Callable[[Item], Hashable],
        per_key: int,
        pause: Callable[[Hashable], float],
    ) -> None:
        self._key, self._per_key, self._pause = key, per_key, pause
        self._queues: dict[Hashable, deque[Item]] = defaultdict(deque)
        for item in items:
            self._queues[key(item)].append(item)
        self._ready: deque[Hashable] = deque(self._queues)
        self._resting: list[_Rest] = []
        self._held_up: set[Hashable] = set()
        self._under_way: Counter[Hashable] = Counter()

    @property
    def waiting(self) -> bool:
        return bool(self._queues)

    def begin(self, most: int, now: float) -> Iterator[Item]:
        """The items to begin now."""
        while self._resting and self._resting[0].until <= now:
            self._rested(heapq.heappop(self._resting), now)
        for _ in range(min(most, len(self._ready))):
            key = self._ready.popleft()
            item = self._queues[key].popleft()
            self._under_way[key] += 1
            if self._queues[key]:
                self._rest(key, since=now, stretch=random.uniform(1, 1.5))  # noqa: S311
            else:
                del self._queues[key]
            yield item

    def finish(self, item: Item) -> None:
        key = self._key(item)
        self._under_way[key] -= 1
        if key in self._held_up:
            self._held_up.remove(key)
            self._ready.append(key)

    def until_next(self, now: float) -> float | None:
        """The seconds until a pause is over; None where only an item that is finished brings the next."""
        return max(0.0, self._resting[0].until - now) if self._resting else None

    def _rest(self, key: Hashable, *, since: float, stretch: float) -> None:
        until = since + self._pause(key) * stretch
        heapq.heappush(self._resting, _Rest(until, since, stretch, key))

    def _rested(self, rest: "_Rest", now: float) -> None:
        if rest.since + self._pause(rest.key) * rest.stretch > now:
            self._rest(rest.key, since=rest.since, stretch=rest.stretch)
        elif self._under_way[rest.key] < self._per_key:
            self._ready.append(rest.key)
        else:
            self._held_up.add(rest.key)


@dataclass(frozen=True, slots=True, order=True)
class _Rest:
    until: float
    since: float = field(compare=False)
    stretch: float = field(compare=False)
    key: Hashable = field(compare=False)
