"""The face of what stands in an account: words are kept short, and an account without an end is not believed."""

import pytest

from connectors.errors import TooMuchData
from connectors.inventory import MOST_LISTED, Audience, ListedAd, Status, within_reason


def ad(**words: str) -> ListedAd:
    told = {"id": "1", "name": "n", "said": "ENABLED", "campaign_id": "2", "ad_set_id": "3", **words}
    return ListedAd(status=Status.RUNNING, **told)


@pytest.mark.parametrize(
    ("field", "longest"),
    [("name", 512), ("said", 512), ("headline", 5000), ("text", 5000), ("why", 5000), ("leads_to", 2048)],
)
def test_words_are_cut_where_they_are_too_long(field: str, longest: int):
    assert getattr(ad(**{field: "w" * longest}), field) == "w" * longest
    cut = getattr(ad(**{field: "w" * 100_000}), field)
    assert len(cut) == longest
    assert cut.endswith("w…")


def test_what_no_text_may_hold_is_left_out():
    assert ad(name="Autumn\0 sale").name == "Autumn sale"


def test_lists_have_two_hundred_entries_at_most():
    told = Audience(lists=tuple(f"List {number}" for number in range(1000)), places=("p" * 1000,))
    assert told.lists[-1] == "List 199"
    assert len(told.places[0]) == 512


def test_an_account_without_an_end_is_too_much():
    listed = within_reason(iter(range(MOST_LISTED + 1)), where="test")
    with pytest.raises(TooMuchData):
        list(listed)
    assert len(list(within_reason(iter(range(MOST_LISTED)), where="test"))) == MOST_LISTED
