"""Attribution in the console and over its API: what a marketer reads of every model, and the paths behind it."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from console.app import create_app
from console.watching import credit, path_steps
from marketing_pipelines import attribution
from marketing_pipelines.analytics.credit import Channel, Credit, CreditAsked, Estimate, Reading, Verdict
from marketing_pipelines.analytics.paths import Path, Share
from store import events
from store.records.people import MemberRole
from store.settings import Settings
from tests.analytics.marts import Marts, Way, marts
from tests.console.conftest import served
from tests.console.visitors import Person, person
from tests.days import noon, today

DAY = timedelta(days=1)
WAYS: list[Way] = [
    (["display", "paid_search"], 400, 40_000.0, 900),
    (["paid_search"], 200, 20_000.0, 500),
    (["email"], 100, 10_000.0, 300),
    (["display"], 0, 0.0, 3_000),
]


@pytest.fixture
def filled(clickhouse: events.Client) -> Iterator[Marts]:
    with marts(clickhouse) as made:
        yield made


@pytest.fixture
def goal(marketer: Person) -> int:
    with marketer.api() as api:
        return next(it["id"] for it in api.get("/goals").json()["items"] if it["is_headline"])


@pytest.fixture
def credited(filled: Marts, marketer: Person, goal: int) -> Marts:
    filled.results(marketer.tenant, goal, today(), WAYS)
    for channel, spend in (("paid_search", 2_000), ("display", 10_000), ("affiliates", 50)):
        filled.channel_day(marketer.tenant, today(), channel, spend=spend)
    touches = ("display", noon() - 3 * DAY, 0), ("paid_search", noon(), 0)
    filled.path(marketer.tenant, noon(), *touches, goal_id=goal, value=100)
    return filled


@pytest.mark.usefixtures("credited")
def test_it_says_first_what_to_do_and_how_sure_that_is(marketer: Person) -> None:
    page = marketer.forms().get("/attribution").text
    assert "Paid search clearly earned more than it cost, whichever model one believes" in page
    assert "display did so only by some models" in page
    assert "affiliates clearly earned less than it cost by every model" in page
    assert re.search(r"Paid search: between [\d.]+× and [\d.]+× its spend, by all nine models", page)
    assert re.search(r"Display: [\d.]+× to [\d.]+× its spend by First touch, but 0.00× its spend by", page)
    assert "Affiliates: nothing came back, by all nine models" in page
    assert "No spend is known of email" in page
    assert "None of these models proves what caused a purchase" in page
    assert "docs/how-to/run-a-hold-out.md" in page
    assert "Models disagree about display: from 0\u202f% to 57\u202f% of the conversions." in page


@pytest.mark.usefixtures("credited")
def test_each_channel_has_a_dot_and_a_bar_of_every_model(marketer: Person) -> None:
    page = marketer.forms().get("/attribution").text
    models = attribution.models()
    cards = page.split('class="sheet model-card"')[1:]
    assert len(cards) == 4
    for card in cards:
        assert card.count("<circle") == card.count('class="reach"') == len(models)
        for model in models:
            assert f"<span>{model.title}</span>" in card
    for model in models:
        assert f'<th scope="col">{model.title}</th>' in page
    assert "/assets/attribution_results" in page
    assert "/assets/marts/channel_daily" in page
    assert "/assets/intermediate/int_paths" in page
    assert "style=" not in page


@pytest.mark.usefixtures("credited")
def test_the_table_holds_what_is_asked_for(marketer: Person) -> None:
    forms = marketer.forms()

    def row(show: str) -> str:
        page = forms.get(f"/attribution?show={show}").text
        table = page[page.index('<table class="models">') :]
        return re.sub(
            r"[ \n]+", " ", re.sub("<[^>]+>", " ", table[table.index("Display") : table.index("Email")])
        )

    assert "10,000\u00a0EUR" in row("share")
    assert " 57\u202f% " in row("share")
    assert " 400.0 " in row("conversions")
    assert "40,000\u00a0EUR" in row("value")
    assert " 25\u00a0EUR " in row("cpa")
    assert " 4.00× " in row("roas")
    assert forms.get("/attribution?show=magic").status_code in (404, 422)
    assert forms.get("/attribution?window_days=8").status_code in (404, 422)


@pytest.mark.usefixtures("credited")
def test_how_long_people_take_is_told(marketer: Person) -> None:
    page = marketer.forms().get("/attribution").text
    assert "within two touches and 4 days of the first" in page
    assert "2 to 3 days" in page


def test_what_has_not_been_computed_for_days_says_so(filled: Marts, marketer: Person, goal: int) -> None:
    filled.results(marketer.tenant, goal, today() - 5 * DAY, WAYS)
    assert "This ends 5 days ago" in marketer.forms().get("/attribution").text
    filled.results(marketer.tenant, goal, today() - DAY, WAYS)
    assert "days ago: no newer" not in marketer.forms().get("/attribution").text


def test_before_anybody_has_converted_it_says_when_there_will_be_something(
    filled: Marts, marketer: Person, clickhouse: events.Client
) -> None:
    assert filled
    forms = marketer.forms()
    page = forms.get("/attribution?window_days=90")
    assert (page.status_code, "No credit yet" in page.text) == (200, True)
    assert "Nobody converted on these days" in forms.get("/attribution/paths").text


def test_before_the_first_build_that_is_said(clickhouse: events.Client, marketer: Person) -> None:
    assert clickhouse
    forms = marketer.forms()
    for address in ("/attribution", "/attribution/paths"):
        page = forms.get(address)
        assert page.status_code == 200
        assert "has not been built yet" in page.text


def test_while_the_warehouse_is_away_that_is_said(house: Settings, marketer: Person) -> None:
    nobody = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9")})
    with served(create_app(nobody)) as beside:
        analyst = person(house, beside, marketer.tenant, MemberRole.ANALYST)
        for address in ("/attribution", "/attribution/paths"):
            page = analyst.forms().get(address)
            assert page.status_code == 200
            assert "cannot be reached right now" in page.text
        with analyst.api() as api:
            assert api.get("/attribution/results").status_code == 503


@pytest.mark.usefixtures("credited")
def test_the_api_answers_the_same(marketer: Person, goal: int) -> None:
    with marketer.api() as api:
        answer = api.get("/attribution/results", params={"window_days": 28, "goal_id": goal})
        told = answer.raise_for_status().json()
        assert api.get("/attribution/results").json() == told
        again = api.get("/attribution/results", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        for wrong, field in (({"window_days": "8"}, "window_days"), ({"window": 7}, "window")):
            refused = api.get("/attribution/results", params=wrong)
            assert refused.status_code == 422
            assert field in refused.text
        assert api.get("/attribution/results", params={"goal_id": goal + 999_999}).status_code == 404
        empty = api.get("/attribution/results", params={"window_days": 7}).json()
    assert [it["name"] for it in told["models"]] == [it.name for it in attribution.models()]
    assert (told["from"], told["to"]) == ((today() - 27 * DAY).isoformat(), today().isoformat())
    assert (told["goal_id"], told["conversions"], told["value"]) == (goal, 700, 70_000)
    assert told["freshness"]["made_by"] == "attribution_results"
    assert told["freshness"]["newest_day"] == today().isoformat()
    by_name = {it["channel"]: it for it in told["channels"]}
    display = by_name["display"]
    assert (display["verdict"], display["spend"]) == ("some_models", 10_000)
    first = next(it for it in display["models"] if it["model"] == "first_touch")
    assert first["roas"]["best"] == pytest.approx(4)
    assert first["share"]["low"] < first["share"]["best"] < first["share"]["high"]
    assert display["disagreement"]["most_by"] == "first_touch"
    assert display["disagreement"]["says"].startswith("Models disagree about display")
    assert "clearly earned more" in told["summary"]
    assert [it["conversions"] for it in told["lags"] if it["conversions"]] == [1]
    assert (empty["channels"], empty["from"], empty["summary"]) == ([], None, "")


def test_another_tenants_credit_is_nobody_elses(
    credited: Marts, goal: int, strangers: dict[MemberRole, Person]
) -> None:
    assert credited
    stranger = strangers[MemberRole.ADMIN]
    assert "No credit yet" in stranger.forms().get("/attribution").text
    for address in ("/attribution", "/attribution/paths"):
        assert stranger.forms().get(f"{address}?goal_id={goal}").status_code == 404


def test_paths_have_each_steps_credit_and_lead_to_their_export(
    credited: Marts, marketer: Person, goal: int
) -> None:
    steps = [("email", noon() - 4 * DAY, 0), ("seo", noon() - 2 * DAY, 0), ("email", noon() - DAY, 0)]
    for _ in range(3):
        credited.path(marketer.tenant, noon(), *steps, ("direct", noon(), 0), goal_id=goal, value=30)
    forms = marketer.forms()
    page = forms.get("/attribution/paths?model=linear").text
    path = page[page.index('<ol class="ways sheet">') :]
    plain = re.sub(r"[ \n]+", " ", re.sub("<[^>]+>", " ", path))
    assert "Email 67\u202f% Seo 33\u202f% Email again Direct 0\u202f% 3 conversions, 90\u00a0EUR" in plain
    assert plain.index("Email 67") < plain.index("Display 50")
    assert 'href="/exports?report=paths&amp;model=linear&amp;goal_id=' in page
    asked = re.search(r'href="(/exports\?report=paths[^"]*)"', page)
    assert asked
    assert 'value="linear" selected' in forms.get(asked[1].replace("&amp;", "&")).text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("model=gut_feeling", "There is no attribution model"),
        ("from=2026-03-04&to=2026-03-01", "must not lie before"),
        ("from=2020-01-01&to=2026-03-01", "400 days are the most"),
        ("from=yesterday", "date"),
        ("campaign_id=%3Cscript%3E", "integer"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_its_field(marketer: Person, asked: str, said: str) -> None:
    page = marketer.forms().get(f"/attribution/paths?{asked}")
    assert page.status_code == 422
    assert said.lower() in page.text.lower()
    assert 'aria-invalid="true"' in page.text
    assert "<script>" not in page.text.partition("<main")[2]


def test_only_the_paths_through_a_campaign(credited: Marts, marketer: Person, goal: int) -> None:
    with marketer.api() as api:
        campaign = api.post("/campaigns", json={"name": "Spring mail"}).json()["id"]
    credited.path(marketer.tenant, noon(), ("email", noon(), campaign), goal_id=goal, value=7)
    page = marketer.forms().get(f"/attribution/paths?campaign_id={campaign}").text
    assert f'<option value="{campaign}" selected>Spring mail' in page
    assert page.count('class="way-step') == 1
    assert marketer.forms().get(f"/attribution/paths?campaign_id={campaign + 999}").status_code == 404


def test_who_may_not_export_is_offered_none(credited: Marts, people: dict[MemberRole, Person]) -> None:
    assert credited
    assert "Export all of it" in people[MemberRole.MARKETER].forms().get("/attribution").text
    assert "/exports?" not in people[MemberRole.VIEWER].forms().get("/attribution").text


def test_a_long_path_shows_its_ends() -> None:
    path = Path([f"c{n}" for n in range(40)], 1, 1.0, [Share("c0", 1.0, 1.0, 1.0)])
    steps = list(path_steps.steps(path))
    assert [it.channel for it in steps[:6]] == [f"c{n}" for n in range(6)]
    assert (steps[6].left_out, steps[7].channel, steps[-1].channel) == (28, "c34", "c39")
    assert steps[0].share == 1
    assert steps[1].share == 0


def reading(low: float, best: float, high: float, roas: float | None = None) -> Reading:
    back = None if roas is None else Estimate(roas, roas * 0.9, roas * 1.1)
    return Reading("m", 1, 1, Estimate(best, low, high), None, None, back, None)


def channel(name: str, verdict: Verdict, *readings: Reading) -> Channel:
    ranked = sorted(readings, key=lambda it: it.share.best)
    return Channel(name, 10, readings, verdict, ranked[0], ranked[-1])


def test_agreement_is_told_in_words() -> None:
    alike = channel("email", Verdict.UNKNOWN, reading(0.1, 0.18, 0.2), reading(0.2, 0.22, 0.3))
    assert (
        credit.agreement(alike, 9)
        == "All nine models agree that email earns 18 to 22\u202f% of the conversions."
    )
    same = channel("paid_search", Verdict.UNKNOWN, reading(0.1, 0.2, 0.3), reading(0.1, 0.2, 0.3))
    assert "Both models agree that paid search earns 20\u202f%" in credit.agreement(same, 2)
    apart = channel("direct", Verdict.UNKNOWN, reading(0, 0.02, 0.03), reading(0.3, 0.31, 0.4))
    assert credit.agreement(apart, 9) == (
        "Models disagree about direct: from 2\u202f% to 31\u202f% of the conversions."
    )
    few = channel("direct", Verdict.UNKNOWN, reading(0, 0.1, 0.6), reading(0.05, 0.5, 0.9))
    assert credit.agreement(few, 9).endswith("So few converted that it may be chance.")


def test_the_summary_names_every_channel_once() -> None:
    found = Credit(
        CreditAsked(),
        channels=[
            channel("email", Verdict.EVERY, reading(0, 0, 0, 3)),
            channel("paid_search", Verdict.EVERY, reading(0, 0, 0, 2)),
            channel("display", Verdict.UNSURE, reading(0, 0, 0, 1)),
            channel("direct", Verdict.UNKNOWN, reading(0, 0, 0)),
        ],
    )
    assert credit.summary(found) == (
        "Email and paid search clearly earned more than they cost, whichever model one believes; "
        "display cannot be judged yet."
    )
    assert [it.verdict for it in credit.findings(found)] == [Verdict.EVERY, Verdict.UNSURE]
    assert (
        credit.findings(found)[0].channels[0] == "Email: between 2.70× and 3.30× its spend, by the one model"
    )
    assert "nothing can be said" in credit.summary(Credit(CreditAsked()))
