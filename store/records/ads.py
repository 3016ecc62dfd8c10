"""What stands in the ad accounts: campaigns, ad sets and ads as their platforms had them last, and the daily budgets of each day."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Numeric, String, UniqueConstraint, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.records.accounts import AdAccount
from store.records.schema import (
    Record,
    TenantId,
    TenantOwned,
    belongs_to,
    enumerated,
    key_for_children,
    one_of,
)

_ROWS_A_STATEMENT = 500
# Whole coins and their millionths, as far as any account's currency goes.
_MONEY = Numeric(20, 6)


class Showing(StrEnum):
    """Whether something is shown; what was taken down at its platform is gone."""

    RUNNING = "running"
    PAUSED = "paused"
    IN_REVIEW = "in_review"
    REFUSED = "refused"
    ENDED = "ended"
    UNKNOWN = "unknown"


class BudgetOf(StrEnum):
    CAMPAIGN = "campaign"
    AD_SET = "ad_set"


class OfAnAccount(TenantOwned):
    """`said` is the platform's word for how it stands, `why` its reason; one that is gone keeps its row."""

    ad_account_id: Mapped[int]
    external_id: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(512))
    status: Mapped[Showing] = mapped_column(enumerated(Showing, 20))
    said: Mapped[str] = mapped_column(String(512), server_default="")
    why: Mapped[str] = mapped_column(String(5000), server_default="")
    gone_at: Mapped[datetime | None]


class AdCampaign(OfAnAccount, Record):
    """Money in the account's own currency; a daily budget that is not its own alone is null."""

    __tablename__ = "ad_campaigns"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "ad_account_id", "external_id"),
        belongs_to("ad_accounts", "ad_account_id"),
        one_of("status", Showing),
    )

    objective: Mapped[str] = mapped_column(String(512), server_default="")
    bid_strategy: Mapped[str] = mapped_column(String(512), server_default="")
    daily_budget: Mapped[Decimal | None] = mapped_column(_MONEY)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]


class AdSet(OfAnAccount, Record):
    """Whom its ads are shown to, where, and for how much."""

    __tablename__ = "ad_sets"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "ad_account_id", "external_id"),
        belongs_to("ad_accounts", "ad_account_id"),
        belongs_to("ad_campaigns", "ad_campaign_id"),
        one_of("status", Showing),
        Index("ix_ad_sets_ad_campaign_id", "tenant_id", "ad_campaign_id"),
    )

    ad_campaign_id: Mapped[int]
    audience: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    placements: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    bid_strategy: Mapped[str] = mapped_column(String(512), server_default="")
    highest_bid: Mapped[Decimal | None] = mapped_column(_MONEY)
    daily_budget: Mapped[Decimal | None] = mapped_column(_MONEY)


class Ad(OfAnAccount, Record):
    """What people see; `creative_id` is the platform's own number of what it shows."""

    __tablename__ = "ads"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "ad_account_id", "external_id"),
        belongs_to("ad_accounts", "ad_account_id"),
        belongs_to("ad_sets", "ad_set_id"),
        one_of("status", Showing),
        Index("ix_ads_ad_set_id", "tenant_id", "ad_set_id"),
        Index(
            "ix_ads_refused",
            "tenant_id",
            "id",
            postgresql_where=text("status = 'refused' and gone_at is null"),
        ),
    )

    ad_set_id: Mapped[int]
    format: Mapped[str] = mapped_column(String(512), server_default="")
    headline: Mapped[str] = mapped_column(String(5000), server_default="")
    text: Mapped[str] = mapped_column(String(5000), server_default="")
    leads_to: Mapped[str] = mapped_column(String(2048), server_default="")
    creative_id: Mapped[str] = mapped_column(String(512), server_default="")


class DailyBudget(TenantOwned, Record):
    """What a campaign or an ad set was allowed to spend on a day, as it was last seen on it."""

    __tablename__ = "daily_budgets"
    __table_args__ = (
        UniqueConstraint("tenant_id", "ad_account_id", "of", "external_id", "day"),
        belongs_to("ad_accounts", "ad_account_id"),
        one_of("of", BudgetOf),
    )

    ad_account_id: Mapped[int]
    of: Mapped[BudgetOf] = mapped_column(enumerated(BudgetOf, 20))
    external_id: Mapped[str] = mapped_column(String(100))
    day: Mapped[date]
    amount: Mapped[Decimal] = mapped_column(_MONEY)


@dataclass(frozen=True, slots=True)
class Inventory:
    """Rows by column, all that stands in an account; an ad set names its campaign's `external_id`, an ad its ad set's."""

    campaigns: Sequence[Mapping[str, Any]]
    ad_sets: Sequence[Mapping[str, Any]]
    ads: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Kept:
    """`homeless` stand in a campaign or an ad set that the platform does not list, and are not kept."""

    campaigns: int = 0
    ad_sets: int = 0
    ads: int = 0
    refused: int = 0
    homeless: int = 0


