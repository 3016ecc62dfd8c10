"""The page of funnels: steps that the reader chooses, the largest loss in words, and what it says while there is nothing."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from console.app import create_app
from console.frame.lineage import Asset
from console.watching import funnel_reading
from marketing_pipelines.analytics.funnels import Course, Funnel, FunnelAsked, Step
from store import events
from store.records.people import MemberRole
from store.settings import Settings
from tests.analytics.marts import Marts, marts
from tests.console.conftest import served
from tests.console.visitors import Person, person

STEPS = "steps=page_view&steps=lead&steps=purchase"


@pytest.fixture
def filled(clickhouse: events.Client) -> Iterator[Marts]:
    with marts(clickhouse) as made:
        yield made


@pytest.fixture
def events_came_in(filled: Marts, marketer: Person) -> datetime:
    """Ten days ago a hundred visited, half of them by mail; forty left an address, and ten of those bought."""
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(days=10)
    for event, after, among in (
        ("page_view", timedelta(), 100),
        ("lead", timedelta(hours=2), 40),
        ("purchase", timedelta(days=2), 10),
    ):
        for number in range(among):
            at, channel = began + number * timedelta(minutes=1) + after, "email" if number < 50 else "direct"
            filled.event(marketer.tenant, event, at, f"visitor {number}", channel=channel)
    return began


def shown(page: str) -> str:
    """What a reader sees of it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.usefixtures("events_came_in")
def test_without_a_choice_the_usual_steps_that_came_in_are_shown(marketer: Person) -> None:
    page = marketer.forms().get("/funnels").text
    assert re.findall(r'<option value="([^"]+)" selected>', page)[:3] == ["page_view", "lead", "purchase"]
    text = shown(page)
    assert "Most people are lost from page_view to lead : 60 of 100 did not go on within 7 days." in text
    assert "The narrowest passage is another: from lead to purchase only 25.0 % go on." in text
    assert "40.0 % go on 60 do not Largest loss half of those who do within 2 h" in text
    assert "10 people, 10.0 % of the first step" in text


@pytest.mark.usefixtures("events_came_in")
def test_steps_are_those_that_were_chosen_and_one_may_be_added(marketer: Person) -> None:
    page = marketer.forms().get("/funnels?steps=lead&steps=purchase&steps=&window_days=1").text
    assert page.count('name="steps"') == 3
    assert "Most people are lost from lead to purchase : 40 of 40 did not go on within 1 day." in shown(page)


@pytest.mark.usefixtures("events_came_in")
def test_segments_stand_beside_each_other_with_how_sure_that_is(marketer: Person) -> None:
    page = shown(marketer.forms().get(f"/funnels?{STEPS}&by=channel").text)
    assert "Who came by email goes the whole way more often than who came by direct: 20.0 %" in page
    assert "it does not say that the channel is the reason" in page
    assert re.search(r"Email 50 40 10 20\.0 % between 11\.2 and 33\.0 %", page)
    same = shown(marketer.forms().get("/funnels?steps=page_view&steps=page_view&by=device").text)
    assert "Between one device and another there is no difference here" in same


@pytest.mark.usefixtures("events_came_in")
def test_every_number_leads_to_its_asset_and_the_export_to_its_form(marketer: Person) -> None:
    forms = marketer.forms()
    page = forms.get(f"/funnels?{STEPS}&by=device&window_days=3").text
    people = re.findall(r'<p class="funnel-people">(.*?)</p>', page, re.DOTALL)
    assert len(people) == 3
    assert all(f"/assets/{Asset.PERSON_EVENTS}" in it for it in people)
    [address] = re.findall(r'href="(/exports\?[^"]+)"', page)
    said = parse_qs(urlsplit(unescape(address)).query)
    assert said["report"] == ["funnel"]
    assert (said["steps"], said["by"], said["window_days"]) == (
        ["page_view,lead,purchase"],
        ["device"],
        ["3"],
    )
    form = forms.get(unescape(address)).text
    assert 'value="page_view,lead,purchase"' in form


@pytest.mark.usefixtures("events_came_in")
def test_a_viewer_is_offered_no_export(viewer: Person) -> None:
    page = viewer.forms().get(f"/funnels?{STEPS}").text
    assert "Largest loss" in page
    assert "/exports" not in page


