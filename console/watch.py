"""The console's own watch: alerts are raised and told also while Dagster is dead, and the other way round.

`python -m console.watch` is the same by itself, for a console that is not let out to the mail server.
"""

import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Self

from console.door import request_log
from marketing_pipelines.monitoring import alerting
from store import settings as house_settings
from store.settings import Settings, SettingsError

EVERY_SECONDS = 15.0
STOPS_WITHIN = 2.0
# Touched after each round, so that whoever watches the watcher sees that it goes on.
SIGN_OF_LIFE = Path("/tmp/watch")  # noqa: S108 (of a container of its own, whose /tmp nobody else writes to)

log = logging.getLogger("console.watch")


class Watch:
    """A thread that looks every few seconds; whatever goes wrong in a round, the next one comes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="alerts", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """A round under way may hang at a mail server: its notice is told by the next watcher."""
        self._stop.set()
        self._thread.join(STOPS_WITHIN)

    def _go_on(self) -> None:
        while not self._stop.is_set():
            one_round(self._settings)
            self._stop.wait(EVERY_SECONDS)


def one_round(settings: Settings) -> None:
    try:
        alerting.watch(settings)
    except Exception:  # a watch that dies of what nobody foresaw tells nobody
        log.exception("a round of the watch failed")


def main() -> int:
    try:
        settings = house_settings.current()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the last line that people read)
        return 2
    request_log.configure(settings.log_level)
    stop = threading.Event()
    for stopped_by in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stopped_by, lambda *_: stop.set())
    while not stop.is_set():
        one_round(settings)
        SIGN_OF_LIFE.touch()
        stop.wait(EVERY_SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
