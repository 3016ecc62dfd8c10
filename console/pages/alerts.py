"""The inbox of alerts: what somebody has to know of, until somebody says that they do."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

from console.actions.listing import PAGE
from console.door.admission import Id, SignedIn
from console.door.problems import nothing_here
from console.door.sign_in import Visitor
from console.frame import names, rendering
from console.frame.cursors import Cursor
from marketing_pipelines.monitoring.alert_words import words_of
from store.records import alerts as inbox
from store.records.alerts import Alert, AlertKind, AlertState

router = APIRouter(include_in_schema=False)


@router.get("/alerts")
def alerts(
    visitor: SignedIn,
    state: AlertState = AlertState.OPEN,
    kind: AlertKind | Literal[""] = "",
    cursor: Cursor = None,
    done: str = "",
) -> HTMLResponse:
    with visitor.records() as session:
        page, following = inbox.listed(
            session, visitor.tenant, state, kind=kind or None, cursor=cursor, limit=PAGE
        )
        readers = {names.of_user(seen.acknowledged_by) for seen in page if seen.acknowledged_by is not None}
        causes = {seen.alert.id: actor for seen in page if (actor := _caused_by(seen.alert))}
        return rendering.page(
            visitor,
            session,
            "alerts.html",
            alerts=[(seen, words_of(seen.alert), _ways_on(visitor, seen.alert)) for seen in page],
            names=names.of_actors(session, readers | set(causes.values())),
            causes=causes,
            state=state,
            kind=kind,
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


def _caused_by(alert: Alert) -> str:
    """Whoever did what the alert tells of, where it was somebody; its words know them by number alone."""
    if "user" in alert.about:
        return names.of_user(alert.about["user"])
    return str(alert.about.get("by", ""))


def _ways_on(visitor: Visitor, alert: Alert) -> list[tuple[str, str]]:
    """Where somebody goes who wants to do something about it: only what they may open."""
    action = alert.action_id
    match alert.kind:
        case AlertKind.ACTION_FAILED | AlertKind.ACTION_PARTLY_FAILED | AlertKind.DELIVERIES_UNKNOWN:
            ways = [("GET /dead-letters/{action_id}", f"/dead-letters/{action}", "What was not sent")]
        case AlertKind.ACTION_EXPIRED | AlertKind.GLASS_BROKEN | AlertKind.MAIL_UNWELCOME:
            ways = []
        case AlertKind.GATE_SILENT:
            ways = [("GET /runs", "/runs", "Is everything running?")]
        case AlertKind.KILL_SWITCH_PULLED:
            ways = [("GET /kill-switch", "/kill-switch", "The kill switch")]
        case AlertKind.CONNECTION_BROKEN | AlertKind.CONNECTION_ENDS:
            ways = [("GET /connections", f"/connections/{alert.about['connection']}", "The connection")]
    if action is not None:
        ways.append(("GET /actions/{action_id}", f"/actions/{action}", f"Action {action}"))
    return [(address, said) for endpoint, address, said in ways if visitor.may(endpoint)]
