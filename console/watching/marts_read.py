"""What a page says of numbers out of the marts: the answer and how fresh it is, or in words why there is none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from starlette.exceptions import HTTPException

from console.door.sign_in import Visitor
from console.frame.lineage import Asset
from console.watching import analytics
from marketing_pipelines.analytics.asking import Question
from marketing_pipelines.analytics.freshness import Freshness
from marketing_pipelines.analytics.reports import Report
from store.events import Client
from store.records.schema import TenantId

Asked = TypeVar("Asked", bound=Question)
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Read(Generic[Answer]):
    """`away` says that there may be an answer in a moment, `told` that there will be one after the first build."""

    asset: Asset
    answer: Answer | None = None
    fresh: Freshness | None = None
    told: str = ""
    away: str = ""


def read(
    visitor: Visitor, asset: Asset, ask: Callable[[Client, TenantId, Asked], Answer], asked: Asked
) -> Read[Answer]:
    try:
        answer, told = analytics.answered(visitor, ask, asked)
        [fresh] = analytics.fresh(visitor, asset)
    except HTTPException as away:
        return Read(asset, away=str(away.detail))
    return Read(asset, answer, fresh, told)


def export_of(report: Report, asked: Question) -> str:
    """The form of an export, with this very question in it."""
    said = asked.model_dump(mode="json", by_alias=True, exclude_none=True)
    arguments = {name: ",".join(it) if isinstance(it, list) else it for name, it in said.items()}
    return f"/exports?{urlencode({'report': report.name, **arguments})}"