def keep(session: Session, account: AdAccount, found: Inventory, at: datetime) -> Kept:
    """Makes what is kept of an account be what stands in it now; what is not there any more is gone since."""
    campaigns = _upsert(session, AdCampaign, account, found.campaigns)
    ad_sets = _at_home(found.ad_sets, campaigns, "campaign", "ad_campaign_id")
    sets = _upsert(session, AdSet, account, ad_sets)
    ads = _at_home(found.ads, sets, "ad_set", "ad_set_id")
    kept = _upsert(session, Ad, account, ads)
    for table, there in ((AdCampaign, campaigns), (AdSet, sets), (Ad, kept)):
        _say_gone(session, table, account, there.values(), at)
    _note_budgets(session, account, BudgetOf.CAMPAIGN, found.campaigns, at.date())
    _note_budgets(session, account, BudgetOf.AD_SET, ad_sets, at.date())
    account.listed_at = at
    homeless = len(found.ad_sets) + len(found.ads) - len(ad_sets) - len(ads)
    not_shown = sum(ad["status"] is Showing.REFUSED for ad in ads)
    return Kept(len(campaigns), len(sets), len(kept), not_shown, homeless)


def _at_home(
    rows: Iterable[Mapping[str, Any]], homes: Mapping[str, int], named: str, column: str
) -> list[Mapping[str, Any]]:
    return [
        {**{name: value for name, value in row.items() if name != named}, column: homes[row[named]]}
        for row in rows
        if row[named] in homes
    ]


def _upsert(
    session: Session,
    table: type[AdCampaign | AdSet | Ad],
    account: AdAccount,
    rows: Sequence[Mapping[str, Any]],
) -> dict[str, int]:
    """The numbers of the rows by what their platform calls them; one that is as it was is not written again."""
    owned = {"tenant_id": account.tenant_id, "ad_account_id": account.id, "gone_at": None}
    by_id = {row["external_id"]: {**row, **owned} for row in rows}
    # In one order, so that two who read the same account wait for each other and never both.
    ordered = [by_id[external_id] for external_id in sorted(by_id)]
    for start in range(0, len(ordered), _ROWS_A_STATEMENT):
        piece = ordered[start : start + _ROWS_A_STATEMENT]
        new = insert(table).values(piece)
        changing = {name: new.excluded[name] for name in piece[0] if name not in _NAMES}
        held = tuple_(*(getattr(table, name) for name in changing))
        session.execute(
            new.on_conflict_do_update(
                index_elements=list(_NAMES),
                set_=changing,
                where=held.is_distinct_from(tuple_(*changing.values())),
            )
        )
    numbers = select(table.external_id, table.id).where(
        table.tenant_id == account.tenant_id, table.ad_account_id == account.id
    )
    return {
        external_id: number
        for external_id, number in session.execute(numbers).tuples()
        if external_id in by_id
    }


_NAMES = ("tenant_id", "ad_account_id", "external_id")


def _say_gone(
    session: Session,
    table: type[AdCampaign | AdSet | Ad],
    account: AdAccount,
    there: Collection[int],
    at: datetime,
) -> None:
    known = select(table.id).where(
        table.tenant_id == account.tenant_id, table.ad_account_id == account.id, table.gone_at.is_(None)
    )
    missing = set(session.scalars(known)) - set(there)
    ours = update(table).where(table.tenant_id == account.tenant_id, table.id.in_(missing))
    session.execute(ours.values(gone_at=at))


def _note_budgets(
    session: Session, account: AdAccount, of: BudgetOf, rows: Iterable[Mapping[str, Any]], day: date
) -> None:
    """Of each day the last one that was seen stands."""
    noted = {
        row["external_id"]: {
            "tenant_id": account.tenant_id,
            "ad_account_id": account.id,
            "of": of,
            "external_id": row["external_id"],
            "day": day,
            "amount": row["daily_budget"],
        }
        for row in rows
        if row["daily_budget"] is not None
    }
    ordered = [noted[external_id] for external_id in sorted(noted)]
    for start in range(0, len(ordered), _ROWS_A_STATEMENT):
        new = insert(DailyBudget).values(ordered[start : start + _ROWS_A_STATEMENT])
        session.execute(
            new.on_conflict_do_update(
                index_elements=["tenant_id", "ad_account_id", "of", "external_id", "day"],
                set_={"amount": new.excluded.amount},
                where=DailyBudget.amount != new.excluded.amount,
            )
        )


@dataclass(frozen=True, slots=True)
class Sought:
    text: str = ""
    account: int | None = None
    status: Showing | None = None


@dataclass(frozen=True, slots=True)
class ListedCampaign:
    """A campaign with its account, and how many ads stand in it."""

    campaign: AdCampaign
    account: AdAccount
    ad_sets: int
    ads: int
    refused: int


