"""Where a link leads: the record's target, its tags, and nothing that could split a header."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.directory import Directory, PreparedLink, prepared


def link(
    target: str, *, channel: str = "email", campaign: str | None = "spring", link_id: int = 1
) -> PreparedLink:
    return prepared(
        tenant_id=7,
        link_id=link_id,
        campaign_id=3,
        target_url=target,
        channel=channel,
        utm_campaign=campaign,
        is_archived=False,
    )


def location(found: PreparedLink) -> str:
    return (found.before_click + b"CLICK" + found.after_click).decode("ascii")


def test_the_target_gets_its_tags_and_the_click() -> None:
    assert location(link("https://shop.example/a")) == (
        "https://shop.example/a?utm_source=email&utm_medium=email&utm_campaign=spring&mp_cid=CLICK"
    )


def test_tags_that_are_there_already_stay() -> None:
    parts = urlsplit(location(link("https://shop.example/a?utm_source=partner&size=%20m#top")))
    assert parts.fragment == "top"
    assert parts.query.startswith("utm_source=partner&size=%20m&")
    assert parse_qs(parts.query)["utm_source"] == ["partner"]
    assert parse_qs(parts.query)["utm_campaign"] == ["spring"]


def test_without_campaign_and_channel_there_is_the_click_alone() -> None:
    found = link("https://shop.example", channel="", campaign=None)
    assert location(found) == "https://shop.example?mp_cid=CLICK"
    assert found.without_click == b"https://shop.example"


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//shop.example",
        "shop.example",
        "https:///a",
        "",
        "https://[x",
    ],
)
def test_only_addresses_on_the_web_are_targets(target: str) -> None:
    assert link(target).without_click == b""


@given(st.text(max_size=80))
def test_no_record_can_split_a_header(tail: str) -> None:
    found = link(f"https://shop.example/{tail}\r\nSet-Cookie: a=b", channel=tail[:40], campaign=tail)
    for piece in (found.before_click, found.after_click, found.without_click):
        assert all(0x20 < byte < 0x7F for byte in piece)


def test_the_directory_forgets_what_is_found_no_more() -> None:
    directory = Directory()
    directory.learn_all_links(
        {"a": link("https://a.example", link_id=1), "b": link("https://b.example", link_id=2)}
    )
    directory.learn_links({1, 2}, {"a2": link("https://a.example", link_id=1)})
    assert directory.link("a") is None
    assert directory.link("b") is None
    assert directory.link("a2")
    assert directory.link_count == 1
