"""The overview: numbers of 7, 30 or 90 days, each with the asset that made it, and what it shows before there are any."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from console.frame.lineage import Asset
from console.watching import figures
from console.watching.figures import Span
from store import events
from store.records.people import MemberRole
from store.settings import Settings
from tests.console.frame.test_browser import opened, sign_in_by_keyboard
from tests.console.frame.test_pages import CHANNEL_DAILY
from tests.console.queries import counted
from tests.console.visitors import Person, submitted
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
@pytest.mark.parametrize("span", list(Span))
def test_it_looks_back_over_as_many_days_as_are_asked_for(marketer: Person, span: Span) -> None:
    page = marketer.forms().get(f"/?days={span}").text
    assert f"The last {span} days" in page
    assert f"{span * 10:,}\u00a0EUR" in page
    assert f"unchanged on the {span} days before" in page
    for each in Span:
        current = re.search(rf'<a href="/\?days={each}"[^>]*aria-current="[a-z]+"', page)
        assert bool(current) is (each == span)
    chart = page[page.index("<figure") : page.index("</figure>")]
    assert len(re.findall(r"20\d\d-\d\d-\d\d", chart)) >= span


@pytest.mark.usefixtures("numbers")
def test_every_number_leads_to_the_asset_that_made_it(marketer: Person) -> None:
    page = marketer.forms().get("/").text
    values = re.findall(r'<p class="measure-value">(.*?)</p>', page, re.DOTALL)
    assert len(values) == 5
    assert all(f"/assets/{figures.MADE_BY}" in value for value in values)


@pytest.mark.parametrize("days", ["8", "0", "-7", "week", "1000000"])
def test_other_spans_are_not_there(marketer: Person, days: str) -> None:
    assert marketer.forms().get(f"/?days={days}").status_code == 404


def test_before_there_are_numbers_it_says_when_they_come(strangers: dict[MemberRole, Person]) -> None:
    page = strangers[MemberRole.VIEWER].forms().get("/?days=30").text
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
