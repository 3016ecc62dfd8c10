"""The inbox of alerts: what somebody has to know of, until somebody says that they do."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

from console import names, rendering
from console.admission import Id, SignedIn
from console.cursors import Cursor
from console.listing import PAGE
from console.problems import nothing_here
from marketing_pipelines.monitoring.alert_words import words_of
from store.records import alerts as inbox
from store.records.alerts import AlertState

router = APIRouter(include_in_schema=False)


@router.get("/alerts")
def alerts(
    visitor: SignedIn, state: AlertState = AlertState.OPEN, cursor: Cursor = None, done: str = ""
) -> HTMLResponse:
    with visitor.records() as session:
        page, following = inbox.listed(session, visitor.tenant, state, cursor=cursor, limit=PAGE)
        readers = {names.of_user(seen.acknowledged_by) for seen in page if seen.acknowledged_by is not None}
        return rendering.page(
            visitor,
            session,
            "alerts.html",
            alerts=[(seen, words_of(seen.alert)) for seen in page],
            names=names.of_actors(session, readers),
            state=state,
            page={"next_cursor": following},
            is_first=cursor is None,
            done=done,
        )


@router.post("/alerts/{alert_id}/acknowledge")
def acknowledge(visitor: SignedIn, alert_id: Id) -> RedirectResponse:
    with visitor.records() as session:
        if inbox.acknowledge(session, visitor.tenant, visitor.actor, visitor.user, alert_id) is None:
            raise nothing_here()
    return RedirectResponse("/alerts?done=seen", 303)
