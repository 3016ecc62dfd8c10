"""Serve the sandbox on loopback."""

import argparse

import uvicorn

from connectors.sandbox import create_app


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m connectors.sandbox", description=__doc__)
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8790)
    arguments.add_argument("--seed", type=int, default=7, help="the same seed gives the same numbers")
    arguments.add_argument("--page-rows", type=int, default=10_000, help="most rows of a page or chunk")
    given = arguments.parse_args()
    uvicorn.run(
        create_app(seed=given.seed, page_rows=given.page_rows),
        host=given.host,
        port=given.port,
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
