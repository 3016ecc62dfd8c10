"""Drafts out of a digest: actions that somebody goes on writing, with where they come from, and nothing sent."""

import re
from datetime import UTC, datetime

import pytest

from store import events, records
from store.records.action_states import State
from store.records.actions import Action, ActionType
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.console.visitors import Person
from tests.trends.digests import digested

TODAY = datetime.now(UTC)
DAY = TODAY.date().isoformat()
HOSTILE = "<!channel> *Boots* & <b>coats</b> {{ name }}"


@pytest.fixture
def writer(clickhouse: events.Client, marketer: Person) -> Person:
    told = [(HOSTILE, "https://a.example/boots", 8, 2), ("Coats", "http://a.example/coats", 2, 0)]
    digested(clickhouse, marketer.tenant, TODAY, *told)
    return marketer


def drafted(settings: Settings, writer: Person, **said: str) -> Action:
    answer = writer.forms().post_signed("/trends/draft", day=DAY, **said)
    assert answer.status_code == 303, answer.text
    [number] = [int(part) for part in answer.headers["location"].split("/") if part.isdigit()]
    with records.session(settings, Role.CONSOLE, tenant=writer.tenant) as session:
        return session.get_one(Action, number)


def test_a_digest_becomes_a_chat_message(settings: Settings, writer: Person) -> None:
    action = drafted(settings, writer, form="chat")
    assert (action.type, action.state) == (ActionType.CHAT_MESSAGE, State.DRAFT)
    assert action.provenance == [{"kind": "digest", "id": DAY}]
    text = action.payload["text"]
    assert "<!channel>" not in text
    assert "8 feeds have told it." in text
    assert "2 feeds have told it." in text


def test_a_story_becomes_a_post_that_says_where_it_comes_from(settings: Settings, writer: Person) -> None:
    action = drafted(settings, writer, form="post", story_id=f"story of {HOSTILE}")
    assert action.type is ActionType.SOCIAL_POST
    assert action.payload == {"network": "linkedin", "text": HOSTILE, "link": "https://a.example/boots"}
    assert action.provenance == [{"kind": "story", "id": f"story of {HOSTILE}"}]
    page = writer.forms().get(f"/actions/{action.id}").text
    assert "/assets/trend_scores" in page
    assert "<b>coats</b>" not in page


def test_a_story_becomes_a_campaign_that_says_where_it_comes_from(writer: Person) -> None:
    forms, story = writer.forms(), f"story of {HOSTILE}"
    answer = forms.post_signed("/trends/draft", day=DAY, form="campaign", story_id=story)
    editor = answer.headers["location"]
    assert re.fullmatch(r"/campaigns/\d+/edit", editor)
    with writer.api() as api:
        campaign = api.get(editor.removesuffix("/edit")).json()
    assert (campaign["name"], campaign["status"]) == (HOSTILE, "draft")
    assert campaign["objective"] == "8 feeds have told it."
    assert campaign["provenance"] == [{"kind": "story", "id": story}]
    page = forms.get(editor.removesuffix("/edit")).text
    assert "Where it comes from" in page
    assert "/assets/trend_scores" in page
    assert "<b>coats</b>" not in page
    whole = forms.post_signed("/trends/draft", day=DAY, form="campaign")
    assert whole.status_code == 404, "a digest is of many things, and a campaign of one"


def test_a_campaign_made_by_a_program_says_where_it_comes_from(writer: Person) -> None:
    with writer.api() as api:
        origin = {"kind": "story", "id": "b" * 32}
        made = (
            api.post("/campaigns", json={"name": "Boots", "provenance": [origin]}).raise_for_status().json()
        )
        assert made["provenance"] == [origin]
        changed = api.put(f"/campaigns/{made['id']}", json={"name": "Boots again"}).raise_for_status().json()
        assert changed["provenance"] == [origin], "what it came from is said once"
        refused = api.post("/campaigns", json={"name": "Boots", "provenance": [{"kind": "A b", "id": ""}]})
        assert refused.status_code == 422
    assert f'href="/trends/stories/{"b" * 32}"' in writer.forms().get(f"/campaigns/{made['id']}").text


def test_a_link_that_a_post_cannot_carry_is_left_out(settings: Settings, writer: Person) -> None:
    action = drafted(settings, writer, form="post", story_id="story of Coats")
    assert action.payload == {"network": "linkedin", "text": "Coats"}


def test_a_mail_goes_to_nobody_but_its_writer_until_they_say_so(settings: Settings, writer: Person) -> None:
    action = drafted(settings, writer, form="mail")
    assert action.type is ActionType.EMAIL
    assert action.payload["recipient"] == writer.email
    assert "&lt;b&gt;coats" in action.payload["html"]
    assert "<b>" not in action.payload["html"]


def test_what_is_not_in_the_digest_is_not_drafted(writer: Person) -> None:
    forms = writer.forms()
    assert forms.post_signed("/trends/draft", day=DAY, form="post", story_id="nobody's").status_code == 404
    assert forms.post_signed("/trends/draft", day="2020-01-01", form="chat").status_code == 404
    assert forms.post_signed("/trends/draft", day=DAY, form="telegram").status_code in {404, 422}


def test_only_writers_draft(writer: Person, people: dict[MemberRole, Person]) -> None:
    viewer = people[MemberRole.VIEWER].forms()
    assert viewer.post_signed("/trends/draft", day=DAY, form="chat").status_code == 403
    assert (
        writer.tenant != people[MemberRole.VIEWER].tenant or "Draft a post" not in viewer.get("/trends").text
    )
