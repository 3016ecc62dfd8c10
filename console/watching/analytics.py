"""Questions asked of the marts for a visitor: of the tenant's days, and refused in words where there is no answer."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from clickhouse_connect.driver.exceptions import Error as ClickHouseError
from starlette.exceptions import HTTPException

from console.door.problems import FieldError, Refused
from console.door.sign_in import Visitor
from console.frame.lineage import Asset
from marketing_pipelines.analytics import freshness
from marketing_pipelines.analytics.asking import Inquiry
from marketing_pipelines.analytics.freshness import Freshness
from marketing_pipelines.analytics.refusals import NotBuilt, Unanswerable
from store import events
from store.events import Client
from store.records.schema import TenantId

AWAY = "The warehouse cannot be reached right now."
TOO_LONG = "This took too long and was given up; ask for fewer days."
Asked = TypeVar("Asked", bound=Inquiry)
Anything = TypeVar("Anything")
Answer = TypeVar("Answer")
_log = logging.getLogger("console")


def settled(visitor: Visitor, asked: Asked) -> Asked:
    """The question with its days named, by the clocks of the tenant."""
    with refusing():
        return asked.settled(datetime.now(visitor.time_zone).date())


def answered(
    visitor: Visitor, ask: Callable[[Client, TenantId, Anything], Answer], asked: Anything
) -> tuple[Answer | None, str]:
    """The answer, or None and what is to be said while there can be none."""
    try:
        with refusing(), reaching():
            return ask(events.shared(visitor.settings), visitor.tenant, asked), ""
    except NotBuilt as not_yet:
        return None, str(not_yet)


def fresh(visitor: Visitor, *assets: Asset) -> list[Freshness]:
    with reaching():
        return freshness.freshness(
            events.shared(visitor.settings), visitor.tenant, assets or freshness.ASSETS
        )


@contextmanager
def refusing() -> Iterator[None]:
    """What cannot be asked like this is said with the field that is wrong."""
    try:
        yield
    except Unanswerable as unanswerable:
        error = FieldError(unanswerable.field, unanswerable.reason)
        raise Refused(422, str(unanswerable), [error]) from None


@contextmanager
def reaching() -> Iterator[None]:
    """A warehouse that is away is nobody's mistake, and may be back in a moment."""
    try:
        yield
    except (ClickHouseError, OSError) as error:
        _log.info("no answer of the warehouse", extra={"fields": {"reason": type(error).__name__}})
        told = TOO_LONG if "TIMEOUT_EXCEEDED" in str(error) else AWAY
        raise HTTPException(503, told, headers={"Retry-After": "30"}) from None
