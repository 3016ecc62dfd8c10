"""What a link may be called."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.links import slugs
from marketing_pipelines.links.refusals import NotUsable

USABLE = ["spring", "Spring-26", "a", "7", "a.b", "~ann", "_x_", "-", "x" * 64, "EVENTS2", "collected"]
NOT_USABLE = {
    "": "empty",
    "  ": "empty",
    ".": "dot",
    "..": "dot",
    "...": "dot",
    ".well-known": "dot",
    "spring.": "dot",
    "a b": "characters",
    "a/b": "characters",
    "a%2fb": "characters",
    "a?b": "characters",
    "a#b": "characters",
    "a\nb": "characters",
    "früh": "characters",
    "раypal": "characters",
    "🌷": "characters",
    "x" * 65: "longer",
    "robots.txt": "answers itself",
    "Events": "answers itself",
    "R": "answers itself",
}


@pytest.mark.parametrize("slug", USABLE)
def test_a_chosen_slug_keeps_its_letters_and_its_case(slug: str) -> None:
    assert slugs.usable_slug(f" {slug} ") == slug


@pytest.mark.parametrize(("text", "why"), NOT_USABLE.items())
def test_a_slug_that_is_refused_says_why(text: str, why: str) -> None:
    with pytest.raises(NotUsable, match=why):
        slugs.usable_slug(text)


@given(st.text(max_size=80))
def test_any_text_is_a_slug_that_no_address_encodes_or_is_refused(text: str) -> None:
    try:
        slug = slugs.usable_slug(text)
    except NotUsable:
        return
    assert re.fullmatch(r"[A-Za-z0-9._~-]{1,64}", slug)
    assert slugs.usable_slug(slug) == slug


def test_new_slugs_are_short_usable_and_not_the_same() -> None:
    made = {slugs.new_slug() for _ in range(200)}
    assert len(made) == 200
    for slug in made:
        assert len(slug) == slugs.LENGTH
        assert set(slug) <= set(slugs.ALPHABET)
        assert slugs.usable_slug(slug) == slug


def test_no_two_characters_of_a_new_slug_look_or_read_alike() -> None:
    assert len(set(slugs.ALPHABET)) == len(slugs.ALPHABET)
    assert not set(slugs.ALPHABET) & set("01oilaeiouy34")
    assert not any(character.isupper() for character in slugs.ALPHABET)


@pytest.mark.parametrize("length", [0, 4, 65, -1])
def test_new_slugs_are_neither_guessed_nor_too_long(length: int) -> None:
    with pytest.raises(NotUsable):
        slugs.new_slug(length)
