"""Ads: the campaigns in the ad accounts and what stands in them, read from their platforms; changing them takes a signature."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from connectors import CONNECTORS
from console.door.admission import Id, SignedIn
from console.frame import rendering, wording
from console.frame.bodies import ChosenId
from console.frame.cursors import Cursor
from console.frame.texts import IF_CHOSEN
from console.watching import ad_book
from marketing_pipelines.outbound.kinds.ad_change import Change
from store.records import accounts
from store.records.accounts import AccountStatus, AdAccount
from store.records.ads import AdCampaign, Showing, Sought

router = APIRouter(include_in_schema=False)

PAGE = 25
Search = Annotated[str, Query(max_length=200)]


@router.get("/ads")
def campaigns(
    visitor: SignedIn,
    text: Search = "",
    account: ChosenId = None,
    status: Annotated[Showing | None, IF_CHOSEN] = None,
    cursor: Cursor = None,
) -> HTMLResponse:
    sought = Sought(text.strip(), account, status)
    found = ad_book.listed(visitor, sought, cursor=cursor, limit=PAGE)
    with visitor.records() as session:
        read = [
            it
            for it in accounts.of_tenant(session, visitor.tenant)
            if it.status is not AccountStatus.DISABLED
        ]
        return rendering.page(
            visitor,
            session,
            "ads.html",
            found=found,
            refused=ad_book.refused(session, visitor) if sought == Sought() and cursor is None else [],
            sought=sought,
            is_filtered=sought != Sought(),
            accounts=[(str(it.id), it.name) for it in read],
            is_read=any(it.listed_at for it in read),
            statuses=wording.SHOWING,
            status_words=[(it.value, label.text) for it, label in wording.SHOWING.items()],
            titles=_TITLES,
            page={"next_cursor": found.following},
            is_first=cursor is None,
        )


@router.get("/ads/{ad_campaign_id}")
def campaign(visitor: SignedIn, ad_campaign_id: Id) -> HTMLResponse:
    found = ad_book.read(visitor, ad_campaign_id)
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "ad_campaign.html",
            found=found,
            campaign=found.campaign,
            account=found.account,
            title=_TITLES[found.account.channel],
            statuses=wording.SHOWING,
            budget_days=[(it.day.isoformat(), float(it.amount)) for it in found.budgets],
            changes=[
                (_drafting(found.campaign, found.account, it), words)
                for it, words in _CHANGES.items()
                if it is not _POINTLESS.get(found.campaign.status)
            ],
        )


_TITLES = {channel.value: connector.title for channel, connector in CONNECTORS.items()}
# What is that way already.
_POINTLESS = {Showing.PAUSED: Change.PAUSE, Showing.RUNNING: Change.RUN}
_CHANGES = {Change.PAUSE: "Pause it…", Change.RUN: "Let it run…", Change.BUDGET: "Another daily budget…"}


def _drafting(campaign: AdCampaign, account: AdAccount, change: Change) -> str:
    """The form of an action that changes it, with what is known filled in."""
    budget = campaign.daily_budget
    said = {
        "payload.platform": account.channel,
        "payload.account": account.account_id,
        "payload.change": change.value,
        "payload.campaign": campaign.external_id,
        "payload.daily_budget": f"{budget.normalize():f}" if budget and change is not Change.PAUSE else "",
    }
    return f"/actions/new/ad_change?{urlencode({name: value for name, value in said.items() if value})}"
