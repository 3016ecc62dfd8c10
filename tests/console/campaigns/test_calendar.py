"""The calendar: its days, what stands in them, and that it stays bounded."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, expect

from console.campaigns import calendar_book
from console.frame import days
from console.frame.days import EARLIEST, LATEST, View
from store.records.campaigns import Campaign
from store.records.people import MemberRole
from store.settings import Settings
from tests.console.actions.test_actions_list import asked
from tests.console.campaigns.test_campaigns import in_zone
from tests.console.frame.test_browser import opened, press_tab_to, sign_in_by_keyboard
from tests.console.visitors import Person, mail
from tests.console.writing import many

ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/Sao_Paulo",  # clocks skipped midnight
        "Asia/Beirut",  # and still do
        "Africa/Cairo",
        "Australia/Lord_Howe",  # by half an hour
        "Pacific/Apia",  # a day is missing
        "Asia/Kathmandu",
    ]
).map(ZoneInfo)
MOMENTS = st.integers(10**8, 7 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
DATES = st.dates(EARLIEST + timedelta(days=40), LATEST - timedelta(days=40))


@given(DATES, st.sampled_from(View), ZONES)
def test_a_span_is_whole_weeks_from_a_monday_on_without_gap_or_overlap(
    chosen: date, view: View, zone: ZoneInfo
) -> None:
    span = days.span(view, chosen, zone)
    assert span.days[0].date.weekday() == 0
    assert len(span.days) == 7 if view is View.WEEK else len(span.days) in {28, 35, 42}
    assert chosen in [day.date for day in span.days]
    for day, following in zip(span.days, span.days[1:], strict=False):
        assert following.date == day.date + timedelta(days=1)
        assert following.begins == day.ends
        assert day.begins <= day.ends
    if view is View.MONTH:
        of_month = [day.date for day in span.days if span.belongs(day)]
        assert of_month[0].day == 1
        assert (of_month[-1] + timedelta(days=1)).day == 1


@given(DATES, st.sampled_from(View), ZONES)
def test_turning_goes_to_the_neighbour_and_back(chosen: date, view: View, zone: ZoneInfo) -> None:
    span = days.span(view, chosen, zone)
    assert span.before
    assert span.after
    assert span.before < chosen < span.after or view is View.WEEK
    back = days.span(view, span.before, zone).after
    assert back
    assert days.span(view, back, zone).days == span.days
    forth = days.span(view, span.after, zone).before
    assert forth
    assert days.span(view, forth, zone).days == span.days


@given(MOMENTS, ZONES)
def test_a_moment_is_in_the_day_that_its_clock_shows(moment: datetime, zone: ZoneInfo) -> None:
    """But for what an hour after midnight repeats of the day before, which no zone here does."""
    day = days.day(moment.astimezone(zone).date(), zone)
    assert day.begins <= moment < day.ends


@given(
    st.lists(
        st.tuples(st.none() | st.integers(-20, 50), st.none() | st.integers(0, 30)).filter(any), max_size=12
    ),
    st.sampled_from(View),
)
def test_no_two_campaigns_share_a_lane_on_a_day(
    said: list[tuple[int | None, int | None]], view: View
) -> None:
    """Each is said as the day on which it starts and how many days later it ends, in hours that are not whole days."""
    span = days.span(view, date(2026, 3, 15), ZoneInfo("Europe/Berlin"))
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    campaigns = []
    for start, length in said:
        begins = None if start is None else noon + timedelta(days=start)
        ends = None if length is None else (begins or noon) + timedelta(days=length, hours=5)
        campaigns.append(Campaign(start_date=begins, end_date=ends))
    ordered = sorted(campaigns, key=lambda it: it.start_date or noon + timedelta(days=999))
    shown = [it for it in ordered if any(calendar_book.runs(it, day) for day in span.days)]
    placed = calendar_book.lanes(shown, span)
    assert [it for _, it in placed] == shown
    for day in span.days:
        taken = [lane for lane, it in placed if calendar_book.runs(it, day)]
        assert len(taken) == len(set(taken))


def test_days_on_which_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert days.day(date(2026, 3, 29), berlin).hours == 23
    assert days.day(date(2026, 10, 25), berlin).hours == 25
    assert days.span(View.WEEK, EARLIEST, berlin).before is None
    assert days.span(View.MONTH, LATEST, berlin).after is None


def test_actions_stand_on_the_tenants_day_and_the_odd_day_says_so(house: Settings, marketer: Person) -> None:
    in_zone(house, marketer.tenant, "Europe/Berlin")
    with marketer.api() as api:
        for due, subject in (
            ("2031-10-25T21:59:00+00:00", "On Saturday"),
            ("2031-10-25T22:00:00+00:00", "First of Sunday"),
            ("2031-10-26T22:59:59+00:00", "Last of Sunday"),
            ("2031-10-26T23:00:00+00:00", "On Monday"),
        ):
            api.post("/actions", json=mail(subject=subject) | {"due_at": due}).raise_for_status()
    forms = marketer.forms()
    page = forms.get("/calendar?view=week&from=2031-10-26").text
    sunday = page.split('datetime="2031-10-26"')[1]
    assert "First of Sunday" in sunday
    assert "Last of Sunday" in sunday
    assert "On Saturday" not in sunday
    assert "25 hours: clocks go back" in sunday
    assert "On Monday" not in page
    listed = forms.get("/actions?due=2031-10-26").text
    assert "First of Sunday" in listed
    assert "Last of Sunday" in listed
    assert "On Monday" not in listed
    assert "On Saturday" not in listed


def test_today_is_marked_and_neighbours_are_linked(marketer: Person) -> None:
    forms = marketer.forms()
    page = forms.get("/calendar").text
    assert page.count('class="day-note">Today') == 1
    month = forms.get("/calendar?view=month&from=2031-03-31").text
    assert "March 2031" in month
    assert "/calendar?view=month&amp;from=2031-02-28" in month
    assert "/calendar?view=month&amp;from=2031-04-01" in month
    assert "/calendar?view=week&amp;from=2031-03-31" in month
    week = forms.get("/calendar?view=week&from=2031-03-31").text
    assert "31 March – 6 April 2031" in week
    assert "30 December 2030 – 5 January 2031" in forms.get("/calendar?view=week&from=2031-01-01").text
    assert "/calendar?view=week&amp;from=2031-04-07" in week


def test_an_empty_week_says_what_comes_after_it(marketer: Person) -> None:
    forms = marketer.forms()
    assert "Nothing is planned after it either" in forms.get("/calendar?view=week").text
    with marketer.api() as api:
        late = mail(subject="Much later") | {"due_at": "2031-05-05T10:00:00+00:00"}
        api.post("/actions", json=late).raise_for_status()
    page = forms.get("/calendar?view=week&from=2031-04-01").text
    assert "Nothing goes out in this week" in page
    assert "Much later" in page


def test_campaigns_run_from_start_to_end_and_filter_the_rest(marketer: Person) -> None:
    forms = marketer.forms()
    with marketer.api() as api:
        said = {"start_date": "2031-03-05T09:00:00", "end_date": "2031-03-12T18:00:00"}
        spring = api.post("/campaigns", json={"name": "Spring"} | said).json()["id"]
        other = api.post("/campaigns", json={"name": "Other"} | said).json()["id"]
        api.post("/campaigns", json={"name": "Undated"}).raise_for_status()
        due = {"due_at": "2031-03-06T10:00:00+00:00"}
        api.post("/actions", json=mail(subject="Of spring") | due | {"campaign_id": spring})
        api.post("/actions", json=mail(subject="Of nobody") | due)
    page = forms.get("/calendar?view=month&from=2031-03-01").text
    assert page.count(f'href="/campaigns/{spring}"') == 8, "from Wednesday to Wednesday"
    assert page.count('class="lane starts') == 2
    assert "Undated" not in page.split("<table")[1]
    only = forms.get(f"/calendar?view=month&from=2031-03-01&campaign={spring}").text
    assert "Of spring" in only
    assert "Of nobody" not in only
    assert f'href="/campaigns/{other}"' not in only
    assert f"campaign={spring}" in only.split('rel="next"')[1][:120]


def test_a_full_month_stays_small_and_leads_to_the_rest(house: Settings, marketer: Person) -> None:
    forms = marketer.forms()
    path = "/calendar?view=month&from=2031-05-01"
    many(house, marketer, 5, due_at=datetime(2031, 5, 5, 9, tzinfo=UTC))
    few = asked(house, forms, path)
    many(house, marketer, 4_995, due_at=datetime(2031, 5, 5, 10, tzinfo=UTC))
    assert asked(house, forms, path) == few
    page = forms.get(path)
    assert "+ 4,997 more" in page.text
    assert page.text.count('class="due ') == 3
    assert "/actions?due=2031-05-05" in page.text
    listed = forms.get("/actions?due=2031-05-05").text
    assert 'All <span class="tally">5,000</span>' in listed


def test_more_campaigns_than_can_be_told_apart_are_counted(marketer: Person) -> None:
    with marketer.api() as api:
        for number in range(7):
            said = {"start_date": "2031-03-03T00:00:00", "end_date": "2031-03-04T00:00:00"}
            api.post("/campaigns", json={"name": f"C{number}"} | said).raise_for_status()
    page = marketer.forms().get("/calendar?view=week&from=2031-03-03").text
    assert "+ 3 campaigns" in page


@pytest.mark.parametrize(
    "query",
    [
        "view=year",
        "from=soon",
        "from=0001-01-01",
        "from=9999-12-31",
        "campaign=x",
        "campaign=0",
        "from=2031-02-30",
    ],
)
def test_what_is_no_calendar_is_nothing_here(marketer: Person, query: str) -> None:
    assert marketer.forms().get(f"/calendar?{query}").status_code == 404


@pytest.mark.parametrize("chosen", [EARLIEST, LATEST])
@pytest.mark.parametrize("view", list(View))
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_first_and_the_last_day_can_be_shown(
    house: Settings, marketer: Person, chosen: date, view: View, zone: str
) -> None:
    in_zone(house, marketer.tenant, zone)
    assert marketer.forms().get(f"/calendar?view={view}&from={chosen}").status_code == 200


def test_others_plans_are_not_in_it(marketer: Person, strangers: dict[MemberRole, Person]) -> None:
    with strangers[MemberRole.MARKETER].api() as api:
        said = {"name": "Their plan", "start_date": "2031-03-03T00:00:00"}
        campaign = api.post("/campaigns", json=said).json()["id"]
        due = {"due_at": "2031-03-06T10:00:00+00:00"}
        api.post("/actions", json=mail(subject="Their mail") | due).raise_for_status()
    forms = marketer.forms()
    for query in ("", f"&campaign={campaign}"):
        assert "Their" not in forms.get(f"/calendar?view=month&from=2031-03-01{query}").text


@pytest.mark.browser
def test_it_is_walked_by_keyboard_and_is_a_list_by_day_on_a_phone(browser: Browser, marketer: Person) -> None:
    with marketer.api() as api:
        due = {"due_at": "2031-03-06T10:00:00+00:00"}
        api.post("/actions", json=mail(subject="Winter sale") | due).raise_for_status()
    with opened(browser, marketer.site, viewport={"width": 1280, "height": 900}) as page:
        sign_in_by_keyboard(page, marketer, "/calendar?view=month&from=2031-02-10")
        press_tab_to(page, "›")
        page.keyboard.press("Enter")
        page.wait_for_url("**from=2031-03-01")
        expect(page.get_by_role("columnheader", name="Mon")).to_be_visible()
        page.set_viewport_size({"width": 360, "height": 740})
        expect(page.get_by_text("Thursday, 6 March")).to_be_visible()
        expect(page.get_by_text("Friday, 7 March")).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        expect(page.get_by_role("cell").first).to_be_attached()
        page.get_by_role("link", name="Winter sale").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Winter sale")
