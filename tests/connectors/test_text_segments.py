"""How texts travel by SMS: held against figures that were counted by hand, and what holds for every text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.text_segments import ROOM, Encoding, measured, plain, saved_by_plain, shown

GSM, UCS = Encoding.GSM_7, Encoding.UCS_2
# Two rows of the table at a time, as 3GPP TS 23.038 prints it, without its escape.
DEFAULT_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"


def test_the_alphabet_is_the_one_of_the_standard() -> None:
    assert len(DEFAULT_ALPHABET) == len(set(DEFAULT_ALPHABET)) == 127
    assert all(measured(letter).encoding is GSM for letter in DEFAULT_ALPHABET + EXTENSION)
    assert all(measured(letter).units == 1 for letter in DEFAULT_ALPHABET)
    assert all(measured(letter).units == 2 for letter in EXTENSION)
    others = [chr(point) for point in range(0x250) if chr(point) not in DEFAULT_ALPHABET + EXTENSION]
    assert {measured(letter).encoding for letter in others} == {UCS}


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", GSM, 0, 1),
        ("a" * 160, GSM, 160, 1),
        ("a" * 161, GSM, 161, 2),
        ("a" * 306, GSM, 306, 2),
        ("a" * 307, GSM, 307, 3),
        ("€" * 80, GSM, 160, 1),
        ("€" * 81, GSM, 162, 2),
        # 76 fit into 153, since none is split: the last septet of the first part stays empty.
        ("€" * 152, GSM, 304, 2),
        ("€" * 153, GSM, 306, 3),
        ("a" + "€" * 152, GSM, 305, 2),
        ("ж" * 70, UCS, 70, 1),
        ("ж" * 71, UCS, 71, 2),
        ("ж" * 134, UCS, 134, 2),
        ("ж" * 135, UCS, 135, 3),
        ("🌲" * 35, UCS, 70, 1),
        ("🌲" * 36, UCS, 72, 2),
        # 33 fit into 67.
        ("🌲" * 66, UCS, 132, 2),
        ("🌲" * 67, UCS, 134, 3),
        ("ж" + "🌲" * 66, UCS, 133, 2),
        ("a" * 159 + "’", UCS, 160, 3),
        ("Grüße aus Köln, €5", GSM, 19, 1),
        ("ça va", UCS, 5, 1),
        ("ÇA VA", GSM, 5, 1),
    ],
)
def test_segments_as_they_are_counted_by_hand(
    text: str, encoding: Encoding, units: int, segments: int
) -> None:
    size = measured(text)
    assert (size.encoding, size.units, size.segments) == (encoding, units, segments)


def test_what_asks_for_ucs_2_is_named_once_in_the_order_in_which_it_stands() -> None:
    assert measured("It’s “new” – it’s 🌲").forcing == ("’", "“", "”", "–", "🌲")
    assert measured("It's new: 5 €").forcing == ()


@pytest.mark.parametrize(
    ("text", "plainly"),
    [
        ("It’s “new” – really…", 'It\'s "new" - really...'),
        ("5\u00a0000\u202fEUR\tnow", "5 000 EUR now"),
        ("soft\u00adhyphen\u200b\ufeff", "softhyphen"),
        ("Garçon, Łódź, naïve, São", "Garcon, Łodz, naive, Sao"),
        ("Gru\u0308ße e\u0301", "Grüße é"),
        ("ﬁne Ａ１ \u2126", "fine A1 Ω"),
        ("жук 🌲", "жук 🌲"),
        ("€[]~ stays", "€[]~ stays"),
    ],
)
def test_what_a_text_is_when_it_is_written_plainly(text: str, plainly: str) -> None:
    assert plain(text) == plainly


@pytest.mark.parametrize(
    ("text", "saved"),
    [
        ("a" * 159 + "’", 2),
        ("a" * 69 + "’", 0),
        ("ж" * 69 + "’’", 0),
        # Something is left that asks for UCS-2 all the same.
        ("ж" * 69 + "…", 0),
        # Each sign is three in plain ones.
        ("…" * 70, 0),
        ("a" * 161, 0),
    ],
)
def test_what_plain_characters_would_save(text: str, saved: int) -> None:
    assert saved_by_plain(text) == saved


def test_characters_are_shown_also_where_nobody_could_see_them() -> None:
    assert [shown(letter) for letter in "’🌲\u200b\u0301\u00a0"] == [
        "’", "🌲", "zero width space", "combining acute accent", "no-break space",
    ]  # fmt: skip


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from(DEFAULT_ALPHABET + EXTENSION + "’🌲ж"),
    max_size=400,
)


@given(TEXTS)
def test_segments_hold_all_units_and_no_segment_is_without_need(text: str) -> None:
    size = measured(text)
    room = ROOM[size.encoding]
    if size.segments == 1:
        assert size.units <= room.alone
    else:
        assert size.units > room.alone
        # What is not split may leave one unit of each part empty.
        assert (size.segments - 1) * (room.in_parts - 1) < size.units <= size.segments * room.in_parts


@given(TEXTS, TEXTS)
def test_more_words_never_take_fewer_segments(text: str, more: str) -> None:
    assert measured(text + more).segments >= max(measured(text).segments, measured(more).segments)


@given(TEXTS)
def test_what_is_plain_stays_so_and_nothing_else_asks_for_ucs_2(text: str) -> None:
    plainly = plain(text)
    assert plain(plainly) == plainly
    if measured(text).encoding is GSM:
        assert plainly == text
    if measured(plainly).encoding is UCS:
        assert measured(text).encoding is UCS


@given(TEXTS)
def test_ucs_2_is_counted_in_units_of_utf_16(text: str) -> None:
    size = measured(text)
    assert (size.encoding is UCS) == bool(size.forcing)
    assert 0 <= saved_by_plain(text) < size.segments
    if size.encoding is UCS:
        assert size.units == len(text.encode("utf-16-le")) // 2
