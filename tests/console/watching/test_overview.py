"""The overview: numbers of 7, 28 or 90 days, each with the asset that made it, and what it shows before there are any."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect
from pydantic import SecretStr

from console.app import create_app
from console.frame.lineage import Asset
from console.watching.figures import Beside, Figures, LookBack, shown
from marketing_pipelines.analytics.asking import Span
from marketing_pipelines.analytics.channels import Channel, Channels, Lifetime
from marketing_pipelines.analytics.freshness import Freshness
from marketing_pipelines.analytics.measures import Sums
from store import events
from store.records.people import MemberRole
from store.settings import Settings
from tests.console.conftest import served
from tests.console.frame.test_browser import opened, sign_in_by_keyboard
from tests.console.frame.test_pages import CHANNEL_DAILY
from tests.console.queries import counted
from tests.console.visitors import Person, person, submitted
from tests.defs.test_definitions import SNAPSHOT

COLUMNS = [
    "tenant_id", "date_day", "channel", "currency", "visits", "human_visits", "bot_visits", "impressions", "clicks",
    "spend", "conversions", "conversions_value",
]  # fmt: skip


@pytest.fixture
def numbers(settings: Settings, clickhouse: events.Client, marketer: Person) -> None:
    """A hundred days, each with a spend of 10."""
    clickhouse.command(CHANNEL_DAILY)
    today = datetime.now(UTC).date()
    rows = [
        [marketer.tenant, today - timedelta(days=ago), "email", "EUR", 5, 4, 1, 9, 2, 10, 1.0, 30]
        for ago in range(200)
    ]
    clickhouse.insert("marts.channel_daily", rows, column_names=COLUMNS)


def test_every_asset_that_the_console_names_is_one_of_dagsters() -> None:
    """The snapshot is the project's own graph: tests/defs holds the one against the other."""
    assert {asset.value for asset in Asset} <= set(json.loads(SNAPSHOT.read_text())["assets"])


@pytest.mark.usefixtures("numbers")
@pytest.mark.parametrize("span", list(LookBack))
def test_it_looks_back_over_as_many_days_as_are_asked_for(marketer: Person, span: LookBack) -> None:
    page = marketer.forms().get(f"/?days={span}").text
    assert f"The last {span} days" in page
    assert f"{span * 10:,}\u00a0EUR" in page
    assert f'<strong>unchanged</strong><span class="unseen"> on the {span} days before</span>' in page
    for each in LookBack:
        current = re.search(rf'<a href="/\?days={each}"[^>]*aria-current="[a-z]+"', page)
        assert bool(current) is (each == span)
    chart = page[page.index("<figure") : page.index("</figure>")]
    assert len(re.findall(r"20\d\d-\d\d-\d\d", chart)) >= span


@pytest.mark.usefixtures("numbers")
def test_every_number_leads_to_the_asset_that_made_it(marketer: Person) -> None:
    page = marketer.forms().get("/").text
    values = re.findall(r'<p class="measure-value">(.*?)</p>', page, re.DOTALL)
    assert len(values) == 9
    *sums, lifetime = values
    assert all(f"/assets/{Asset.CHANNEL_DAILY}" in value for value in sums)
    assert f"/assets/{Asset.LTV}" in lifetime


FIRST, LAST = date(2026, 3, 8), date(2026, 3, 14)


def a_week(
    *named: Channel, days: dict[date, Sums] | None = None, fresh: dict[Asset, date] | None = None
) -> Figures:
    found = Channels(Span(FIRST, LAST), "EUR", named, days or {LAST: Sums()}, Span(FIRST, LAST))
    return shown(found, [Freshness(asset, day) for asset, day in (fresh or {}).items()])


