"""Runs: whether everything is running, what people asked for, and how Dagster's jobs went."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from console.actions.listing import PAGE
from console.door.admission import SignedIn
from console.door.sign_in import Visitor
from console.frame import names, rendering
from console.frame.cursors import Cursor
from console.watching import dagster_runs, signs_of_life
from store.records import requested_runs
from store.settings import Service

router = APIRouter(include_in_schema=False)


@router.get("/runs")
def runs(visitor: SignedIn, cursor: Cursor = None) -> HTMLResponse:
    signs = [*signs_of_life.of_warehouse(visitor), signs_of_life.of_edge(visitor)]
    house, of_dagster = _of_dagster(visitor)
    with visitor.records() as session:
        asked, following = requested_runs.newest(session, visitor.tenant, cursor=cursor, limit=PAGE)
        askers = {names.of_user(request.asked_by) for request in asked}
        return rendering.page(
            visitor,
            session,
            "runs.html",
            signs=[*signs_of_life.of_records(session, visitor), *of_dagster, *signs],
            requests=asked,
            names=names.of_actors(session, askers),
            house=house,
            dagster=visitor.settings.address(Service.DAGSTER),
            page={"next_cursor": following},
            is_first=cursor is None,
        )


def _of_dagster(visitor: Visitor) -> tuple[dagster_runs.House | None, list[signs_of_life.Sign]]:
    """None where it does not answer."""
    try:
        house = dagster_runs.of_house(visitor)
    except dagster_runs.Away as why:
        return None, [signs_of_life.of_silent_dagster(why)]
    return house, list(signs_of_life.of_dagster(house))
