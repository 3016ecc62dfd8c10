"""One client a thread; nobody outside `store` knows whether a cluster or the embedded engine answers."""

from clickhouse_connect import get_client
from clickhouse_connect.driver.client import Client

from store.settings import Settings

__all__ = ["Client", "connect"]


def connect(settings: Settings, *, run_id: str = "") -> Client:
    """A client without session state, whose queries name the Dagster run that asked."""
    return get_client(
        dsn=settings.clickhouse_address(),
        client_name=f"marketing-pipelines {run_id}".strip(),
        autogenerate_session_id=False,
        connect_timeout=5,
        send_receive_timeout=300,
        settings={"log_comment": run_id} if run_id else {},
    )
