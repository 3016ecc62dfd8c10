"""What the edge keeps of links: addresses with their tags, nothing that could split a header, little memory."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.directory import Links, PreparedLink
from collector.directory.preparing import LinkRow, TargetRow, prepared
from marketing_pipelines.events import campaigns, channels
from marketing_pipelines.events.channels import Arrival, Channel
from marketing_pipelines.events.user_agents import Device
from marketing_pipelines.links.targets import Target
from marketing_pipelines.links.utm import MEDIUM_OF_CHANNEL


def link(
    target: str = "https://shop.example", *, channel: str = "", utm_campaign: str | None = None, **said: Any
) -> PreparedLink:
    row = LinkRow("a", 7, said.pop("link_id", 1), target, 3, channel, utm_campaign)
    return prepared(row._replace(**said), own_hosts={"go.example:443"})


def target(url: str, *, weight: int = 1, variant: tuple[int, float] | None = None, **fits: Any) -> TargetRow:
    variant_id, variant_weight = variant or (None, None)
    return TargetRow(
        1,
        url,
        weight,
        countries=fits.get("countries", []),
        devices=fits.get("devices", []),
        systems=fits.get("systems", []),
        languages=fits.get("languages", []),
        variant_id=variant_id,
        variant_weight=variant_weight,
    )


def test_the_target_gets_its_tags() -> None:
    assert link("https://shop.example/a", channel="email", utm_campaign="spring").target == (
        "https://shop.example/a?utm_source=email&utm_medium=email&utm_campaign=spring"
    )


@pytest.mark.parametrize("channel", sorted(set(Channel) & set(MEDIUM_OF_CHANNEL)))
def test_a_links_tags_say_its_channel_to_the_rules(channel: Channel) -> None:
    tags = parse_qs(urlsplit(link(channel=channel).target).query)
    source, medium = (campaigns.source(tags["utm_source"][0]), campaigns.medium(tags["utm_medium"][0]))
    assert channels.channel(Arrival(source=source, medium=medium)) is channel


def test_tags_that_are_there_already_stay() -> None:
    tagged = link(
        "https://shop.example/a?utm_source=partner&size=%20m#top", channel="email", utm_campaign="spring"
    )
    parts = urlsplit(tagged.target)
    assert parts.fragment == "top"
    assert parts.query.startswith("utm_source=partner&size=%20m&")
    assert parse_qs(parts.query)["utm_campaign"] == ["spring"]


def test_a_plain_link_has_no_terms_and_no_tags() -> None:
    found = link()
    assert (found.target, found.terms) == ("https://shop.example", None)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//shop.example",
        "shop.example",
        "https:///a",
        "",
        "https://[x",
        "https://ann@shop.example/",
        "https://go.example/r/a",
    ],
)
def test_only_addresses_on_the_web_that_do_not_lead_back_are_targets(address: str) -> None:
    assert link(address).target == ""


@given(st.text(max_size=80))
def test_no_record_can_split_a_header(tail: str) -> None:
    found = link(f"https://shop.example/{tail}\r\nSet-Cookie: a=b", channel=tail[:40], utm_campaign=tail)
    assert all(0x20 < ord(character) < 0x7F for character in found.target)
    found = link(f"https://shop.example/{tail}", channel=tail[:40], utm_campaign=tail, fallback_url=tail)
    assert all(0x20 < ord(character) < 0x7F for character in found.target)


def test_terms_are_those_of_the_record() -> None:
    start, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    found = link(
        archived_at=start, starts_at=start, expires_at=end, password_hash="$argon2", max_clicks=3,
        fallback_url="https://shop.example/over", passed_parameters=["GCLID"], channel="sms",
    )  # fmt: skip
    assert found.terms is not None
    assert (found.terms.is_archived, found.terms.has_limit) == (True, True)
    assert (found.terms.opens_at, found.terms.closes_at) == (start.timestamp() * 1000, end.timestamp() * 1000)
    assert found.terms.fallback == "https://shop.example/over?utm_source=sms&utm_medium=sms"
    assert found.terms.passed_parameters == {"gclid"}


def test_targets_keep_their_conditions_and_a_variant_its_own_weight() -> None:
    rows = [
        target("https://shop.example/at", countries=["AT"], devices=["mobile"], systems=["iOS"]),
        target("https://shop.example/b", weight=5, variant=(9, 0.25)),
        target("javascript:alert(1)"),
    ]
    found = prepared(LinkRow("a", 7, 1, "https://shop.example"), rows)
    assert found.terms is not None
    assert found.terms.targets == (
        Target(
            "https://shop.example/at",
            countries=frozenset({"AT"}),
            devices=frozenset({Device.MOBILE}),
            systems=frozenset({"iOS"}),
        ),
        Target("https://shop.example/b", weight=250_000, variant_id=9),
    )


def test_what_is_kept_is_what_is_found() -> None:
    links = Links()
    kept = prepared(
        LinkRow("a", 7, 1, "https://shop.example", 3, "email", "spring", max_clicks=2),
        [target("https://shop.example/at", countries=["AT"])],
    )
    links.learn_each([("a", kept)])
    assert links.get("a") == kept
    assert links.get("b") is None


def test_links_that_are_found_no_more_are_forgotten() -> None:
    links = Links()
    one, other = link("https://a.example", link_id=1), link("https://b.example", link_id=2)
    assert links.learn_each([("a", one), ("b", other)]) == 2
    links.learn([1, 2], {"a2": one})
    assert (links.get("a"), links.get("b"), links.get("a2"), len(links)) == (None, None, one, 1)
    links.learn_each([("b", other)])
    links.forget_all_but({"b"})
    assert (links.get("a2"), links.get("b")) == (None, other)


slugs = st.sampled_from("abcd")
worlds = st.dictionaries(st.integers(1, 4), slugs).map(
    lambda by_id: {slug: number for number, slug in by_id.items()}  # a slug is one link's
)


@given(st.lists(worlds, max_size=6))
def test_after_any_changes_each_slug_is_its_last_link(history: list[dict[str, int]]) -> None:
    links, before = Links(), dict[str, int]()
    for world in history:
        changed = {number for _, number in before.items() ^ world.items()}
        links.learn(changed, {slug: link(link_id=n) for slug, n in world.items() if n in changed})
        found = {slug: kept.link_id for slug in "abcd" if (kept := links.get(slug))}
        assert found == world
        before = world
