"""Hold-outs in the console and over its API: planned, asked, ended, read once they are over, and by nobody else."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from console.app import create_app
from marketing_pipelines.attribution import Lot, Side
from store import events
from store.records.hold_outs import HoldOut
from store.records.people import MemberRole
from store.records.schema import GoalId, TenantId
from store.settings import Settings
from tests.analytics.marts import Marts, marts
from tests.console.conftest import served
from tests.console.scripted import in_a_day
from tests.console.visitors import Person, person
from tests.days import midnight, today
from tests.store.records.test_hold_outs import begun

DAY = timedelta(days=1)
HALF = Decimal("0.5")
TODAY = object()


def said(**changes: Any) -> dict[str, Any]:
    usual = {
        "name": "Letters",
        "question": "No letters at all",
        "first_day": in_a_day(),
        "last_day": in_a_day(),
    }
    return usual | changes


def long_before() -> datetime:
    return midnight() - 200 * DAY


@pytest.fixture
def filled(clickhouse: events.Client) -> Iterator[Marts]:
    with marts(clickhouse) as made:
        yield made


def drawn_people(
    rows: Marts, tenant: TenantId, count: int, hold_out: HoldOut, *, treated: float, held_out: float
) -> list[str]:
    """So many more people whom the warehouse has long known, of whom this part of each side buys for 40 on its first day."""
    for number in range(count):
        rows.owner(tenant, f"phone {number}", f"user:{number}", known_at=long_before())
    lot, parts = Lot(hold_out.lot_key, hold_out.share), {Side.TREATED: treated, Side.HELD_OUT: held_out}
    at = datetime(hold_out.first_day.year, hold_out.first_day.month, hold_out.first_day.day, 12, tzinfo=UTC)
    buyers = list[str]()
    for side, part in parts.items():
        people = [name for name in (f"user:{n}" for n in range(600)) if lot.side(name) is side]
        buyers += people[: round(len(people) * part)]
    for buyer in buyers:
        said = {"user_id": buyer.removeprefix("user:"), "goal_id": hold_out.goal_id, "value": 40}
        rows.conversion(tenant, buyer, at, **said)
    return buyers


def made(person: Person, **changes: Any) -> dict[str, Any]:
    with person.api() as api:
        return api.post("/hold-outs", json=said(**changes)).raise_for_status().json()


def plain(html: str) -> str:
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", "", html))


def over(house: Settings, tenant: TenantId, **changes: Any) -> HoldOut:
    return begun(house, tenant, today() - 20 * DAY, today() - 10 * DAY, share=HALF, **changes)


def test_it_is_planned_read_listed_and_ended(marketer: Person, viewer: Person) -> None:
    one = made(marketer)
    assert (one["state"], one["share"], one["last_counted"]) == ("planned", "0.1000", in_a_day())
    assert "lot_key" not in one
    with viewer.api() as reader:
        assert reader.get(f"/hold-outs/{one['id']}").json() == one
        assert reader.get("/hold-outs").json()["items"] == [one]
        assert reader.post("/hold-outs", json=said()).status_code == 403
    with marketer.api() as api:
        ended = api.post(f"/hold-outs/{one['id']}/end").json()
        assert (ended["state"], ended["last_counted"]) == ("ended", None)
        again = api.post(f"/hold-outs/{one['id']}/end")
        assert (again.status_code, "ended already" in again.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"question": ""}, "question"),
        ({"question": "x" * 1001}, "question"),
        ({"share": "0.51"}, "share"),
        ({"share": "0.001"}, "share"),
        ({"share": "NaN"}, "share"),
        ({"first_day": TODAY}, "first_day"),
        ({"first_day": "soon"}, "first_day"),
        ({"last_day": TODAY}, "last_day"),
        ({"last_day": "9999-12-31"}, "last_day"),
        ({"goal_id": 999_999_999}, "goal_id"),
        ({"goal_id": 2**63}, "goal_id"),
        ({"campaign_id": 999_999_999}, "campaign_id"),
        ({"lot_key": "00"}, "lot_key"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(marketer: Person, change: dict[str, Any], field: str) -> None:
    change = {name: today().isoformat() if value is TODAY else value for name, value in change.items()}
    with marketer.api() as api:
        refused = api.post("/hold-outs", json=said(**change))
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]


def test_a_form_is_refused_beside_its_field_and_keeps_what_was_typed(filled: Marts, marketer: Person) -> None:
    assert filled
    forms = marketer.forms()
    typed = said(share="70", name="My letters")
    refused = forms.post_signed("/hold-outs/new", **typed)
    assert refused.status_code == 422
    assert "0.5" in refused.text.split('id="share-trouble"')[1].split("</p>")[0]
    assert 'value="My letters"' in refused.text
    assert forms.post_signed("/hold-outs/new", **{**typed, "share": "much"}).status_code == 422
    taken = forms.post_signed("/hold-outs/new", **{**typed, "share": "12.5 %"})
    assert taken.status_code == 303
    page = plain(forms.get(taken.headers["location"]).text)
    assert "Written down." in page
    assert "12.5\u202f% of everybody known by name before the first day" in page


def test_the_result_is_said_first_then_shown_and_what_to_do_next(
    filled: Marts, settings: Settings, marketer: Person
) -> None:
    one = over(settings, marketer.tenant)
    buyers = drawn_people(filled, marketer.tenant, 600, one, treated=0.3, held_out=0.1)
    page = marketer.forms().get(f"/hold-outs/{one.id}").text
    words = plain(page)
    assert "It caused" in words
    assert "What to do: Set what it cost against what it brought" in words
    assert words.index("It caused") < words.index("How much it caused") < words.index("As a table")
    assert page.count("<circle") == page.count('class="reach"') == 3
    assert "style=" not in page
    for link in ("/assets/intermediate/int_conversions", "/assets/intermediate/int_identities", "/goals/"):
        assert link in page
    with marketer.api() as api:
        told = api.get(f"/hold-outs/{one.id}/report").json()
    assert told["treated"] + told["held_out"] == 600
    lift = told["lift"]
    assert lift["treated"]["converters"] + lift["held_out"]["converters"] == len(buyers)
    assert lift["treated"]["value"] == 40 * lift["treated"]["converters"]
    assert lift["told_apart"]
    assert lift["conversions"]["low"] <= lift["conversions"]["best"] <= lift["conversions"]["high"]
    assert f"{lift['conversions']['best']:,.0f} people to convert" in words
    assert told["words"] in words


def test_no_effect_is_not_told_as_one(filled: Marts, settings: Settings, marketer: Person) -> None:
    one = over(settings, marketer.tenant)
    drawn_people(filled, marketer.tenant, 600, one, treated=0.2, held_out=0.2)
    words = plain(marketer.forms().get(f"/hold-outs/{one.id}").text)
    assert "It cannot be told apart from no effect at all" in words
    assert "This does not show that it does nothing" in words


def test_harm_is_told_as_harm(filled: Marts, settings: Settings, marketer: Person) -> None:
    one = over(settings, marketer.tenant)
    drawn_people(filled, marketer.tenant, 600, one, treated=0.1, held_out=0.3)
    assert "It did harm" in plain(marketer.forms().get(f"/hold-outs/{one.id}").text)


def test_nothing_of_what_people_do_is_told_while_it_runs(
    filled: Marts, settings: Settings, marketer: Person
) -> None:
    one = begun(settings, marketer.tenant, today() - 5 * DAY, today() + 4 * DAY, share=HALF)
    drawn_people(filled, marketer.tenant, 600, one, treated=0.9, held_out=0.1)
    words = plain(marketer.forms().get(f"/hold-outs/{one.id}").text)
    assert "5 days are left, today included" in words
    assert "finds effects that are not there" in words
    assert "Nothing is read before the end" in words
    assert "How much it caused" not in words
    with marketer.api() as api:
        told = api.get(f"/hold-outs/{one.id}/report").json()
    assert (told["lift"], told["treated"] + told["held_out"]) == (None, 600)
    assert (told["words"], told["before"]["treated"]["converters"]) == ("", 0)


def test_groups_of_sizes_that_no_lot_gives_are_not_read(
    filled: Marts, settings: Settings, marketer: Person
) -> None:
    one = over(settings, marketer.tenant)
    lot = Lot(one.lot_key, HALF)
    treated = [name for name in (f"user:{n}" for n in range(400)) if lot.side(name) is Side.TREATED]
    for name in [*treated, "user:lone"]:
        filled.owner(marketer.tenant, f"phone of {name}", name, known_at=long_before())
    for name in [f"user:{n}" for n in range(400) if lot.side(f"user:{n}") is Side.HELD_OUT][:40]:
        filled.owner(marketer.tenant, f"phone of {name}", name, known_at=long_before())
    words = plain(marketer.forms().get(f"/hold-outs/{one.id}").text)
    assert "Do not use this result: the groups have not the sizes that the lot gives." in words
    assert "less than once in a thousand times" in words
    with marketer.api() as api:
        assert not api.get(f"/hold-outs/{one.id}/report").json()["is_a_fair_lot"]


def test_groups_that_differed_before_it_began_are_told_of(
    filled: Marts, settings: Settings, marketer: Person
) -> None:
    one = over(settings, marketer.tenant)
    buyers = drawn_people(filled, marketer.tenant, 600, one, treated=0.3, held_out=0.1)
    for buyer in buyers:
        said = {"user_id": buyer.removeprefix("user:"), "goal_id": one.goal_id, "value": 1}
        filled.conversion(marketer.tenant, buyer, midnight() - 25 * DAY, **said)
    words = plain(marketer.forms().get(f"/hold-outs/{one.id}").text)
    assert "The groups differed before it began" in words


def test_a_goal_that_was_changed_or_archived_since_is_told_of(
    filled: Marts, settings: Settings, marketer: Person
) -> None:
    with marketer.api() as api:
        goal = api.post("/goals", json={"name": "Leads", "event": "lead"}).json()["id"]
        one = over(settings, marketer.tenant, goal_id=GoalId(goal))
        drawn_people(filled, marketer.tenant, 600, one, treated=0.2, held_out=0.2)
        forms = marketer.forms()
        assert "The goal was changed after it began" in plain(forms.get(f"/hold-outs/{one.id}").text)
        api.delete(f"/goals/{goal}").raise_for_status()
        assert "The goal is archived" in plain(forms.get(f"/hold-outs/{one.id}").text)


def test_anybody_can_be_looked_for(
    filled: Marts, settings: Settings, marketer: Person, viewer: Person
) -> None:
    one = begun(settings, marketer.tenant, today() - DAY, today() + DAY, share=HALF)
    lot = Lot(one.lot_key, HALF)
    ann = next(name for name in (f"user:{n}" for n in range(100)) if lot.side(name) is Side.HELD_OUT)
    letters = next(name for name in (f"contact:{n}" for n in range(100)) if lot.side(name) is Side.TREATED)
    filled.owner(marketer.tenant, "phone", ann, known_at=long_before())
    filled.owner(marketer.tenant, letters, ann, known_at=long_before())
    address = f"/hold-outs/{one.id}/lot"
    with marketer.api() as api:
        told = {"person": ann, "side": "held_out", "is_counted": True, "may_be_reached": False}
        assert api.get(address, params={"person": ann}).json() == told
        assert api.get(address, params={"person": letters}).json() == told, "the same person by another name"
        unknown = api.get(address, params={"person": "user:nobody"}).json()
        assert (unknown["side"], unknown["is_counted"]) == (lot.side("user:nobody"), False)
        for wrong in ("ann", "user:", "", "x" * 201):
            assert api.get(address, params={"person": wrong}).status_code == 422
        api.post(f"/hold-outs/{one.id}/end").raise_for_status()
        assert api.get(address, params={"person": ann}).json()["may_be_reached"]
    with viewer.api() as api:
        assert api.get(address, params={"person": ann}).status_code == 403
    page = plain(marketer.forms().get(f"/hold-outs/{one.id}?person={letters}").text)
    assert f"{ann} is held out." in page
    assert "write user: or contact:" in marketer.forms().get(f"/hold-outs/{one.id}?person=ann").text.lower()
    assert "Where somebody stands" not in viewer.forms().get(f"/hold-outs/{one.id}?person={ann}").text


def test_what_it_could_find_is_said_before_it_begins(
    filled: Marts, settings: Settings, marketer: Person
) -> None:
    forms = marketer.forms()
    assert "Nobody was known by name" in plain(forms.get("/hold-outs/new").text)
    one = over(settings, marketer.tenant)
    buyers = drawn_people(filled, marketer.tenant, 600, one, treated=0.2, held_out=0.2)
    page = plain(forms.get("/hold-outs/new?days=28").text)
    assert f"600 people were known by name 28 days ago, and {len(buyers)} of them converted since" in page
    assert "nobody has converted since" in plain(forms.get("/hold-outs/new?days=7").text)
    planned = made(marketer, share="0.5", last_day=(today() + 28 * DAY).isoformat())
    page = plain(forms.get(f"/hold-outs/{planned['id']}").text)
    # 600 people of whom half are held out and a fifth converts find 9.6 points more, which is half as many again.
    assert re.search(r"It finds a lift of \+4\d\.\d\u202f% or more four times in five", page)


def test_without_any_it_says_why_no_model_proves_a_cause(marketer: Person) -> None:
    page = marketer.forms().get("/hold-outs").text
    assert "so that none can prove a cause" in page
    assert "docs/how-to/run-a-hold-out.md" in page


def test_before_the_first_build_the_terms_stand(clickhouse: events.Client, marketer: Person) -> None:
    assert clickhouse
    one, forms = made(marketer), marketer.forms()
    page = forms.get(f"/hold-outs/{one['id']}")
    assert (page.status_code, "has not been built yet" in page.text) == (200, True)
    assert "has not been built yet" in forms.get("/hold-outs/new").text
    with marketer.api() as api:
        assert api.get(f"/hold-outs/{one['id']}/report").status_code == 503
        told = api.get(f"/hold-outs/{one['id']}/lot", params={"person": "user:ann"}).json()
        assert not told["is_counted"]


def test_a_warehouse_that_is_away_leaves_the_terms(house: Settings, tenant: TenantId) -> None:
    nobody = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9")})
    with served(create_app(nobody)) as site:
        visitor = person(house, site, tenant, MemberRole.ADMIN)
        one = made(visitor)
        page = visitor.forms().get(f"/hold-outs/{one['id']}")
        assert (page.status_code, "cannot be reached right now" in page.text) == (200, True)


def test_another_tenants_is_not_there(
    filled: Marts, settings: Settings, marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    one = over(settings, marketer.tenant)
    drawn_people(filled, marketer.tenant, 20, one, treated=0.2, held_out=0.2)
    stranger = strangers[MemberRole.ADMIN]
    with stranger.api() as api:
        for path in ("", "/report", "/lot?person=user:1"):
            assert api.get(f"/hold-outs/{one.id}{path}").status_code == 404
        assert api.post(f"/hold-outs/{one.id}/end").status_code == 404
        assert api.get("/hold-outs").json()["items"] == []
        assert api.post("/hold-outs", json=said(goal_id=one.goal_id)).status_code == 422
    forms = stranger.forms()
    assert forms.get(f"/hold-outs/{one.id}").status_code == 404
    assert forms.get(f"/hold-outs/new?goal_id={one.goal_id}").status_code == 404
    assert forms.post_signed(f"/hold-outs/{one.id}/end").status_code == 404


def test_attribution_leads_to_it(filled: Marts, marketer: Person) -> None:
    assert filled
    assert '<a href="/hold-outs"' in marketer.forms().get("/attribution").text
