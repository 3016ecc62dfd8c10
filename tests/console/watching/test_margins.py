"""Where the next euro may go, on the attribution page and over the API."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from marketing_pipelines import attribution
from store import events
from store.records.people import MemberRole
from tests.analytics.marts import Marts, Way, marts
from tests.console.visitors import Person
from tests.days import today

DAY = timedelta(days=1)
CHANNELS = {
    # Conversions and spend before and now: search earned more with more, mail less, display the other way.
    "paid_search": ((100, 1_000), (400, 2_000)),
    "email": ((200, 1_000), (250, 2_000)),
    "display": ((200, 1_000), (150, 2_000)),
    "social": ((10, 1_000), (25, 2_000)),
    "affiliates": ((50, 500), (60, 510)),
    "video": ((5, 0), (60, 900)),
    "seo": ((70, 0), (80, 0)),
}


def before() -> date:
    return today() - 28 * DAY


def ways(now: int, *, worth: float = 100.0) -> list[Way]:
    """Each channel alone, so that all models say the same."""
    return [([name], known[now][0], known[now][0] * worth, 500) for name, known in CHANNELS.items()]


def spend(filled: Marts, person: Person) -> None:
    for name, known in CHANNELS.items():
        for day, (_, cost) in zip((before(), today()), known, strict=True):
            if cost:
                filled.channel_day(person.tenant, day, name, spend=cost)


@pytest.fixture
def filled(clickhouse: events.Client) -> Iterator[Marts]:
    with marts(clickhouse) as made:
        yield made


@pytest.fixture
def goal(marketer: Person) -> int:
    with marketer.api() as api:
        return next(it["id"] for it in api.get("/goals").json()["items"] if it["is_headline"])


@pytest.fixture
def compared(filled: Marts, marketer: Person, goal: int) -> Marts:
    for now, day in enumerate((before(), today())):
        filled.results(marketer.tenant, goal, day, ways(now))
    spend(filled, marketer)
    return filled


def section(person: Person, address: str = "/attribution") -> str:
    page = person.forms().get(address).text
    begins = page.index('<section aria-labelledby="next">')
    return page[begins : page.index("</section>", begins)]


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html))


@pytest.mark.usefixtures("compared")
def test_it_says_first_where_the_last_euro_earned_more(marketer: Person) -> None:
    html = section(marketer)
    assert "style=" not in html
    said = plain(html)
    assert "Where the next euro may go" in said
    assert (
        "The last euro on paid search earned more than its average one by every model; the last euro on email earned "
        "less than its average one by every model; of display, social, video and affiliates it cannot be read."
    ) in said
    assert re.search(
        r"Paid search: its spend went from 1,000 to 2,000 EUR; of the step, each euro brought back "
        r"26× to 34×, the average euro 20×, by all nine models",
        said,
    )
    assert "Affiliates: its spend moved by no more than a tenth, from 500 to 510 EUR" in said
    assert "Display: conversions did not go the way its spend went by all nine models" in said
    assert "Social: the difference is no more than chance may make by all nine models" in said
    assert "Video: nothing was spent on it in the 28 days before, as far as is known" in said
    assert "seo" not in said.lower()
    assert "never what the money caused" in said
    assert "docs/how-to/run-a-hold-out.md" in said


@pytest.mark.usefixtures("compared")
def test_tables_have_each_models_margin_beside_its_average(marketer: Person) -> None:
    html = section(marketer)
    earned, cost = html.split('<table class="models">')[1:]
    for table in (earned, cost):
        for model in attribution.models():
            assert f'<th scope="col">{model.title}</th>' in table
    row = plain(earned[earned.index("Paid search") : earned.index("Social")])
    assert row.count("average 20×") == len(attribution.models())
    assert "2,000 EUR before 1,000" in row
    # 1,000 more for 300 conversions more.
    assert "3.33 EUR" in plain(cost)
    assert "spend hardly moved" in plain(cost)
    assert "/assets/attribution_results" in html
    assert "/assets/marts/channel_daily" in html


def test_without_the_days_before_it_says_what_to_do(filled: Marts, marketer: Person, goal: int) -> None:
    filled.results(marketer.tenant, goal, today(), ways(1))
    spend(filled, marketer)
    said = plain(section(marketer))
    assert "Nothing to compare with" in said
    assert f"{before():%-d %b %Y}" in said
    assert "<table" not in section(marketer)


def test_without_spend_it_says_so(filled: Marts, marketer: Person, goal: int) -> None:
    for now, day in enumerate((before(), today())):
        filled.results(marketer.tenant, goal, day, ways(now))
    assert "No spend is known" in plain(section(marketer))


def test_without_value_it_tells_by_cost(filled: Marts, marketer: Person, goal: int) -> None:
    for now, day in enumerate((before(), today())):
        filled.results(marketer.tenant, goal, day, ways(now, worth=0))
    spend(filled, marketer)
    html = section(marketer)
    assert html.count('<table class="models">') == 1
    assert re.search(
        r"Paid search: its spend went from 1,000 to 2,000 EUR; of the step, each conversion cost 2\.\d+ to 3\.\d+ EUR, "
        r"the average one 5 EUR, by all nine models",
        plain(html),
    )


@pytest.mark.usefixtures("compared")
def test_the_api_answers_the_same(marketer: Person, goal: int) -> None:
    with marketer.api() as api:
        answer = api.get("/attribution/margins", params={"window_days": 28, "goal_id": goal})
        told = answer.raise_for_status().json()
        assert api.get("/attribution/margins").json() == told
        again = api.get("/attribution/margins", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        assert api.get("/attribution/margins", params={"window_days": 8}).status_code == 422
        assert api.get("/attribution/margins", params={"goal_id": goal + 999_999}).status_code == 404
        empty = api.get("/attribution/margins", params={"window_days": 7}).json()
    assert (told["from"], told["to"]) == ((today() - 27 * DAY).isoformat(), today().isoformat())
    assert (told["currency"], told["freshness"]["made_by"]) == ("EUR", "attribution_results")
    verdicts = {it["channel"]: it["verdict"] for it in told["channels"]}
    assert verdicts == {
        "paid_search": "more_by_every_model",
        "email": "less_by_every_model",
        "display": "unread",
        "social": "unread",
        "affiliates": "unread",
        "video": "unread",
    }
    search = next(it for it in told["channels"] if it["channel"] == "paid_search")
    linear = next(it for it in search["models"] if it["model"] == "linear")
    assert (linear["telling"], linear["now"]["roas"]) == ("more", pytest.approx(20))
    assert linear["average"] == linear["now"]
    assert linear["roas"]["best"] == pytest.approx(30)
    assert linear["cpa"]["low"] < linear["cpa"]["best"] < linear["cpa"]["high"]
    assert told["summary"].startswith("The last euro on paid search earned more")
    assert (empty["channels"], empty["from"], empty["summary"]) == ([], None, "")


def test_another_tenants_margins_are_nobody_elses(
    compared: Marts, goal: int, strangers: dict[MemberRole, Person]
) -> None:
    assert compared
    with strangers[MemberRole.ADMIN].api() as api:
        assert api.get("/attribution/margins", params={"goal_id": goal}).status_code == 404
        assert api.get("/attribution/margins").json()["channels"] == []


@pytest.mark.usefixtures("compared")
def test_the_export_form_is_filled_in(marketer: Person, people: dict[MemberRole, Person]) -> None:
    asked = re.search(r'href="(/exports\?report=margins[^"]*)"', section(marketer))
    assert asked
    assert marketer.forms().get(asked[1].replace("&amp;", "&")).status_code == 200
    assert "/exports?" not in section(people[MemberRole.VIEWER])


def test_models_that_tell_different_things_are_named(filled: Marts, marketer: Person, goal: int) -> None:
    for day, conversions in ((before(), 100), (today(), 400)):
        path = ["display", "paid_search"]
        filled.results(marketer.tenant, goal, day, [(path, conversions, conversions * 100.0, 100)])
    for day, cost in ((before(), 1_000), (today(), 2_000)):
        filled.channel_day(marketer.tenant, day, "display", spend=cost)
    said = plain(section(marketer))
    assert "About display models do not agree." in said
    assert re.search(
        r"Display: more by First touch, .*; 2 of 9 models cannot tell \(from 1,000 to 2,000", said
    )
