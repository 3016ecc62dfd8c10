"""`python -m collector`: the public edge, in as many processes as COLLECTOR_PROCESSES says."""

import gc
import signal
import sys

import uvicorn
from uvicorn.supervisors import Multiprocess

from collector import json_logs
from collector.connections import BoundedConnection
from collector.edge import Edge
from store import settings
from store.settings import Service, SettingsError

# A request that was accepted is answered within this, whatever stops the process.
GRACE_SECONDS = 5
# The log's thread wants the interpreter for an instant at a time and must not wait long for it.
SWITCH_SECONDS = 0.002


def main() -> int:
    try:
        house = settings.current()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    json_logs.set_up(house.log_level)
    config = uvicorn.Config(
        "collector.__main__:edge",
        factory=True,
        workers=house.collector_processes,
        host=house.bind_host,
        port=house.port(Service.COLLECTOR),
        loop="uvloop",
        http=BoundedConnection,
        limit_concurrency=house.collector_max_connections,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    if config.workers > 1:
        Multiprocess(config, [config.bind_socket()]).run()
        return 0
    # uvicorn stops gracefully and then raises the signal once more, which would make a clean stop look like a death.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: None)
    server.run()
    return 0 if server.started else 1


def edge() -> Edge:
    """The application of one process, which is made ready for it here."""
    house = settings.current()
    json_logs.set_up(house.log_level)
    application = Edge(house)
    # What was imported lives as long as the process, and a request leaves no cycles behind: no need to look often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    sys.setswitchinterval(SWITCH_SECONDS)
    return application


if __name__ == "__main__":
    sys.exit(main())