def test_who_still_has_time_is_said(events_came_in: datetime, marketer: Person) -> None:
    forms = marketer.forms()
    assert "still has time" in forms.get(f"/funnels?{STEPS}").text
    over = f"from={(events_came_in - timedelta(days=20)).date()}&to={(events_came_in + timedelta(days=1)).date()}"
    assert "still has time" not in forms.get(f"/funnels?{STEPS}&window_days=2&{over}").text


@pytest.mark.usefixtures("events_came_in")
@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("steps=lead", "Choose two at least"),
        (f"{STEPS}&window_days=0", "greater than or equal to 1"),
        (f"{STEPS}&from=2026-03-02&to=2026-03-01", "Must not lie before"),
        (f"{STEPS}&by=mood", "'channel', 'device' or 'country'"),
        (f"{STEPS}&from=soon", "date"),
    ],
)
def test_what_cannot_be_asked_stands_beside_its_field_with_what_was_typed(
    marketer: Person, asked: str, reason: str
) -> None:
    answer = marketer.forms().get(f"/funnels?{asked}")
    assert answer.status_code == 422
    assert reason in shown(answer.text)
    assert "aria-invalid" in answer.text
    assert '<option value="lead" selected>' in answer.text


@pytest.mark.usefixtures("events_came_in")
def test_a_hostile_step_is_text(marketer: Person) -> None:
    page = marketer.forms().get("/funnels?steps=%3Cscript%3Ex%27&steps=lead").text
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    assert "Nobody began" in page


def test_before_anything_came_in_it_says_where_to_begin(filled: Marts, marketer: Person) -> None:
    page = marketer.forms().get("/funnels").text
    assert "No events yet" in page
    assert 'href="/pixel"' in page


def test_before_the_first_build_that_is_what_is_said(clickhouse: events.Client, marketer: Person) -> None:
    answer = marketer.forms().get("/funnels")
    assert answer.status_code == 200
    assert "has not been built yet" in answer.text


def test_while_the_warehouse_is_away_that_is_said(house: Settings, site: str, marketer: Person) -> None:
    nobody = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9")})
    with served(create_app(nobody)) as beside:
        answer = person(house, beside, marketer.tenant, MemberRole.VIEWER).forms().get("/funnels")
    assert answer.status_code == 200
    assert "cannot be reached right now" in answer.text


@pytest.mark.usefixtures("events_came_in")
def test_another_tenants_events_are_nobody_elses(strangers: dict[MemberRole, Person]) -> None:
    page = strangers[MemberRole.ADMIN].forms().get(f"/funnels?{STEPS}").text
    assert "No events yet" in page


def course(of: str, *people: int) -> Course:
    return Course(of, [Step(f"s{n}", count, None, None, None) for n, count in enumerate(people)])


def test_the_largest_loss_is_the_one_of_most_people() -> None:
    loss = funnel_reading.largest_loss(course("", 1000, 600, 200, 2))
    narrow = funnel_reading.narrowest(course("", 1000, 600, 200, 2))
    assert loss
    assert narrow
    assert (loss.before, loss.after, loss.lost) == ("s0", "s1", 400)
    assert (narrow.before, narrow.after) == ("s2", "s3")
    assert funnel_reading.largest_loss(course("", 5, 5)) is None
    assert funnel_reading.narrowest(course("", 29, 1)) is None


def test_segments_are_told_apart_only_where_chance_is_not_enough() -> None:
    def among(*segments: Course) -> Funnel:
        return Funnel(FunnelAsked(), course("", 1, 1), segments)

    found = funnel_reading.apart(among(course("a", 100, 50), course("b", 100, 10), course("", 100, 0)))
    assert found
    assert (found.best, found.worst) == ("a", "b")
    assert funnel_reading.apart(among(course("a", 100, 12), course("b", 100, 10))) is None
    assert funnel_reading.apart(among(course("a", 10, 10), course("b", 10, 0))) is None


def test_the_most_frequent_events_are_the_steps_where_the_usual_ones_do_not_come() -> None:
    assert funnel_reading.usual_steps({"open": 9, "a,b": 8, "click": 4, "buy": 1, "x": 1}) == (
        "open",
        "click",
        "buy",
    )
    assert funnel_reading.usual_steps({"purchase": 9, "x": 3, "page_view": 1}) == ("page_view", "purchase")
    assert funnel_reading.usual_steps({}) == ()
