"""`python -m console`: the console on its port."""

import sys

import uvicorn

from console.app import create_app
from console.door import request_log
from store import settings
from store.settings import Service, SettingsError


def main() -> int:
    try:
        chosen = settings.current()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the last line that people read)
        return 2
    request_log.configure(chosen.log_level)
    uvicorn.run(
        create_app(chosen, watches=chosen.alert_watch),
        host=chosen.bind_host,
        port=chosen.port(Service.CONSOLE),
        access_log=False,
        log_config=None,
        server_header=False,
        forwarded_allow_ips=chosen.forwarded_allow_ips,
        timeout_graceful_shutdown=5,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
