"""Tags: one spelling, few, short, and nothing in them that is not seen."""

import pytest

from marketing_pipelines.creatives import tags
from marketing_pipelines.creatives.refusals import NotACreative


def test_one_spelling_finds_them_all() -> None:
    assert tags.of_line(" Summer , summer,SUMMER  2027,, ﬁt") == ("summer", "summer 2027", "fit")
    assert tags.normalised(["Straße", "STRASSE"]) == ("strasse",)


@pytest.mark.parametrize(
    "given", [["x" * 41], ["a\u0007"], ["a\u202eb"], ["a,b"], [f"t{n}" for n in range(10_000)]]
)
def test_what_is_no_tag_or_too_many_is_refused(given: list[str]) -> None:
    with pytest.raises(NotACreative):
        tags.normalised(given)


def test_a_line_of_ten_thousand_tags_is_refused() -> None:
    with pytest.raises(NotACreative, match="characters of tags"):
        tags.of_line(",".join(map(str, range(10_000))))
