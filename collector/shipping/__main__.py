"""`python -m collector.shipping`: the process that loads the edge log of this host into ClickHouse.

With `--healthy` it only says, by its exit code, whether the one that runs has spoken lately.
"""

import logging
import signal
import sys
from threading import Event

from collector import json_logs
from collector.edge_log import volumes
from collector.shipping.shipper import Shipper
from marketing_pipelines.events import user_agents
from store import edge_shipper, settings
from store.settings import SettingsError

logger = logging.getLogger(__name__)

LOCK = "shipper.lock"
STANDS_BY_SECONDS = 2.0


def main() -> int:
    try:
        house = settings.current()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    spool = house.data_dir / "spool"
    if "--healthy" in sys.argv:
        return 0 if edge_shipper.heard(spool).is_running else 1
    json_logs.set_up(house.log_level)
    stop = Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())
    spool.mkdir(parents=True, exist_ok=True)
    while volumes.locked(spool / LOCK) is None:
        logger.info("another shipper serves this spool; standing by")
        if stop.wait(STANDS_BY_SECONDS):
            return 0
    # Else the first events of each start would wait for the crawlers' patterns.
    user_agents.prepare()
    Shipper(house, spool).run(stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
