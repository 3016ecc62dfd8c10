"""Ads: the campaigns in the ad accounts, with ad sets, ads and budgets, as their platforms had them last."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from connectors.face import Channel
from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.frame.cursors import Cursor, Limit
from console.watching import ad_book
from marketing_pipelines.analytics.ads import Brought, Split
from store.records.accounts import AdAccount
from store.records.ads import Ad, AdCampaign, AdSet, ListedCampaign, Showing, Sought

router = APIRouter(tags=["ads"], responses=REFUSALS)

Money = Annotated[
    str | None, Field(description="In the account's own currency; null where it has none of its own.")
]


class BroughtOut(BaseModel):
    """In the last 28 days of its account, today included as far as it has come; as the platform counts."""

    model_config = ConfigDict(from_attributes=True)

    spend: float
    yesterday: Annotated[float, Field(description="What yesterday cost.")]
    impressions: int
    clicks: int
    conversions: float

    @classmethod
    def of(cls, brought: Brought | None) -> Self | None:
        return None if brought is None else cls.model_validate(brought)


class ShownOut(BaseModel):
    external_id: Annotated[str, Field(description="The platform's own number.")]
    name: str
    status: Showing
    said: Annotated[str, Field(description="How it stands, in the platform's word.")]
    why: Annotated[str, Field(description="Why it is refused, or does not run, in the platform's words.")]


class AdCampaignOut(ShownOut):
    id: int
    channel: Channel
    account_id: str
    account_name: str
    currency: str
    objective: str
    bid_strategy: str
    daily_budget: Money
    starts_on: date | None
    ends_on: date | None
    read_at: Annotated[datetime | None, Field(description="As of when.")]
    gone_at: Annotated[datetime | None, Field(description="Since when its platform lists it no more.")]
    brought: Annotated[BroughtOut | None, Field(description="Null while the warehouse cannot be reached.")]

    @classmethod
    def said_of(cls, campaign: AdCampaign, account: AdAccount, brought: Brought | None) -> dict[str, Any]:
        same = (
            "id",
            "external_id",
            "name",
            "status",
            "said",
            "why",
            "objective",
            "bid_strategy",
            "starts_on",
            "ends_on",
            "gone_at",
        )
        return {name: getattr(campaign, name) for name in same} | {
            "channel": Channel(account.channel),
            "account_id": account.account_id,
            "account_name": account.name,
            "currency": account.currency,
            "daily_budget": _money(campaign.daily_budget),
            "read_at": account.listed_at,
            "brought": BroughtOut.of(brought),
        }


class ListedCampaignOut(AdCampaignOut):
    ad_sets: int
    ads: int
    refused: Annotated[int, Field(description="Ads that the platform does not show.")]

    @classmethod
    def of(cls, listed: ListedCampaign, brought: Brought | None) -> Self:
        return cls(
            **cls.said_of(listed.campaign, listed.account, brought),
            ad_sets=listed.ad_sets,
            ads=listed.ads,
            refused=listed.refused,
        )


class AdCampaigns(BaseModel):
    items: list[ListedCampaignOut]
    next_cursor: int | None


class AdOut(ShownOut):
    format: str
    headline: str
    text: str
    leads_to: str
    creative_id: str
    brought: BroughtOut | None

    @classmethod
    def of(cls, ad: Ad, split: Split | None) -> Self:
        same = (
            "external_id",
            "name",
            "status",
            "said",
            "why",
            "format",
            "headline",
            "text",
            "leads_to",
            "creative_id",
        )
        brought = split.ads.get(ad.external_id, Brought()) if split else None
        return cls(**{name: getattr(ad, name) for name in same}, brought=BroughtOut.of(brought))


class AdSetOut(ShownOut):
    audience: dict[str, Any]
    placements: list[str]
    bid_strategy: str
    highest_bid: Money
    daily_budget: Money
    share: Annotated[
        float | None,
        Field(description="Of what the campaign's ads cost together in 28 days; null where that is nothing."),
    ]
    brought: BroughtOut | None
    ads: list[AdOut]

    @classmethod
    def of(cls, ad_set: AdSet, ads: list[AdOut], split: Split | None) -> Self:
        same = ("external_id", "name", "status", "said", "why", "audience", "placements", "bid_strategy")
        brought = split.ad_sets.get(ad_set.external_id, Brought()) if split else None
        return cls(
            **{name: getattr(ad_set, name) for name in same},
            highest_bid=_money(ad_set.highest_bid),
            daily_budget=_money(ad_set.daily_budget),
            share=split.share(ad_set.external_id) if split else None,
            brought=BroughtOut.of(brought),
            ads=ads,
        )


class BudgetOut(BaseModel):
    day: date
    amount: str


class WholeCampaignOut(AdCampaignOut):
    ad_sets: list[AdSetOut]
    daily_budgets: Annotated[
        list[BudgetOut], Field(description="What it was allowed to spend on each of the last 28 days.")
    ]


@router.get("/api/ads")
def list_campaigns(
    visitor: SignedIn,
    limit: Limit,
    text: Annotated[str, Query(max_length=200)] = "",
    account: Annotated[int | None, Query(ge=1, description="Only those of this ad account.")] = None,
    status: Showing | None = None,
    cursor: Cursor = None,
) -> AdCampaigns:
    """Campaigns that are there, the newest first; one by its name or its number at the platform."""
    found = ad_book.listed(visitor, Sought(text.strip(), account, status), cursor=cursor, limit=limit)
    brought = found.brought
    return AdCampaigns(
        items=[
            ListedCampaignOut.of(it, brought[it.campaign.id] if brought is not None else None)
            for it in found.campaigns
        ],
        next_cursor=found.following,
    )


@router.get("/api/ads/{ad_campaign_id}")
def read_campaign(visitor: SignedIn, ad_campaign_id: Id) -> WholeCampaignOut:
    """One campaign with its ad sets, its ads and its budgets; the first thousand of each."""
    found = ad_book.read(visitor, ad_campaign_id)
    return WholeCampaignOut(
        **AdCampaignOut.said_of(found.campaign, found.account, found.brought),
        ad_sets=[
            AdSetOut.of(ad_set, [AdOut.of(ad, found.split) for ad in ads], found.split)
            for ad_set, ads in found.inside
        ],
        daily_budgets=[BudgetOut(day=it.day, amount=_money(it.amount) or "0") for it in found.budgets],
    )


def _money(amount: Any) -> str | None:
    return None if amount is None else f"{amount.normalize():f}"
