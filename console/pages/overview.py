"""What waits, what happened last, and the numbers of the last days."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from console.actions import desk, listing
from console.door.admission import SignedIn
from console.frame import rendering
from console.watching import figures
from console.watching.figures import Figures, LookBack
from marketing_pipelines.attribution import catalogue
from store.records import gate, goals, measurement

router = APIRouter(include_in_schema=False)


@router.get("/")
def overview(visitor: SignedIn, days: LookBack = LookBack.WEEK) -> HTMLResponse:
    found = figures.of_last_days(visitor, days)
    with visitor.records() as session:
        waiting = listing.waiting(session, visitor.tenant, limit=5).items
        desk.reads_requests(session, visitor, waiting=bool(waiting))
        return rendering.page(
            visitor,
            session,
            "overview.html",
            waiting=waiting,
            sent_back=listing.sent_back(session, visitor.tenant, visitor.user),
            touched=listing.touched(session, visitor.tenant),
            figures=found,
            goal=goals.headline(session, visitor.tenant).name,
            model=catalogue.model(measurement.of_tenant(session, visitor.tenant).headline_model).title,
            back=days,
            looks_back=[(f"/?days={each}", f"{each} days") for each in LookBack],
            course=[
                (it.day.isoformat(), round(it.visits), round(it.conversions, 2), round(it.spend, 2))
                for it in (found.days if isinstance(found, Figures) else ())
            ],
            gate_seen=gate.last_seen(session),
        )
