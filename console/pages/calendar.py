"""The calendar: a week or a month of what goes out, by the clocks of the tenant."""

from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from console.actions import choices
from console.campaigns import calendar_book
from console.door.admission import SignedIn
from console.frame import days, rendering
from console.frame.bodies import ChosenId
from console.frame.days import View
from console.frame.texts import IF_CHOSEN
from store.clock import now

router = APIRouter(include_in_schema=False)


@router.get("/calendar")
def calendar(
    visitor: SignedIn,
    view: View = View.MONTH,
    chosen: Annotated[days.Shown | None, IF_CHOSEN, Query(alias="from")] = None,
    campaign: ChosenId = None,
) -> HTMLResponse:
    today = days.today(now(), visitor.time_zone)
    span = days.span(view, chosen or today, visitor.time_zone)

    def address(day: date | None, shown: View = view) -> str:
        said = {"view": shown.value, "from": day, "campaign": campaign}
        return f"/calendar?{urlencode({name: value for name, value in said.items() if value})}"

    with visitor.records() as session:
        pages = calendar_book.pages(session, visitor, span, campaign)
        is_empty = all(page.is_empty for page in pages)
        ahead = calendar_book.ahead(session, visitor, span.ends, campaign) if is_empty else ()
        return rendering.page(
            visitor,
            session,
            "calendar.html",
            span=span,
            views=View,
            weeks=[pages[at : at + 7] for at in range(0, len(pages), 7)],
            today=today,
            address=address,
            campaign=campaign,
            campaigns=choices.campaigns(session, visitor, campaign),
            is_empty=is_empty,
            ahead=ahead,
        )
