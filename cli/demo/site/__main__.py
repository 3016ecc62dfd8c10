"""`python -m cli.demo.site`: the shop on its port."""

import uvicorn

from cli.demo.site.app import create_app
from store import settings
from store.settings import Service


def main() -> None:
    house = settings.current()
    uvicorn.run(
        create_app(house),
        host="127.0.0.1",
        port=house.port(Service.DEMO_SITE),
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
