"""Meta's reports: insights that it works out by and by, where they are too much for an answer.

Meta recommends them for whatever is large. Most days are not: they are answered at once, where a report takes minutes,
several looks, and may fail by itself. So a report is what remains once smaller pages and shorter windows are of no more
use, and to ask for one is harmless: what was asked for twice is worked out twice, and read once.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, TypeVar

import httpx
import msgspec

from connectors.answers import Answer, canonical
from connectors.errors import ChannelError, Invalid, NotReady, Transient, UnexpectedAnswer
from connectors.meta_graph import WHERE, Graph, Page
from connectors.meta_refusals import meaning_of
from connectors.retries import Patience

# Meta speaks of an hour at worst; a night's run, which has other accounts to read, ends after two.
_LONGEST_SECONDS = 1800.0
_FIRST_LOOK_AFTER = 5.0
_MOST_LOOKS = 100
_FIELDS = "async_status,async_percent_completion,error_code,error_subcode,error_message,error_user_msg"
_NO_SUCH_OBJECT = "100/33"

Row = TypeVar("Row")


class _Failed(Transient):
    """This report will never come, and another one may."""


class _Begun(msgspec.Struct):
    report_run_id: Annotated[int, msgspec.Meta(ge=1)]


class _Run(msgspec.Struct):
    async_status: str
    async_percent_completion: float = 0
    error_code: int | None = None
    error_subcode: int | None = None
    error_message: str | None = None
    error_user_msg: str | None = None


class Reports:
    """The reports of the accounts that one token may see."""

    def __init__(self, graph: Graph, patience: Patience) -> None:
        self._graph, self._patience = graph, patience
        self._looking = replace(
            patience, attempts=_MOST_LOOKS, first_wait=_FIRST_LOOK_AFTER, total=_LONGEST_SECONDS
        )

    def pages(
        self,
        account: str,
        question: Mapping[str, str],
        reading: Callable[[Answer], Page[Row]],
        *,
        limit: int,
    ) -> list[list[Row]]:
        """All of a report or nothing; where one fails, another is asked for."""
        graph = self._graph.counted_for(account)

        def report() -> list[list[Row]]:
            run = str(graph.prepare(f"act_{account}/insights", question, _Begun).report_run_id)
            try:
                self._looking.through(lambda: _require_complete(graph, run), (NotReady,))
                return list(graph.pages_by(f"{run}/insights", {}, reading, limit=limit))
            except Invalid as refused:
                if refused.code != _NO_SUCH_OBJECT:
                    raise
                raise _Failed(
                    what="Meta has forgotten the report", where=WHERE, code=refused.code
                ) from refused

        return self._patience.through(report, (_Failed,))


def _require_complete(graph: Graph, run: str) -> None:
    """Either alone does not say it: a report is still running at 100 %, and may not be all there when it has run."""
    said = graph.read(run, {"fields": _FIELDS}, _Run)
    match said.async_status:
        case "Job Completed" if said.async_percent_completion >= 100:
            return
        case "Job Not Started" | "Job Started" | "Job Running" | "Job Completed":
            done = f"{said.async_status!r}, {said.async_percent_completion:.0f} %"
            raise NotReady(what=f"report {run} is still worked out ({done})", where=WHERE)
        case "Job Failed" | "Job Skipped":
            raise _failure(run, said)
        case other:
            raise UnexpectedAnswer(what=f"a report that is {other!r}", where=WHERE)


def _failure(run: str, said: _Run) -> ChannelError:
    """By the codes that a refusal has; a report that was skipped, or failed without a word, may well work out next time."""
    if not said.error_code:
        return _Failed(what=f"report {run} ended as {said.async_status!r}", where=WHERE)
    error = {
        "code": said.error_code,
        "error_subcode": said.error_subcode,
        "message": said.error_message or "",
        "error_user_msg": said.error_user_msg,
    }
    meaning = meaning_of(Answer(500, httpx.Headers(), canonical({"error": error})), where=WHERE)
    if type(meaning) is Transient:
        return _Failed(what=meaning.what, where=WHERE, code=meaning.code)
    return meaning