def test_a_week_is_summed_beside_the_week_before() -> None:
    search = Channel(
        "paid_search",
        now=Sums(spend=100, impressions=400, clicks=30, visits=24, conversions=3, revenue=300),
        before=Sums(spend=50, clicks=10, visits=8, conversions=1, revenue=100),
        lifetime_now=Lifetime(people=4, revenue=100),
        lifetime_before=Lifetime(people=2, revenue=40),
        visits_of_programs=2,
    )
    email = Channel("email", now=Sums(visits=6), before=Sums(), visits_of_programs=4)
    week = a_week(search, email, days={FIRST: Sums(spend=60), LAST: Sums(spend=40)})
    told = {it.number.kind.name: it for it in week.measures}
    assert {name: (it.number.value, it.number.before) for name, it in told.items()} == {
        "Spend": (100, 50),
        "Visits by people": (30, 8),
        "Conversions": (3, 1),
        "Revenue": (300, 100),
        "CTR": (30 / 400, None),
        "CVR": (3 / 30, 1 / 8),
        "CPA": (100 / 3, 50),
        "ROAS": (3, 2),
        "LTV": (25, 20),
    }
    assert (told["Spend"].number.change, told["CTR"].number.change) == (1, None)
    assert list(told["Spend"].course) == [1, 0, 0, 0, 0, 0, pytest.approx(40 / 60)]
    assert told["Visits by people"].beside == Beside(36, 6)
    of_email = {it.kind.name: it.value for it in week.lines[1].numbers}
    assert (week.lines[1].share, of_email["ROAS"], of_email["LTV"]) == (0, None, None)


def test_a_number_is_as_new_as_the_oldest_thing_in_it() -> None:
    ads, credit = LAST - timedelta(days=2), LAST - timedelta(days=1)
    week = a_week(fresh={Asset.AD_PERFORMANCE: ads, Asset.CHANNEL_ROAS: credit, Asset.TOUCHPOINTS: LAST})
    newest = {it.number.kind.name: it.newest_day for it in week.measures}
    assert newest == {
        "Spend": ads,
        "CTR": ads,
        "Visits by people": LAST,
        "Conversions": credit,
        "Revenue": credit,
        "CVR": credit,
        "CPA": ads,
        "ROAS": ads,
        "LTV": None,
    }


@pytest.mark.usefixtures("numbers")
def test_the_goal_and_the_model_behind_the_numbers_are_named(marketer: Person) -> None:
    with marketer.api() as api:
        api.put("/measurement", json={"headline_model": "time_decay"}).raise_for_status()
        [goal] = [it["name"] for it in api.get("/goals").json()["items"] if it["is_headline"]]
    page = marketer.forms().get("/").text
    assert f'<a href="/goals">{goal}</a>' in page
    assert '<a href="/measurement">time decay</a>' in page
    assert "today counts as far as it has come" in page


def test_while_the_warehouse_is_away_the_overview_says_so(house: Settings, marketer: Person) -> None:
    nobody = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9")})
    with served(create_app(nobody)) as beside:
        page = person(house, beside, marketer.tenant, MemberRole.VIEWER).forms().get("/")
    assert page.status_code == 200
    assert "The warehouse does not answer" in page.text


@pytest.mark.parametrize("days", ["30", "8", "0", "-7", "week", "1000000"])
def test_other_spans_are_not_there(marketer: Person, days: str) -> None:
    assert marketer.forms().get(f"/?days={days}").status_code == 404


def test_before_there_are_numbers_it_says_when_they_come(strangers: dict[MemberRole, Person]) -> None:
    page = strangers[MemberRole.VIEWER].forms().get("/?days=28").text
    assert "No numbers yet" in page
    assert "<figure" not in page


def test_more_actions_take_no_more_statements(house: Settings, marketer: Person) -> None:
    forms = marketer.forms()
    submitted(marketer)
    forms.get("/")
    with counted(house) as few:
        forms.get("/")
    for _ in range(6):
        submitted(marketer)
    with counted(house) as many:
        forms.get("/")
    assert len(many) == len(few)


@pytest.mark.browser
@pytest.mark.usefixtures("numbers")
def test_a_chart_is_drawn_out_of_its_table(browser: Browser, site: str, marketer: Person) -> None:
    with opened(browser, site) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        sign_in_by_keyboard(page, marketer, "/")
        page.get_by_role("figure", name="By day").scroll_into_view_if_needed()
        expect(page.locator("figure.chart canvas")).to_have_count(3)
        page.get_by_text("As a table").click()
        expect(page.get_by_role("columnheader", name="Conversions").first).to_be_visible()
        assert not [line for line in said if "Content Security Policy" in line]
