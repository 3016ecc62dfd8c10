"""The page of cohorts: weeks down, weeks since across; what people are worth by channel beside what they cost."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from console.app import create_app
from console.frame.lineage import Asset
from console.watching import cohort_reading
from console.watching.cohort_reading import Shown
from marketing_pipelines.analytics.asking import Span
from marketing_pipelines.analytics.cohorts import Cohort, Cohorts, CohortWeek
from marketing_pipelines.analytics.lifetime import ChannelLifetime, Horizon, Lifetimes
from store import events
from store.records.people import MemberRole
from store.settings import Settings
from tests.analytics.marts import Marts, marts
from tests.console.conftest import served
from tests.console.visitors import Person, person
from tests.console.watching.test_funnel_pages import shown

WEEK = timedelta(weeks=1)
HORIZONS = (7, 30, 90, 180, 365)


def this_monday() -> date:
    today = datetime.now(UTC).date()
    return today - timedelta(days=today.weekday())


@pytest.fixture
def filled(clickhouse: events.Client) -> Iterator[Marts]:
    with marts(clickhouse) as made:
        yield made


@pytest.fixture
def cohorts_came(filled: Marts, marketer: Person) -> date:
    """A thousand people a week; a third is back in the next one, and this week goes on. Gives the oldest week."""
    newest = this_monday()
    for ago in range(10):
        week = newest - ago * WEEK
        for since in range(ago + 1):
            said = {"people": 1000 if since == 0 else 330 // since, "people_converting": 50, "revenue": 2500}
            filled.cohort_week(
                marketer.tenant, week, since, cohort_people=1000, is_complete=since < ago, **said
            )
        for channel, worth in (("email", 3), ("paid_search", 2)):
            for within in HORIZONS:
                revenue = 100 * worth * min(within, 30) // 7 + ago % 3
                filled.lifetime(
                    marketer.tenant, week, channel, within,
                    people=100, revenue=revenue, is_complete=week + timedelta(days=6 + within) <= newest,
                )  # fmt: skip
        filled.channel_day(marketer.tenant, week, "paid_search", spend=400)
    return newest - 9 * WEEK


def test_who_came_back_is_told_with_how_sure_that_is(cohorts_came: date, marketer: Person) -> None:
    page = marketer.forms().get("/cohorts").text
    text = shown(page)
    assert "33.0 % of people came back in the week after their first visit: 2,640 of 8,000." in text
    assert "Chance alone puts a share of so many people between 32.0 and 34.0 %" in text
    assert "no difference that chance would not explain" in text
    rows = re.findall(r"<tr>\s*<th scope=\"row\">(.*?)</tr>", page, re.DOTALL)
    oldest = shown(rows[0])
    assert oldest.startswith(f"{cohorts_came:%-d %b %Y} 1,000 33.0 % 16.5 %")
    assert oldest.endswith("so far")


@pytest.mark.usefixtures("cohorts_came")
def test_the_grid_can_be_of_conversions_and_of_revenue(marketer: Person) -> None:
    forms = marketer.forms()
    converted = forms.get("/cohorts?show=converted&weeks=26").text
    assert "5.0 % of people converted in the week of their first visit" in shown(converted)
    assert re.search(r'href="/cohorts\?show=converted&amp;weeks=26" aria-current', converted)
    revenue = forms.get("/cohorts?show=revenue").text
    assert "A person paid 2.50 EUR on average in the week of the first visit" in shown(revenue)


@pytest.mark.usefixtures("cohorts_came")
def test_what_people_are_worth_stands_beside_what_they_cost(marketer: Person) -> None:
    text = shown(marketer.forms().get("/cohorts").text)
    assert "7 days after the first visit, people whom email brought are worth most: 3.01 EUR each" in text
    assert "by more than chance would explain" in text
    assert (
        "Ads of paid search are paid for within 30 days" in text
        or "Ads of paid search are not paid for" in text
    )
    assert "Paid search 1,000 4 EUR" in text
    assert "365 days not over yet" in text
    assert "A channel that was first is not the reason why somebody paid" in text


@pytest.mark.usefixtures("cohorts_came")
def test_numbers_lead_to_their_assets_and_exports_to_their_forms(marketer: Person) -> None:
    forms = marketer.forms()
    page = forms.get("/cohorts?weeks=26").text
    for asset in (Asset.COHORTS, Asset.LTV, Asset.CHANNEL_DAILY):
        assert f"/assets/{asset}" in page
    said = [
        parse_qs(urlsplit(unescape(address)).query)
        for address in re.findall(r'href="(/exports\?[^"]+)"', page)
    ]
    assert [(it["report"], it.get("weeks")) for it in said] == [(["cohorts"], ["26"]), (["ltv"], None)]
    for address in re.findall(r'href="(/exports\?[^"]+)"', page):
        assert forms.get(unescape(address)).status_code == 200


@pytest.mark.usefixtures("cohorts_came")
def test_a_viewer_is_offered_no_export(viewer: Person) -> None:
    page = viewer.forms().get("/cohorts").text
    assert "came back in the week after" in page
    assert "/exports" not in page


@pytest.mark.parametrize("asked", ["weeks=13", "weeks=0", "weeks=all", "show=mood"])
def test_other_views_are_not_there(marketer: Person, asked: str) -> None:
    assert marketer.forms().get(f"/cohorts?{asked}").status_code in (404, 422)


@pytest.mark.usefixtures("filled")
def test_before_anybody_came_it_says_where_to_begin(marketer: Person) -> None:
    page = marketer.forms().get("/cohorts").text
    assert "No cohorts yet" in page
    assert 'href="/pixel"' in page


def test_before_the_first_build_that_is_what_is_said(clickhouse: events.Client, marketer: Person) -> None:
    answer = marketer.forms().get("/cohorts")
    assert answer.status_code == 200
    assert "has not been built yet" in answer.text


def test_while_the_warehouse_is_away_that_is_said(house: Settings, site: str, marketer: Person) -> None:
    nobody = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9")})
    with served(create_app(nobody)) as beside:
        answer = person(house, beside, marketer.tenant, MemberRole.VIEWER).forms().get("/cohorts")
    assert answer.status_code == 200
    assert answer.text.count("cannot be reached right now") == 1


@pytest.mark.usefixtures("cohorts_came")
def test_another_tenants_people_are_nobody_elses(strangers: dict[MemberRole, Person]) -> None:
    page = strangers[MemberRole.ADMIN].forms().get("/cohorts").text
    assert "No cohorts yet" in page
    assert "No values yet" in page


@pytest.mark.usefixtures("cohorts_came")
def test_the_api_says_the_same(marketer: Person) -> None:
    with marketer.api() as api:
        told = api.get("/analytics/cohorts", params={"weeks": 3}).raise_for_status().json()
        newest = told["cohorts"][-1]
        assert (newest["week"], newest["people"], len(told["cohorts"])) == (str(this_monday()), 1000, 10)
        assert told["cohorts"][0]["weeks"][1] == {
            "weeks_since": 1, "people": 330, "people_converting": 50, "conversions": 0, "revenue": 2500.0, "is_complete": True,
        }  # fmt: skip
        assert (told["currency"], told["freshness"]["made_by"]) == ("EUR", "marts/cohorts")
        values = api.get("/analytics/ltv").raise_for_status().json()
        email, paid = values["channels"]
        assert [it["within_days"] for it in paid["horizons"]] == list(HORIZONS)
        assert (email["horizons"][0]["to_cost"], paid["horizons"][0]["cost_per_person"]) == (None, 4.0)
        assert (paid["horizons"][-1]["is_complete"], paid["horizons"][-1]["per_person"]) == (False, None)
        assert values["freshness"]["made_by"] == "marts/ltv"
        again = api.get("/analytics/ltv")
        known = {"If-None-Match": again.headers["etag"]}
        assert api.get("/analytics/ltv", headers=known).status_code == 304
        assert api.get("/analytics/cohorts", params={"weeks": 0}).status_code == 422


def test_over_the_api_nothing_is_told_before_the_first_build(
    clickhouse: events.Client, marketer: Person
) -> None:
    with marketer.api() as api:
        for path, name in (("cohorts", "cohorts"), ("ltv", "channels")):
            told = api.get(f"/analytics/{path}").raise_for_status().json()
            assert told[name] == []
            assert "has not been built yet" in told["told"]


def cohort(week: int, people: int, *came: int, going_on: bool = False) -> Cohort:
    last = len(came) - 1
    weeks = [CohortWeek(n, it, 0, 0, 0.0, not (going_on and n == last)) for n, it in enumerate(came)]
    return Cohort(date(2026, 1, 5) + week * WEEK, people, weeks)


def found(*cohorts: Cohort) -> Cohorts:
    return Cohorts(Span(date(2026, 1, 5), date(2026, 3, 1)), "EUR", cohorts)


def test_what_goes_on_is_shown_and_not_added_up() -> None:
    grid = cohort_reading.grid(
        found(cohort(0, 100, 100, 50, 20), cohort(1, 300, 300, 30, going_on=True)), Shown.CAME_BACK
    )
    assert grid.columns == [1, 2]
    assert grid.together == [0.5, 0.2]
    assert [[cell.level for cell in row.cells] for row in grid.rows] == [[6, 3], [2]]
    assert not grid.rows[1].cells[0].is_complete


def test_more_given_back_than_paid_has_no_shade() -> None:
    week = CohortWeek(0, 5, 0, 0, -40.0, True)
    grid = cohort_reading.grid(found(Cohort(date(2026, 1, 5), 5, [week])), Shown.REVENUE)
    assert [(cell.level, cell.value) for cell in grid.rows[0].cells] == [(0, -8.0)]


def test_the_newest_cohort_is_held_against_those_before_it() -> None:
    lately = cohort_reading.lately(
        found(
            cohort(0, 900, 900, 300), cohort(1, 900, 900, 300), cohort(2, 900, 900, 90), cohort(3, 900, 900)
        ),
        Shown.CAME_BACK,
    )
    assert lately
    assert (lately.newest.rate, lately.before.rate, lately.differs) == (0.1, pytest.approx(1 / 3), True)
    assert cohort_reading.lately(found(cohort(0, 9, 9, 3)), Shown.CAME_BACK) is None


def horizon(within: int, value: float, *, margin: float | None = 1.0, spend: float = 0.0) -> Horizon:
    return Horizon(within, 100, 1, 100 * value, 9, 9, spend, 100, 100 * value, margin)


def lifetimes(**channels: list[Horizon]) -> Lifetimes:
    known = [ChannelLifetime(name, 100, horizons) for name, horizons in channels.items()]
    return Lifetimes(Span(date(2026, 1, 5), date(2026, 3, 1)), "EUR", known)


def test_whose_people_are_worth_most_is_said_at_the_longest_time_that_is_known() -> None:
    worth = cohort_reading.worth_most(
        lifetimes(a=[horizon(7, 9), horizon(30, 10)], b=[horizon(7, 1), horizon(30, 14), horizon(90, 50)])
    )
    assert worth
    assert (worth.channel, worth.horizon.within_days, worth.is_sure) == ("b", 30, True)
    close = cohort_reading.worth_most(lifetimes(a=[horizon(7, 9)], b=[horizon(7, 8)]))
    assert close
    assert not close.is_sure
    assert cohort_reading.worth_most(lifetimes(a=[horizon(7, 9, margin=None)], b=[horizon(7, 8)])) is None


def test_ads_are_paid_for_from_the_first_time_on_at_which_they_are() -> None:
    back, not_back = cohort_reading.returns(
        lifetimes(
            a=[horizon(7, 1, spend=200), horizon(30, 3, spend=200), horizon(90, 9, spend=200)],
            b=[horizon(7, 0.1, spend=100), horizon(30, 0.2, spend=100)],
            c=[horizon(7, 9)],
        )
    )
    assert (back.channel, back.is_back, back.horizon.within_days) == ("a", True, 30)
    assert (not_back.channel, not_back.is_back, not_back.horizon.within_days) == ("b", False, 30)
