"""Click ids: what was given out here is told from what somebody made up."""

from hypothesis import given
from hypothesis import strategies as st

from collector.click_ids import ClickIds
from collector.ids import mint

OURS, OTHERS = ClickIds(bytes(32)), ClickIds(b"x" * 32)


def test_what_was_signed_is_proved_for_its_tenant_and_no_other() -> None:
    click = mint(1_795_000_000_000)
    signed = OURS.signed(7, click)
    assert OURS.proved(7, signed) == click
    assert OURS.proved(8, signed) == ""
    assert OTHERS.proved(7, signed) == ""
    assert len(signed) <= 128  # what the pixel keeps of it


@given(st.text(max_size=200))
def test_what_somebody_made_up_proves_nothing(given_out: str) -> None:
    assert OURS.proved(7, given_out) == ""


@given(st.integers(0, 48), st.characters())
def test_one_wrong_character_is_enough(place: int, character: str) -> None:
    signed = OURS.signed(7, mint(1_795_000_000_000))
    changed = signed[:place] + character + signed[place + 1 :]
    assert (OURS.proved(7, changed) != "") == (changed == signed)
