"""Measurement: read by all, chosen as a whole by those who answer for figures, on the page and over the API."""

import re
from typing import Any

import pytest

from marketing_pipelines.attribution import models
from store import records
from store.records import audit_log
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.console.visitors import Person
from tests.console.writing import etag_of

People = dict[MemberRole, Person]
CHOSEN = {
    "session_gap_minutes": 45,
    "session_ends_at_midnight": True,
    "session_ends_with_campaign": False,
    "headline_model": "linear",
    "first_weight": "0.2500",
    "last_weight": "0.3500",
    "half_life_hours": 24,
    "markov_order": 0,
    "collapse_repeats": False,
    "direct_overrides": True,
}
TYPED = {
    "session_gap_minutes": "45",
    "session_ends_at_midnight": "true",
    "headline_model": "linear",
    "first_weight": "25",
    "last_weight": "35",
    "half_life_hours": "24",
    "markov_order": "0",
    "direct_overrides": "true",
}


def read(person: Person) -> dict[str, Any]:
    with person.api() as api:
        said = api.get("/measurement").raise_for_status().json()
    return {name: said[name] for name in CHOSEN}


def test_it_begins_with_the_houses_own_choices(viewer: Person) -> None:
    assert read(viewer) == {
        "session_gap_minutes": 30,
        "session_ends_at_midnight": False,
        "session_ends_with_campaign": False,
        "headline_model": "last_touch",
        "first_weight": "0.4000",
        "last_weight": "0.4000",
        "half_life_hours": 168,
        "markov_order": 1,
        "collapse_repeats": True,
        "direct_overrides": False,
    }


def test_it_is_chosen_as_a_whole_and_told(house: Settings, people: People) -> None:
    analyst = people[MemberRole.ANALYST]
    with analyst.api() as api:
        assert api.put("/measurement", json=CHOSEN).raise_for_status().json()["markov_order"] == 0
        assert read(analyst) == CHOSEN
        api.put("/measurement", json={}).raise_for_status()
    assert read(analyst)["session_gap_minutes"] == 30
    with records.session(house, Role.OWNER) as session:
        entries = audit_log.of_entity(session, analyst.tenant, "measurement", analyst.tenant)
        assert [entry.after["session_gap_minutes"] for entry in entries] == [45, 30]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"session_gap_minutes": 0}, "session_gap_minutes"),
        ({"session_gap_minutes": 241}, "session_gap_minutes"),
        ({"headline_model": "oracle"}, "headline_model"),
        ({"first_weight": "0.6", "last_weight": "0.5"}, "first_weight"),
        ({"first_weight": "-0.1"}, "first_weight"),
        ({"last_weight": "1.1"}, "last_weight"),
        ({"last_weight": "0.00001"}, "last_weight"),
        ({"half_life_hours": 8761}, "half_life_hours"),
        ({"markov_order": 5}, "markov_order"),
        ({"session_ends_at_noon": True}, "session_ends_at_noon"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(marketer: Person, change: dict[str, Any], field: str) -> None:
    before = read(marketer)
    with marketer.api() as api:
        refused = api.put("/measurement", json=CHOSEN | change)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert read(marketer) == before


def test_the_page_offers_the_catalogues_models(marketer: Person) -> None:
    page = marketer.forms().get("/measurement").text
    offered = page.split('name="headline_model"')[1].split("</select>")[0]
    assert re.findall(r'value="(\w+)"', offered) == [model.name for model in models()]


def test_the_form_says_shares_in_percent_and_a_box_without_a_tick_is_no(marketer: Person) -> None:
    forms = marketer.forms()
    page = forms.get("/measurement").text
    assert page.count('value="40"') == 2
    answer = forms.post_signed("/measurement", **TYPED, etag=etag_of(page))
    assert answer.headers["location"] == "/measurement?done=chosen"
    assert read(marketer) == CHOSEN
    page = forms.get("/measurement?done=chosen").text
    assert 'value="25"' in page
    assert 'name="collapse_repeats" value="true">' in page
    assert 'name="direct_overrides" value="true" checked>' in page


@pytest.mark.parametrize(
    ("typed", "field", "reason"),
    [
        ({"first_weight": "70"}, "first_weight", "at most 1"),
        ({"first_weight": "a lot"}, "first_weight", "Write a number"),
        ({"last_weight": "nan"}, "last_weight", "Write a number"),
        ({"last_weight": "1e99999999"}, "last_weight", "less than or equal to 1"),
        ({"session_gap_minutes": ""}, "session_gap_minutes", "Write a whole number"),
        ({"headline_model": "oracle"}, "headline_model", "no attribution model"),
    ],
)
def test_a_refusal_stands_beside_its_field(
    marketer: Person, typed: dict[str, str], field: str, reason: str
) -> None:
    forms, before = marketer.forms(), read(marketer)
    said = {**TYPED, **typed, "etag": etag_of(forms.get("/measurement").text)}
    refused = forms.post_signed("/measurement", **said)
    assert refused.status_code == 422
    assert reason in refused.text.split(f'id="{field}-trouble"')[1].split("</p>")[0]
    assert read(marketer) == before


def test_two_who_choose_at_once_are_told(people: People) -> None:
    ann, ben = people[MemberRole.MARKETER].forms(), people[MemberRole.ADMIN].forms()
    hers, his = (etag_of(forms.get("/measurement").text) for forms in (ann, ben))
    assert ann.post_signed("/measurement", **TYPED, etag=hers).status_code == 303
    told = ben.post_signed("/measurement", **TYPED | {"session_gap_minutes": "60"}, etag=his)
    assert (told.status_code, "has changed since you read it" in told.text) == (409, True)
    assert read(people[MemberRole.MARKETER]) == CHOSEN
    again = ben.post_signed("/measurement", **TYPED | {"session_gap_minutes": "60"}, etag=etag_of(told.text))
    assert again.status_code == 303


def test_whoever_may_not_choose_reads(viewer: Person) -> None:
    page = viewer.forms().get("/measurement")
    assert page.status_code == 200
    assert 'action="/measurement"' not in page.text
    assert "40 % and 40 %" in page.text
    assert "30 minutes of silence" in page.text
