"""The stores that are loaded. Each may be away by itself, or hang, and the other does not wait for it."""

import logging
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Thread

from sqlalchemy.orm import Session

from store import events, records
from store.settings import Role, Settings

logger = logging.getLogger(__name__)

SHORTEST_BACK_OFF_SECONDS = 0.5
LONGEST_BACK_OFF_SECONDS = 30.0
HANGS_AFTER_SECONDS = 10.0


class Store:
    """Is loaded in a thread of its own; remembers how often it failed in a row, and rests longer each time."""

    name = ""

    def __init__(self, settings: Settings) -> None:
        self.load_failures = 0
        self._settings = settings
        self._failures = 0
        self._rests_until = 0.0
        self._loading: Thread | None = None
        self._since = 0.0

    @property
    def answers(self) -> bool:
        return self._failures == 0 and not self.hangs

    @property
    def is_loading(self) -> bool:
        return self._loading is not None and self._loading.is_alive()

    @property
    def hangs(self) -> bool:
        return self.is_loading and time.monotonic() - self._since > HANGS_AFTER_SECONDS

    def begin(self, load: Callable[[], None]) -> bool:
        """Starts a load; False while the store rests, or has not come back from the last one."""
        if self.is_loading or time.monotonic() < self._rests_until:
            return False
        self._since = time.monotonic()
        # A daemon, since a process that is to stop does not wait for a store that hangs.
        self._loading = Thread(target=load, name=self.name, daemon=True)
        self._loading.start()
        return True

    def wait(self, seconds: float) -> None:
        """Returns when the load is over, or after that time."""
        if self._loading is not None:
            self._loading.join(seconds)

    def connect(self) -> None:
        """Raises when the store is away."""

    def worked(self) -> None:
        if self._failures:
            logger.info("%s takes what waited for it, after %d failures", self.name, self._failures)
        self._failures = 0

    def failed(self, error: Exception) -> None:
        self._failures += 1
        self.load_failures += 1
        level = logging.WARNING if self._failures == 1 else logging.DEBUG
        logger.log(level, "%s took nothing, the log keeps it: %s", self.name, str(error)[:500])
        longest = min(LONGEST_BACK_OFF_SECONDS, SHORTEST_BACK_OFF_SECONDS * 2 ** min(self._failures, 8))
        self._rests_until = time.monotonic() + random.uniform(SHORTEST_BACK_OFF_SECONDS, longest)  # noqa: S311 (jitter)


class Warehouse(Store):
    """ClickHouse."""

    name = "clickhouse"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._client: events.Client | None = None

    @property
    def client(self) -> events.Client:
        assert self._client is not None
        return self._client

    def connect(self) -> None:
        if self._client is None:
            self._client = events.connect(self._settings)

    def failed(self, error: Exception) -> None:
        super().failed(error)
        if self._client is not None:
            self._client.close()
            self._client = None


class Records(Store):
    """Postgres."""

    name = "postgres"

    def session(self) -> AbstractContextManager[Session]:
        return records.session(self._settings, Role.EDGE)
