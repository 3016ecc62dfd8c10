"""Announcements: one draft for each channel, whose links say where they were."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.campaigns import announcement
from marketing_pipelines.campaigns.announcement import Announcement, Outlet
from marketing_pipelines.outbound import payloads, preflight
from store.records.actions import ActionType

SAID = Announcement(
    "New coats.", list(Outlet), "https://shop.example/coats?size=m#red", "https://shop.example/coat.jpg"
)


def test_each_outlet_gets_a_draft_that_its_channel_takes() -> None:
    made = announcement.drafts(SAID, "Winter", "winter")
    assert [outlet for outlet, _ in made] == list(Outlet)
    for outlet, draft in made:
        stored = payloads.checked(draft.type, draft.payload).payload
        assert "New coats." in str(stored), outlet
    assert [draft.type for _, draft in made] == [
        *[ActionType.SOCIAL_POST] * 6,
        ActionType.CHAT_MESSAGE,
        ActionType.CMS_WEBHOOK,
    ]


def test_a_channel_that_is_named_twice_says_it_once() -> None:
    said = Announcement("x", [Outlet.CHAT, Outlet.CHAT])
    assert len(announcement.drafts(said, "Winter", "winter")) == 1


def test_links_say_where_they_were_and_what_a_network_does_not_show_is_left_out() -> None:
    made = {outlet: draft.payload for outlet, draft in announcement.drafts(SAID, "Winter", "winter")}
    assert made[Outlet.FACEBOOK]["link"] == (
        "https://shop.example/coats?size=m&utm_source=facebook&utm_medium=social&utm_campaign=winter#red"
    )
    assert "utm_source=chat" in made[Outlet.CHAT]["text"]
    assert "utm_source=cms" in made[Outlet.CMS]["data"]["link"]
    assert "link" not in made[Outlet.INSTAGRAM]
    assert "image" not in made[Outlet.REDDIT]


def test_what_a_link_says_already_stays() -> None:
    link = announcement.tracked(
        "https://shop.example/?utm_source=mine&b=&a=1", "facebook", "social", "winter"
    )
    said = parse_qs(urlsplit(link).query, keep_blank_values=True)
    assert said["utm_source"] == ["mine"]
    assert said["b"] == [""]
    assert said["utm_campaign"] == ["winter"]


@given(
    query=st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=8), st.text(max_size=8), max_size=4
    )
)
def test_whatever_a_link_says_is_kept_and_it_is_tracked_after(query: dict[str, str]) -> None:
    link = announcement.tracked(f"https://shop.example/a?{urlencode(query)}", "linkedin", "social", "winter")
    said = parse_qs(urlsplit(link).query, keep_blank_values=True)
    assert {name: [value] for name, value in query.items()}.items() <= said.items()
    blanked = any(not query.get(name, "x") for name in ("utm_source", "utm_medium"))
    assert preflight.is_untracked(link) == blanked


@pytest.mark.parametrize(
    "link", ["https://shop.example/", "https://shop.example/?utm_source=x", "http://a.example"]
)
def test_a_link_is_untracked_until_it_says_source_and_medium(link: str) -> None:
    assert preflight.is_untracked(link)
    assert not preflight.is_untracked("https://shop.example/?utm_source=x&utm_medium=y")
    assert not preflight.is_untracked("mailto:user@shop.example")
