"""Goals as pages: listed with what comes in, defined and changed with refusals beside the fields."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.app import create_app
from store import events
from store.records.people import MemberRole
from store.settings import Settings
from tests.console.conftest import served
from tests.console.furniture.watching import TABLES
from tests.console.measuring.test_goals import LEAD, defined, listed
from tests.console.visitors import Forms, Person, everyone
from tests.console.writing import etag_of

People = dict[MemberRole, Person]
TYPED = {name: str(value) for name, value in LEAD.items()}


def sent(forms: Forms, path: str, **changes: str) -> Any:
    return forms.post_signed(path, **{**TYPED, **changes})


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def test_a_goal_is_defined_changed_put_at_the_head_and_archived(marketer: Person) -> None:
    forms = marketer.forms()
    answer = sent(forms, "/goals/new", currency="usd")
    assert answer.headers["location"] == "/goals?done=defined"
    goal, purchases = sorted(listed(marketer), key=lambda goal: goal["name"])
    assert {name: goal[name] for name in LEAD} == LEAD | {"fixed_value": "12.5000"}
    page = plain(forms.get("/goals?done=defined").text)
    assert "Leads" in page
    assert "counts lead once a person within 7 days" in page
    assert "worth 12.5 USD" in page
    assert "credit up to 90 days back" in page
    editor = forms.get(f"/goals/{goal['id']}").text
    assert 'value="12.5"' in editor
    changed = sent(forms, f"/goals/{goal['id']}", etag=etag_of(editor), fixed_value="", counting="each")
    assert changed.headers["location"] == "/goals?done=changed"
    assert "worth what the event says" in plain(forms.get("/goals").text)
    assert (
        forms.post_signed(f"/goals/{goal['id']}/make-headline").headers["location"] == "/goals?done=headline"
    )
    assert (
        forms.post_signed(f"/goals/{purchases['id']}/archive").headers["location"] == "/goals?done=archived"
    )
    page = plain(forms.get("/goals").text)
    assert page.index("Leads") < page.index("Archived") < page.index("Purchases")
    assert "counts no more" in forms.get(f"/goals/{purchases['id']}").text


@pytest.mark.parametrize(
    ("typed", "field", "reason"),
    [
        ({"name": " "}, "name", "Fill this in"),
        ({"name": "Purchases"}, "name", "There is a goal"),
        ({"event": ""}, "event", "Fill this in"),
        ({"refund_event": "lead"}, "refund_event", "its own refund"),
        ({"fixed_value": "much"}, "fixed_value", "Write a number"),
        ({"currency": "EURO"}, "currency", "three capital letters"),
        ({"once_days": "0"}, "once_days", "greater than or equal to 1"),
        ({"lookback_days": "years"}, "lookback_days", "Write a whole number"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_what_was_typed_stays(
    marketer: Person, typed: dict[str, str], field: str, reason: str
) -> None:
    forms = marketer.forms()
    refused = sent(forms, "/goals/new", **typed)
    assert refused.status_code == 422
    beside = refused.text.split(f'id="{field}-trouble"')[1].split("</p>")[0]
    assert reason in beside
    assert f'value="{typed[field]}"' in refused.text
    assert 'value="90"' in refused.text or field == "lookback_days"
    assert len(listed(marketer)) == 1


def test_two_who_change_a_goal_at_once_are_told(people: People) -> None:
    goal = defined(people[MemberRole.MARKETER])
    address = f"/goals/{goal['id']}"
    ann, ben = people[MemberRole.MARKETER].forms(), people[MemberRole.ANALYST].forms()
    hers, his = etag_of(ann.get(address).text), etag_of(ben.get(address).text)
    assert sent(ann, address, etag=hers, event="signup").status_code == 303
    told = sent(ben, address, etag=his, lookback_days="14")
    assert told.status_code == 409
    assert "Somebody has saved this meanwhile" in told.text
    assert "<dd>signup</dd>" in told.text
    assert 'value="14"' in told.text
    assert sent(ben, address, etag=etag_of(told.text), lookback_days="14").status_code == 303


def test_the_head_cannot_be_archived_by_whoever_knows_the_address(marketer: Person) -> None:
    [purchases] = listed(marketer)
    refused = marketer.forms().post_signed(f"/goals/{purchases['id']}/archive")
    assert (refused.status_code, "another goal at the head first" in refused.text) == (409, True)


def test_whoever_may_not_change_them_reads_them(people: People) -> None:
    goal = defined(people[MemberRole.MARKETER])
    forms = people[MemberRole.VIEWER].forms()
    for path in ("/goals", f"/goals/{goal['id']}"):
        page = forms.get(path)
        assert page.status_code == 200
        assert 'button class="button primary"' not in page.text
        assert "Archive<" not in page.text
        assert f'action="{path}"' not in page.text
    assert "once a person within 7 days" in page.text
    assert "12.5 USD" in page.text
    assert forms.get("/goals/new").status_code == 403


def test_what_people_write_is_shown_as_text(marketer: Person) -> None:
    hostile = '<img src=x onerror="alert(1)">'
    goal = defined(marketer, name=hostile, event=hostile)
    forms = marketer.forms()
    for path in ("/goals", f"/goals/{goal['id']}"):
        assert "<img src=x" not in forms.get(path).text


def test_a_goal_that_nothing_comes_in_for_says_so(settings: Settings, tenant: Any) -> None:
    table = "staging.stg_events"
    with events.connect(settings) as client, served(create_app(settings)) as site:
        client.command(f"drop table if exists {table}")
        forms = everyone(settings, site, tenant)[MemberRole.ADMIN].forms()
        assert "cannot say right now" in forms.get("/goals").text
        client.command(f"create table {table} ({TABLES[table]}) engine = MergeTree order by tenant_id")
        assert "Nothing comes in" in forms.get("/goals").text
        today = datetime.now(UTC).date()
        columns = ["tenant_id", "event_id", "event", "occurred_on", "is_bot"]
        rows = [
            [tenant, uuid.uuid4().hex, "purchase", today, False],
            [tenant, uuid.uuid4().hex, "purchase", today, True],
            [tenant, uuid.uuid4().hex, "purchase", today - timedelta(days=40), False],
            [tenant + 1, uuid.uuid4().hex, "purchase", today, False],
            [tenant, uuid.uuid4().hex, 'odd"><b>', today, False],
        ]
        client.insert(table, rows, column_names=columns)
        page = forms.get("/goals").text
        assert "Nothing comes in" not in page
        assert "1 in 28 days" in plain(page)
        assert '<option value="odd&#34;&gt;&lt;b&gt;">' in forms.get("/goals/new").text
        client.command(f"drop table {table}")
