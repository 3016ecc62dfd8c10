"""What stands in the ad accounts: kept as it was read, written only where it has changed, gone once it is not listed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from store import records
from store.audit import Actor, ActorKind
from store.records import accounts, ads, connections
from store.records.accounts import AdAccount
from store.records.ads import Ad, AdCampaign, AdSet, BudgetOf, DailyBudget, Inventory, Showing, Sought
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.ad_inventory import ad, ad_set, campaign

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=6)
OPERATOR = Actor(ActorKind.OPERATOR, "test")
STANDS = Inventory(
    [campaign("c1"), campaign("c2", daily_budget=None)],
    [ad_set("s1", "c1", audience={"countries": ["DE"]}), ad_set("s2", "c2", daily_budget=Decimal("12.50"))],
    [ad("a1", "s1"), ad("a2", "s1", status=Showing.REFUSED, why="Misleading"), ad("a3", "s2")],
)


@pytest.fixture
def account(house: Settings, tenant: TenantId) -> int:
    with records.session(house, Role.OWNER) as session:
        row = connections.connect(session, house, OPERATOR, tenant, "meta", "Meta", {"access_token": "x"})
        return accounts.read_from_now_on(session, OPERATOR, row, "4711", "Shop", currency="EUR").id


def keep(house: Settings, account: int, found: Inventory, at: datetime = NOON) -> ads.Kept:
    with records.session(house, Role.PIPELINES) as session:
        return ads.keep(session, session.get_one(AdAccount, account), found, at)


def versions(house: Settings, account: int) -> dict[str, str]:
    """Which transaction wrote each row last."""
    with records.session(house, Role.OWNER) as session:
        rows = session.execute(
            text("select external_id, xmin::text from ads where ad_account_id = :account"),
            {"account": account},
        )
        return dict(rows.tuples().all())


def test_what_stands_there_is_kept_with_what_it_stands_in(
    house: Settings, tenant: TenantId, account: int
) -> None:
    assert keep(house, account, STANDS) == ads.Kept(campaigns=2, ad_sets=2, ads=3, refused=1, homeless=0)
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        [second, first], following = ads.listed(session, tenant, Sought(), cursor=None, limit=10)
        assert (first.campaign.external_id, first.ad_sets, first.ads, first.refused) == ("c1", 1, 2, 1)
        assert (second.campaign.daily_budget, following) == (None, None)
        [(ad_set_, inside)] = ads.inside(session, first.campaign, 10)
        assert (ad_set_.audience, [it.external_id for it in inside]) == ({"countries": ["DE"]}, ["a1", "a2"])
        [(refused, of)] = ads.refused(session, tenant, 10)
        assert (refused.external_id, refused.why, of.external_id) == ("a2", "Misleading", "c1")
        assert first.account.listed_at == NOON


def test_what_is_as_it_was_is_not_written_again(house: Settings, account: int) -> None:
    keep(house, account, STANDS)
    before = versions(house, account)
    changed = [*STANDS.ads[:2], ad("a3", "s2", headline="New words")]
    keep(house, account, Inventory(STANDS.campaigns, STANDS.ad_sets, changed), LATER)
    after = versions(house, account)
    assert {it for it in after if after[it] != before[it]} == {"a3"}


def test_what_is_not_listed_any_more_is_gone_and_may_come_back(
    house: Settings, tenant: TenantId, account: int
) -> None:
    keep(house, account, STANDS)
    keep(house, account, Inventory(STANDS.campaigns[:1], STANDS.ad_sets[:1], STANDS.ads[:1]), LATER)
    with records.session(house, Role.OWNER) as session:
        gone = {
            row.external_id: row.gone_at
            for table in (AdCampaign, AdSet, Ad)
            for row in session.scalars(select(table).where(table.ad_account_id == account))
        }
    assert gone == {"c1": None, "s1": None, "a1": None} | dict.fromkeys(("c2", "s2", "a2", "a3"), LATER)
    keep(house, account, STANDS, LATER)
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        found, _ = ads.listed(session, tenant, Sought(), cursor=None, limit=10)
        assert [it.campaign.gone_at for it in found] == [None, None]


def test_what_stands_in_nothing_that_is_listed_is_counted_and_not_kept(house: Settings, account: int) -> None:
    lost = Inventory([campaign("c1")], [ad_set("s9", "elsewhere")], [ad("a9", "s9"), ad("a8", "s8")])
    assert keep(house, account, lost) == ads.Kept(campaigns=1, homeless=3)


def test_a_day_keeps_its_last_budget(house: Settings, tenant: TenantId, account: int) -> None:
    keep(house, account, STANDS)
    more = [campaign("c1", daily_budget=Decimal(55)), STANDS.campaigns[1]]
    keep(house, account, Inventory(more, STANDS.ad_sets, STANDS.ads), LATER)
    keep(house, account, STANDS, NOON + timedelta(days=1))
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        rows = session.scalars(select(DailyBudget).order_by(DailyBudget.of, DailyBudget.day)).all()
        assert [(it.of, it.external_id, it.day, it.amount) for it in rows] == [
            (BudgetOf.AD_SET, "s2", date(2026, 3, 2), Decimal("12.5")),
            (BudgetOf.AD_SET, "s2", date(2026, 3, 3), Decimal("12.5")),
            (BudgetOf.CAMPAIGN, "c1", date(2026, 3, 2), Decimal(55)),
            (BudgetOf.CAMPAIGN, "c1", date(2026, 3, 3), Decimal(40)),
        ]
        [(of_c1, _), *_] = [
            (it.campaign, it.account)
            for it in ads.listed(session, tenant, Sought(text="c1"), cursor=None, limit=10)[0]
        ]
        assert [it.amount for it in ads.budgets(session, of_c1, date(2026, 3, 3))] == [Decimal(40)]


def test_more_than_a_statement_holds_is_kept_whole(house: Settings, tenant: TenantId, account: int) -> None:
    many = [ad(f"a{number}", "s1") for number in range(1203)]
    kept = keep(house, account, Inventory(STANDS.campaigns, STANDS.ad_sets, many))
    assert (kept.ads, len(versions(house, account))) == (1203, 1203)


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        (Sought(), ["c3", "c2", "c1"]),
        (Sought(text="NAME OF C2"), ["c2"]),
        (Sought(text="c3"), ["c3"]),
        (Sought(text="100%"), []),
        (Sought(status=Showing.PAUSED), ["c3"]),
        (Sought(account=1), []),
    ],
)
def test_campaigns_are_found_by_name_number_account_and_how_they_stand(
    house: Settings, tenant: TenantId, account: int, sought: Sought, found: list[str]
) -> None:
    keep(
        house,
        account,
        Inventory([campaign("c1"), campaign("c2"), campaign("c3", status=Showing.PAUSED)], [], []),
    )
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        rows, _ = ads.listed(session, tenant, sought, cursor=None, limit=10)
        assert [it.campaign.external_id for it in rows] == found


def test_a_page_says_where_the_next_begins(house: Settings, tenant: TenantId, account: int) -> None:
    keep(house, account, Inventory([campaign(f"c{n}") for n in range(5)], [], []))
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        first, following = ads.listed(session, tenant, Sought(), cursor=None, limit=2)
        second, _ = ads.listed(session, tenant, Sought(), cursor=following, limit=2)
        assert [it.campaign.external_id for it in (*first, *second)] == ["c4", "c3", "c2", "c1"]
