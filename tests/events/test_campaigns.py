"""Campaign tags: one name for what people write in many ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.events import aliases, campaigns

SOURCES = {
    "facebook": [
        "facebook",
        "Facebook",
        "fb",
        "FB",
        " fb ",
        "facebook.com",
        "m.facebook",
        "m.facebook.com",
        "facebook-ads",
    ],
    "instagram": ["ig", "IG", "instagram", "l.instagram.com", "Instagram_Ads"],
    "google": ["google", "Google", "google.com", "google.co.uk", "adwords", "GoogleAds", "google ads"],
    "twitter": ["x", "X", "twitter", "t.co", "x.com", "twitter.com"],
    "chatgpt": ["chatgpt.com", "ChatGPT", "openai"],
    "yahoo!": ["yahoo", "Yahoo!", "search.yahoo.com"],
    "email": ["e-mail", "Email", "e_mail"],
    "newsletter": ["newsletter", "Newsletter"],
    "partner.example": ["partner.example", "Partner.Example"],
    "summer  sale".replace("  ", " "): ["Summer Sale", " summer   sale "],
    "": ["", " ", "(direct)", "direct", "(not set)"],
}
MEDIUMS = {
    "cpc": ["cpc", "CPC", "ppc", "paidsearch", "paid-search", "Paid Search", "paid_search", "sem"],
    "paid_social": ["paid_social", "paid-social", "paidsocial", "Paid Social", "social_paid"],
    "email": ["email", "e-mail", "E_Mail", "newsletter", "Newsletter", "drip"],
    "social": ["social", "social-media", "Social Network", "sm"],
    "organic": ["organic", "seo", "organic_search"],
    "display": ["display", "banner", "gdn"],
    "cpm": ["cpm", "CPM"],
    "ai_assistant": ["ai-assistant", "ai_assistant"],
    "affiliate": ["affiliate", "Affiliates", "partner"],
    "qr": ["qr", "QR"],
    "": ["", "(none)", "(not set)"],
}


@pytest.mark.parametrize(
    ("name", "written"), [(name, each) for name, all_ in SOURCES.items() for each in all_]
)
def test_a_source_counts_under_one_name(name: str, written: str) -> None:
    assert campaigns.source(written) == name


@pytest.mark.parametrize(
    ("name", "written"), [(name, each) for name, all_ in MEDIUMS.items() for each in all_]
)
def test_a_medium_counts_under_one_name(name: str, written: str) -> None:
    assert campaigns.medium(written) == name


@pytest.mark.parametrize("table", [aliases.SOURCES, aliases.MEDIUMS])
def test_no_spelling_belongs_to_two_names_and_none_is_written_in_vain(
    table: dict[str, tuple[str, ...]],
) -> None:
    spellings = [spelling for spellings in table.values() for spelling in spellings]
    assert len(spellings) == len(set(spellings))
    assert not set(spellings) & set(table)
    assert all(spelling == spelling.lower().translate(str.maketrans("", "", " -_")) for spelling in spellings)


@given(st.text(max_size=300))
def test_a_name_is_its_own_name(written: str) -> None:
    assert campaigns.source(campaigns.source(written)) == campaigns.source(written)
    assert campaigns.medium(campaigns.medium(written)) == campaigns.medium(written)
