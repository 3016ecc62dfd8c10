"""Analytics over the API: numbers of the tenant, with where they come from, or a word why there are none."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import SecretStr

from console.app import create_app
from console.frame.lineage import Asset
from marketing_pipelines.analytics import freshness
from marketing_pipelines.analytics.timeseries import Source
from store import events
from store.records.people import MemberRole
from store.settings import Settings
from tests.analytics.marts import Marts, marts
from tests.console.conftest import served
from tests.console.visitors import Person, person

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SPAN = {"from": "2026-03-02", "to": "2026-03-03"}


@pytest.fixture
def filled(clickhouse: events.Client) -> Iterator[Marts]:
    with marts(clickhouse) as made:
        yield made


def test_a_metric_over_time_says_where_it_comes_from(filled: Marts, marketer: Person) -> None:
    filled.channel_day(marketer.tenant, DAY, "email", spend=10, conversions_value=30)
    filled.credit(marketer.tenant, DAY, "email", "linear", conversions_value=20)
    with marketer.api() as api:
        answer = api.get("/analytics/timeseries", params={"metric": "roas", "gran": "d", **SPAN})
        told = answer.raise_for_status().json()
        assert told["series"] == [
            {"of": "", "points": [{"at": "2026-03-02", "value": 3.0}, {"at": "2026-03-03", "value": None}]}
        ]
        assert (told["metric"], told["from"], told["to"], told["told"]) == (
            "roas",
            "2026-03-02",
            "2026-03-03",
            "",
        )
        assert told["freshness"]["made_by"] == "marts/channel_daily"
        assert told["freshness"]["newest_day"] == "2026-03-02"
        by_model = api.get(
            "/analytics/timeseries", params={"metric": "roas", "model": "linear", "channel": "email", **SPAN}
        ).json()
        assert by_model["series"][0]["points"][0]["value"] == 2
        assert by_model["freshness"]["made_by"] == "marts/channel_roas"
        known = {"If-None-Match": answer.headers["etag"]}
        again = api.get("/analytics/timeseries", params={"metric": "roas", **SPAN}, headers=known)
        assert again.status_code == 304


def test_hours_are_moments(filled: Marts, marketer: Person) -> None:
    filled.visit(marketer.tenant, NOON)
    with marketer.api() as api:
        params = {"metric": "visits", "gran": "h", "from": "2026-03-02", "to": "2026-03-02"}
        points = api.get("/analytics/timeseries", params=params).json()["series"][0]["points"]
    assert len(points) == 24
    assert points[12] == {"at": "2026-03-02T12:00:00Z", "value": 1.0}


def test_a_funnel_has_steps_rates_and_times(filled: Marts, marketer: Person) -> None:
    for visitor in ("ann", "bob"):
        filled.event(marketer.tenant, "click", NOON, visitor, channel="email")
    filled.event(marketer.tenant, "lead", NOON + timedelta(minutes=5), "ann")
    with marketer.api() as api:
        params = {"steps": "click,lead", "window_days": 3, "by": "channel", **SPAN}
        told = api.get("/analytics/funnel", params=params).raise_for_status().json()
    first = {
        "name": "click",
        "people": 2,
        "of_previous": None,
        "of_first": 1.0,
        "median_seconds_to_next": 300.0,
    }
    second = {
        "name": "lead",
        "people": 1,
        "of_previous": 0.5,
        "of_first": 0.5,
        "median_seconds_to_next": None,
    }
    assert told["steps"] == [first, second]
    assert told["segments"] == [{"of": "email", "steps": [first, second]}]
    assert told["freshness"]["made_by"] == "intermediate/int_person_events"


def test_paths_have_credit_by_a_model(filled: Marts, marketer: Person) -> None:
    with marketer.api() as api:
        campaign = api.post("/campaigns", json={"name": "Spring"}).json()["id"]
        before = timedelta(days=1)
        filled.path(marketer.tenant, NOON, ("email", NOON - 7 * before, campaign), ("seo", NOON, 0), value=30)
        filled.path(marketer.tenant, NOON, ("social", NOON, 0), value=5)
        params = {"campaign_id": campaign, "model": "time_decay", **SPAN}
        told = api.get("/attribution/paths", params=params).raise_for_status().json()
        unknown = params | {"campaign_id": campaign + 1000}
        assert api.get("/attribution/paths", params=unknown).status_code == 404
        for path in (
            "attribution/paths?goal_id=9999999",
            "analytics/timeseries?model=linear&goal_id=9999999",
        ):
            assert api.get(f"/{path}").status_code == 404
    [path] = told["paths"]
    assert (path["channels"], path["conversions"], path["value"]) == (["email", "seo"], 1, 30.0)
    assert [(it["channel"], round(it["share"], 6), round(it["value"], 6)) for it in path["credit"]] == [
        ("email", round(1 / 3, 6), 10.0),
        ("seo", round(2 / 3, 6), 20.0),
    ]
    assert (told["model"], told["currency"], told["different"]) == ("time_decay", "EUR", 1)
    assert told["freshness"]["made_by"] == "intermediate/int_paths"


def test_channels_stand_beside_the_time_before(filled: Marts, marketer: Person) -> None:
    filled.channel_day(marketer.tenant, DAY, "email", spend=10, human_visits=5)
    filled.channel_day(marketer.tenant, DAY - timedelta(days=1), "email", spend=4)
    with marketer.api() as api:
        told = api.get("/analytics/channels", params=SPAN).raise_for_status().json()
    [email] = told["channels"]
    assert (email["channel"], email["now"]["spend"], email["before"]["spend"]) == ("email", 10, 4)
    assert (email["now"]["cvr"], email["now"]["cpa"], told["currency"]) == (0, None, "EUR")
    assert told["total"]["now"] == email["now"]


def test_before_the_first_build_an_answer_is_empty_and_says_so(
    clickhouse: events.Client, marketer: Person
) -> None:
    with marketer.api() as api:
        for path in ("analytics/timeseries", "analytics/funnel", "analytics/channels", "attribution/paths"):
            told = api.get(f"/{path}", params=SPAN).raise_for_status().json()
            assert "has not been built yet" in told["told"], path
            assert told["freshness"]["built_at"] is None
            assert (
                told.get("series") or told.get("steps") or told.get("channels") or told.get("paths") or []
            ) == []
        items = api.get("/analytics/freshness").json()["items"]
        assert {item["newest_day"] for item in items} == {None}


@pytest.mark.parametrize(
    ("path", "said", "field", "reason"),
    [
        ("timeseries", {"metric": "happiness"}, "metric", "'spend', 'impressions'"),
        ("timeseries", {"gran": "y"}, "gran", "'h', 'd', 'w' or 'm'"),
        ("timeseries", {"model": "gut_feeling"}, "model", "first_touch"),
        ("timeseries", {"gran": "h", "metric": "spend"}, "gran", "visits alone"),
        ("timeseries", {"from": "2020-01-01"}, "from", "1,100 days are the most"),
        ("timeseries", {"from": "2026-03-04"}, "to", "must not lie before"),
        ("timeseries", {"from": "yesterday"}, "from", "date"),
        ("timeseries", {"mertic": "roas"}, "mertic", "not permitted"),
        ("funnel", {"steps": "click"}, "steps", "at least 2 items"),
        ("funnel", {"window_days": "400"}, "window_days", "less than or equal to 90"),
        ("channels", {"to": "2149-01-01"}, "to", "less than or equal"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_its_field(
    marketer: Person, path: str, said: dict[str, str], field: str, reason: str
) -> None:
    with marketer.api() as api:
        answer = api.get(f"/analytics/{path}", params=SPAN | said)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert any(it["field"] == field and reason in it["reason"] for it in answer.json()["errors"]), (
        answer.json()
    )


def test_while_the_warehouse_is_away_that_is_said(house: Settings, site: str, marketer: Person) -> None:
    nobody = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9")})
    with (
        served(create_app(nobody)) as beside,
        person(house, beside, marketer.tenant, MemberRole.ANALYST).api() as api,
    ):
        for path in (
            "analytics/timeseries",
            "analytics/funnel",
            "analytics/channels",
            "analytics/freshness",
            "attribution/paths",
        ):
            answer = api.get(f"/{path}")
            assert answer.status_code == 503, path
            assert answer.headers["retry-after"] == "30"
            assert "cannot be reached" in answer.json()["detail"]


def test_another_tenants_numbers_are_nobody_elses(
    filled: Marts, marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    filled.channel_day(marketer.tenant, DAY, "email", spend=10)
    filled.event(marketer.tenant, "click", NOON)
    with strangers[MemberRole.ADMIN].api() as api:
        told = api.get("/analytics/timeseries", params=SPAN).json()
        assert {point["value"] for point in told["series"][0]["points"]} == {0}
        assert told["freshness"]["newest_day"] is None
        assert api.get("/analytics/channels", params=SPAN).json()["channels"] == []
        steps = api.get("/analytics/funnel", params={"steps": "click,lead", **SPAN}).json()["steps"]
        assert [step["people"] for step in steps] == [0, 0]


def test_whatever_numbers_are_read_from_has_a_name_in_the_lineage() -> None:
    assert {*Source, *freshness.ASSETS} <= set(Asset)
