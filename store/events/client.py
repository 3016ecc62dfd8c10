"""Clients; nobody outside `store` knows whether a cluster or the embedded engine answers."""

from functools import lru_cache

from clickhouse_connect import get_client
from clickhouse_connect.driver.client import Client

from store.settings import Settings

__all__ = ["Client", "connect", "shared"]


def connect(settings: Settings, *, run_id: str = "") -> Client:
    """A client without session state, whose queries name the Dagster run that asked."""
    return _client(settings.clickhouse_address(), run_id)


def _client(address: str, run_id: str) -> Client:
    return get_client(
        dsn=address,
        client_name=f"marketing-pipelines {run_id}".strip(),
        autogenerate_session_id=False,
        connect_timeout=5,
        send_receive_timeout=300,
        settings={"log_comment": run_id} if run_id else {},
    )


def shared(settings: Settings) -> Client:
    """The process's one client for short reads; a client has no session, so threads may use it at once.

    Making one asks the server for all of its settings, which takes longer than what a page wants to know.
    """
    return _shared(settings.clickhouse_address())


@lru_cache(maxsize=16)
def _shared(address: str) -> Client:
    return _client(address, "")
