"""The pages of ads: what stands in the accounts beside what it cost, what was refused, and the way to a change."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from console.app import create_app
from store import events, records
from store.audit import Actor, ActorKind
from store.records import accounts, ads, connections
from store.records.ads import AdCampaign, Inventory, Showing
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.ad_inventory import ad, ad_set, campaign
from tests.console.conftest import served
from tests.console.visitors import Person, person
from tests.console.watching.test_funnel_pages import shown

NOW = datetime.now(UTC)
SPRING = campaign("c1", name="Spring", objective="OUTCOME_TRAFFIC", daily_budget=Decimal("40.50"))
AUDIENCE = {"countries": ["DE", "AT"], "youngest": 25, "lists": ["Buyers"], "without": ["Staff"]}
STANDS = Inventory(
    [SPRING, campaign("c2", name="<b>Autumn</b>", status=Showing.PAUSED, daily_budget=None)],
    [ad_set("s1", "c1", name="Germany", audience=AUDIENCE, placements=["facebook feed"]), ad_set("s2", "c1")],
    [
        ad("a1", "s1", headline="Harbour coat", text="Warm.", leads_to="https://shop.example/coats"),
        ad("a2", "s2", name="Second", status=Showing.REFUSED, said="DISAPPROVED", why="Misleading claim"),
        ad("a3", "s2", leads_to="javascript:alert(1)", why="<script>alert(2)</script>"),
    ],
)


@pytest.fixture
def spring(house: Settings, clickhouse: events.Client, marketer: Person) -> Iterator[int]:
    """Two campaigns at Meta, of which one has cost 30 euros yesterday and 10 the day before; gives its number."""
    operator = Actor(ActorKind.OPERATOR, "test")
    with records.session(house, Role.OWNER) as session:
        row = connections.connect(
            session, house, operator, marketer.tenant, "meta", "Meta", {"access_token": "x"}
        )
        account = accounts.read_from_now_on(session, operator, row, "act_4711", "Shop", currency="EUR")
        ads.keep(session, account, STANDS, NOW - timedelta(days=1))
        ads.keep(session, account, STANDS, NOW)
        number = session.query(AdCampaign.id).filter_by(ad_account_id=account.id, external_id="c1").scalar()
    rows = [
        [marketer.tenant, "facebook_ads", "4711", level, day, "c1", ad_set_id, ad_id, "EUR", micros, clicks]
        for level, ad_set_id, ad_id, day, micros, clicks in (
            ("campaign", "", "", NOW.date() - timedelta(days=1), 30_000_000, 9),
            ("campaign", "", "", NOW.date() - timedelta(days=2), 10_000_000, 3),
            ("ad", "s1", "a1", NOW.date() - timedelta(days=1), 30_000_000, 9),
            ("ad", "s2", "a2", NOW.date() - timedelta(days=2), 10_000_000, 3),
            ("campaign", "", "", NOW.date() - timedelta(days=40), 999_000_000, 99),
        )
    ]
    columns = [
        "tenant_id", "platform", "account_id", "level", "date_day", "campaign_id", "ad_group_id", "ad_id", "currency",
        "spend_micros", "clicks",
    ]  # fmt: skip
    clickhouse.insert("raw.insights", rows, column_names=columns)
    yield number
    clickhouse.command(
        "delete from raw.insights where tenant_id = {tenant:Int64}",
        parameters={"tenant": marketer.tenant},
        settings={"lightweight_delete_mode": "lightweight_update_force"},
    )


def test_campaigns_stand_beside_what_they_cost_and_refusals_come_first(marketer: Person, spring: int) -> None:
    page = marketer.forms().get("/ads").text
    told = shown(page)
    assert f'<a href="/ads/{spring}">Spring</a>' in page
    assert "Running 40.50 EUR 30 EUR 40 EUR 12" in told
    assert "Second in Spring: Misleading claim" in told
    assert "<b>Autumn</b>" not in page


@pytest.mark.usefixtures("spring")
def test_a_filter_leaves_out_what_does_not_fit(marketer: Person) -> None:
    told = shown(marketer.forms().get("/ads?status=paused").text)
    assert "Autumn" in told
    assert "Misleading" not in told
    assert "None like this" in marketer.forms().get("/ads?text=nothing+is+like+this").text


def test_a_campaign_shows_whom_it_is_for_how_its_spend_is_split_and_why_an_ad_does_not_run(
    marketer: Person, spring: int
) -> None:
    page = marketer.forms().get(f"/ads/{spring}").text
    told = shown(page)
    for said in (
        "Countries DE, AT", "Age 25–…", "Lists Buyers", "Not shown to Staff", "Placements facebook feed",
        "Of the campaign's spend 75.0 %", "Of the campaign's spend 25.0 %", "Harbour coat", "Refused Disapproved Misleading claim",
    ):  # fmt: skip
        assert said in told, said
    assert 'href="https://shop.example/coats" rel="noopener noreferrer external"' in page
    assert 'href="javascript:' not in page
    assert "<script>alert(2)" not in page


def test_a_change_is_drafted_with_all_that_is_known(marketer: Person, spring: int) -> None:
    forms = marketer.forms()
    page = forms.get(f"/ads/{spring}").text
    [address] = [it.partition('"')[0] for it in page.split('href="') if "payload.change=budget" in it]
    address = address.replace("&amp;", "&")
    said = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert said == {
        "payload.platform": "meta", "payload.account": "act_4711", "payload.change": "budget", "payload.campaign": "c1",
        "payload.daily_budget": "40.5",
    }  # fmt: skip
    form = forms.get(address).text
    assert 'value="40.5"' in form
    assert 'value="c1"' in form


def test_what_is_that_way_already_is_not_offered(marketer: Person, spring: int) -> None:
    page = marketer.forms().get(f"/ads/{spring}").text
    assert "payload.change=pause" in page
    assert "payload.change=run" not in page


def test_who_may_only_look_is_offered_no_change(viewer: Person, spring: int) -> None:
    assert "payload.change" not in viewer.forms().get(f"/ads/{spring}").text


def test_what_another_tenant_has_is_not_there(strangers: dict[MemberRole, Person], spring: int) -> None:
    stranger = strangers[MemberRole.ADMIN]
    assert stranger.forms().get(f"/ads/{spring}").status_code == 404
    assert "No ads yet" in stranger.forms().get("/ads").text
    with stranger.api() as api:
        assert api.get(f"/ads/{spring}").status_code == 404


def test_while_the_warehouse_is_away_what_stands_there_is_told(
    house: Settings, marketer: Person, spring: int
) -> None:
    away = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9")})
    with served(create_app(away)) as beside:
        visitor = person(house, beside, marketer.tenant, MemberRole.VIEWER)
        for path in ("/ads", f"/ads/{spring}"):
            answer = visitor.forms().get(path)
            assert answer.status_code == 200
            assert "The figures cannot be read right now" in answer.text


def test_the_api_tells_the_same(marketer: Person, spring: int) -> None:
    with marketer.api() as api:
        autumn, listed = api.get("/ads").raise_for_status().json()["items"]
        assert (listed["id"], listed["daily_budget"], listed["brought"]["spend"], listed["refused"]) == (
            spring, "40.5", 40.0, 1,
        )  # fmt: skip
        assert (autumn["daily_budget"], autumn["brought"]["spend"], autumn["status"]) == (None, 0.0, "paused")
        told = api.get(f"/ads/{spring}").raise_for_status().json()
        assert [it["share"] for it in told["ad_sets"]] == [0.75, 0.25]
        assert told["ad_sets"][0]["audience"] == AUDIENCE
        assert [it["amount"] for it in told["daily_budgets"]] == ["40.5", "40.5"]
        assert told["ad_sets"][0]["ads"][0]["brought"]["yesterday"] == 30.0
        assert api.get("/ads", params={"status": "gone"}).status_code == 422
