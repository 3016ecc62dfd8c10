"""Working on a request: one run at a time, in steps of which each counts once, whatever is killed in between."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from store import records
from store.records import requested_runs
from store.records.database import Session
from store.records.requested_runs import NotMine, Taken
from store.records.schema import NotUsable
from store.settings import Role, Settings

Outcome = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """One run's turn at a request."""

    settings: Settings
    taken: Taken

    @contextmanager
    def step(self) -> Iterator[Session]:
        """A transaction that counts only while the request is still this run's, and says that it is at it."""
        with records.session(self.settings, Role.PIPELINES) as session:
            requested_runs.keep(session, self.taken)
            yield session

    def go_on(self) -> None:
        """Says that the run is still at it, between steps that repeat without harm."""
        with self.step():
            pass


def work_on(
    settings: Settings, request_id: int, run_id: str, do: Callable[[Turn], Outcome]
) -> Outcome | None:
    """Does what was asked for and writes down how it went; None when it is not this run's to do.

    What cannot be used has failed with its reason. Any other trouble is tried again by another run.
    """
    with records.session(settings, Role.PIPELINES) as session:
        taken = requested_runs.take(session, request_id, run_id)
    if taken is None:
        return None
    try:
        outcome = do(Turn(settings, taken))
        with records.session(settings, Role.PIPELINES) as session:
            requested_runs.finish(session, taken, outcome)
        return outcome
    except NotMine:
        return None
    except NotUsable as unusable:
        with records.session(settings, Role.PIPELINES) as session:
            requested_runs.fail(session, taken, str(unusable))
        raise
    except Exception as error:
        with records.session(settings, Role.PIPELINES) as session:
            requested_runs.give_back(session, taken, f"The run failed: {type(error).__name__}.")
        raise