def listed(
    session: Session, tenant: TenantId, sought: Sought, *, cursor: int | None, limit: int
) -> tuple[list[ListedCampaign], int | None]:
    """A page of campaigns that are there, the newest first, and where the next begins."""
    query = (
        select(AdCampaign, AdAccount)
        .join(AdAccount, AdCampaign.ad_account_id == AdAccount.id)
        .where(AdCampaign.tenant_id == tenant, AdCampaign.gone_at.is_(None))
        .order_by(AdCampaign.id.desc())
        .limit(limit + 1)
    )
    if sought.text:
        like = AdCampaign.name.icontains(sought.text, autoescape=True)
        query = query.where(or_(like, AdCampaign.external_id == sought.text))
    if sought.account is not None:
        query = query.where(AdCampaign.ad_account_id == sought.account)
    if sought.status is not None:
        query = query.where(AdCampaign.status == sought.status)
    if cursor is not None:
        query = query.where(AdCampaign.id < cursor)
    rows = session.execute(query).tuples().all()
    shown = rows[:limit]
    counted = _counted(session, tenant, [campaign.id for campaign, _ in shown])
    found = [
        ListedCampaign(campaign, account, *counted.get(campaign.id, (0, 0, 0))) for campaign, account in shown
    ]
    return found, (shown[-1][0].id if len(rows) > limit else None)


def _counted(
    session: Session, tenant: TenantId, campaigns: Collection[int]
) -> dict[int, tuple[int, int, int]]:
    """Of each campaign its ad sets, its ads, and those of them that were refused."""
    rows = session.execute(
        select(
            AdSet.ad_campaign_id,
            func.count(AdSet.id.distinct()),
            func.count(Ad.id),
            func.count(Ad.id).filter(Ad.status == Showing.REFUSED),
        )
        .outerjoin(Ad, (Ad.tenant_id == AdSet.tenant_id) & (Ad.ad_set_id == AdSet.id) & Ad.gone_at.is_(None))
        .where(AdSet.tenant_id == tenant, AdSet.ad_campaign_id.in_(campaigns), AdSet.gone_at.is_(None))
        .group_by(AdSet.ad_campaign_id)
    ).tuples()
    return {number: (sets, ads, refused) for number, sets, ads, refused in rows}


def campaign(session: Session, tenant: TenantId, number: int) -> tuple[AdCampaign, AdAccount] | None:
    rows = session.execute(
        select(AdCampaign, AdAccount)
        .join(AdAccount, AdCampaign.ad_account_id == AdAccount.id)
        .where(AdCampaign.tenant_id == tenant, AdCampaign.id == number)
    ).tuples()
    return rows.one_or_none()


def inside(session: Session, of: AdCampaign, most: int) -> list[tuple[AdSet, list[Ad]]]:
    """The campaign's ad sets that are there with their ads, each in the order in which they came; so many ads at most."""
    sets = session.scalars(
        select(AdSet)
        .where(AdSet.tenant_id == of.tenant_id, AdSet.ad_campaign_id == of.id, AdSet.gone_at.is_(None))
        .order_by(AdSet.id)
        .limit(most)
    ).all()
    ads = session.scalars(
        select(Ad)
        .where(Ad.tenant_id == of.tenant_id, Ad.ad_set_id.in_([it.id for it in sets]), Ad.gone_at.is_(None))
        .order_by(Ad.id)
        .limit(most)
    ).all()
    return [(ad_set, [ad for ad in ads if ad.ad_set_id == ad_set.id]) for ad_set in sets]


def refused(session: Session, tenant: TenantId, limit: int) -> list[tuple[Ad, AdCampaign]]:
    """Ads that their platform does not show, the latest first, with their campaigns."""
    rows = session.execute(
        select(Ad, AdCampaign)
        .join(AdSet, (AdSet.tenant_id == Ad.tenant_id) & (AdSet.id == Ad.ad_set_id))
        .join(AdCampaign, (AdCampaign.tenant_id == AdSet.tenant_id) & (AdCampaign.id == AdSet.ad_campaign_id))
        .where(Ad.tenant_id == tenant, Ad.status == Showing.REFUSED, Ad.gone_at.is_(None))
        .order_by(Ad.id.desc())
        .limit(limit)
    )
    return list(rows.tuples())


def budgets(session: Session, of: AdCampaign, since: date) -> list[DailyBudget]:
    """What the campaign was allowed to spend on each day since, the oldest first."""
    return list(
        session.scalars(
            select(DailyBudget)
            .where(
                DailyBudget.tenant_id == of.tenant_id,
                DailyBudget.ad_account_id == of.ad_account_id,
                DailyBudget.of == BudgetOf.CAMPAIGN,
                DailyBudget.external_id == of.external_id,
                DailyBudget.day >= since,
            )
            .order_by(DailyBudget.day)
        )
    )
