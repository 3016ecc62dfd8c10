"""How tracking is doing, on its page and over the API: what is out of the ordinary is said first, in words."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from console.watching import worries
from marketing_pipelines.analytics.health import Warning, Worry
from store import events
from store.records.people import MemberRole
from tests.analytics.marts import Marts, marts
from tests.console.visitors import Person
from tests.days import today

DOCS = Path(__file__).parents[3]
LATE = {"within an hour": 800, "later": 200}


@pytest.fixture
def filled(clickhouse: events.Client) -> Iterator[Marts]:
    with marts(clickhouse) as made:
        yield made


def test_what_is_out_of_the_ordinary_comes_first(filled: Marts, marketer: Person) -> None:
    filled.tracked(
        marketer.tenant, today(), received=1_000, events=1_000, events_by_lateness=LATE, share_with_consent=0.7,
        rejected=7, rejected_by_reason={"wrong_origin": 7},
    )  # fmt: skip
    page = marketer.forms().get("/tracking").text
    assert "20.0\u202f% of events came in more than a day after they happened (200 of 1,000)." in page
    assert "docs/warehouse.md" in page
    assert "Wrong origin" in page
    assert "70.0\u202f%" in page
    assert page.count("<figure") == 3
    assert "/assets/marts/tracking_health" in page


def test_an_ordinary_time_is_said_to_be_one(filled: Marts, marketer: Person) -> None:
    filled.tracked(marketer.tenant, today(), received=1_000, events=1_000)
    assert "Nothing is out of the ordinary" in marketer.forms().get("/tracking?days=7").text


def test_a_tenant_sees_its_own_events_alone(
    filled: Marts, marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    filled.tracked(marketer.tenant, today(), received=1_000, events=1_000)
    filled.tracked(type(marketer.tenant)(0), today(), rejected=99)
    stranger = strangers[MemberRole.VIEWER]
    assert "Nothing came in yet" in stranger.forms().get("/tracking").text
    with stranger.api() as api:
        assert api.get("/analytics/tracking").json()["days"] == []


def test_the_api_tells_it_by_day(filled: Marts, marketer: Person) -> None:
    filled.tracked(marketer.tenant, today() - timedelta(days=1), received=12, events=10, copies=2)
    filled.tracked(marketer.tenant, today(), received=1_000, events=1_000, events_by_lateness=LATE)
    with marketer.api() as api:
        told = api.get("/analytics/tracking").raise_for_status().json()
        assert api.get("/analytics/tracking?from=2020-01-01").status_code == 422
    assert [(it["day"], it["events"], it["copies"]) for it in told["days"]] == [
        (str(today() - timedelta(days=1)), 10, 2),
        (str(today()), 1_000, 0),
    ]
    assert told["warnings"] == [{"worry": "late", "count": 200, "of": 1_010, "day": None}]
    assert told["freshness"]["made_by"] == "marts/tracking_health"
    assert told["freshness"]["newest_day"] == str(today())


@pytest.mark.usefixtures("clickhouse")
def test_before_the_first_build_that_is_said(marketer: Person) -> None:
    assert "has not been built yet" in marketer.forms().get("/tracking").text


@pytest.mark.parametrize("worry", list(Worry))
def test_every_worry_is_told_in_words(worry: Worry) -> None:
    told = worries.told(Warning(worry, 1, 4, today()))
    assert told.what.endswith(".")
    assert told.so_what
    assert (DOCS / told.page).exists()
