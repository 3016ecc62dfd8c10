"""Where a link leads whom: terms, targets, fallbacks, block lists, and who counts as a person."""

import pytest

from collector.directory import PreparedLink, Terms
from collector.leading import Ending, Lead, Visitor, chance_of, chosen, closed, elsewhere, is_person, straight
from marketing_pipelines.links.targets import BlockList, Target
from tests.collector.conftest import PERSON

SHOP = "https://shop.example/"
NONE_BLOCKED = BlockList(())


def link(target: str = SHOP, terms: Terms | None = None) -> PreparedLink:
    return PreparedLink(1, 7, 0, target, terms=terms)


@pytest.mark.parametrize(
    ("terms", "moment", "ending"),
    [
        (Terms(), 5, None),
        (Terms(opens_at=6), 5, Ending.NOT_YET),
        (Terms(opens_at=5), 5, None),
        (Terms(closes_at=6), 5, None),
        (Terms(closes_at=5), 5, Ending.EXPIRED),
        (Terms(is_archived=True, opens_at=6), 5, Ending.ARCHIVED),
    ],
)
def test_a_link_is_open_from_its_start_to_its_end(terms: Terms, moment: int, ending: Ending | None) -> None:
    assert closed(terms, moment) is ending


def test_what_is_closed_leads_to_the_fallback_and_what_is_archived_nowhere() -> None:
    terms = Terms(fallback="https://shop.example/over")
    assert elsewhere(terms, Ending.EXPIRED, NONE_BLOCKED) == Lead(
        "https://shop.example/over", ending=Ending.EXPIRED
    )
    assert elsewhere(terms, Ending.ARCHIVED, NONE_BLOCKED).address == ""
    assert elsewhere(None, Ending.NOT_USABLE, NONE_BLOCKED).address == ""


def test_a_blocked_host_is_never_led_to() -> None:
    terms = Terms(fallback="https://safe.example/")
    block_list = BlockList([".shop.example"])
    assert straight(link(terms=terms), block_list) == Lead("https://safe.example/", ending=Ending.BLOCKED)
    assert straight(link(), block_list) == Lead("", ending=Ending.BLOCKED)
    both = BlockList([".shop.example", "safe.example"])
    assert straight(link(terms=terms), both).address == ""


def test_a_link_without_a_usable_target_says_so() -> None:
    assert straight(link(""), NONE_BLOCKED) == Lead("", ending=Ending.NOT_USABLE)


def test_the_target_that_fits_comes_before_the_links_own() -> None:
    terms = Terms(
        targets=(
            Target("https://shop.example/at", countries=frozenset({"AT"})),
            Target("https://shop.example/de", languages=frozenset({"de"})),
        )
    )

    def led(country: str, language: str) -> str:
        return chosen(link(terms=terms), terms, Visitor(country, PERSON, language, 0.5), NONE_BLOCKED).address

    assert led("AT", "") == "https://shop.example/at"
    assert led("US", "de-AT,en;q=0.5") == "https://shop.example/de"
    assert led("US", "en") == SHOP


def test_a_variant_is_remembered_and_a_blocked_target_is_not_led_to() -> None:
    terms = Terms(fallback="https://safe.example/", targets=(Target("https://evil.example/", variant_id=4),))
    visitor = Visitor("", PERSON, "", 0.5)
    assert chosen(link(terms=terms), terms, visitor, NONE_BLOCKED) == Lead("https://evil.example/", 4)
    led = chosen(link(terms=terms), terms, visitor, BlockList(["evil.example"]))
    assert led == Lead("https://safe.example/", ending=Ending.BLOCKED)


def test_who_comes_again_has_the_same_chance_and_many_have_all_of_them() -> None:
    key = bytes(32)
    assert chance_of(key, 1, "192.0.2.1", PERSON) == chance_of(key, 1, "192.0.2.1", PERSON)
    assert chance_of(key, 1, "192.0.2.1", PERSON) != chance_of(key, 2, "192.0.2.1", PERSON)
    assert chance_of(key, 1, "192.0.2.1", PERSON) != chance_of(b"x" * 32, 1, "192.0.2.1", PERSON)
    chances = [chance_of(key, 1, f"2001:db8::{number:x}", PERSON) for number in range(4000)]
    assert all(0 <= chance < 1 for chance in chances)
    for tenth in range(10):
        assert 300 < sum(tenth / 10 <= chance < (tenth + 1) / 10 for chance in chances) < 500


@pytest.mark.parametrize(
    ("user_agent", "signals", "person"),
    [
        (PERSON, (), True),
        (PERSON, ("burst",), True),  # an office has one address too
        (PERSON, ("head",), False),
        (PERSON, ("prefetch",), False),
        (PERSON, ("preview",), False),
        (PERSON, ("verified_bot:googlebot",), False),
        ("", (), False),
        ("curl/8.5.0", (), False),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", (), False),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", (), False),
    ],
)
def test_programs_are_no_people(user_agent: str, signals: tuple[str, ...], person: bool) -> None:
    assert is_person(user_agent, signals) is person
