"""Channel groups, rule by rule; the left column is what a person who plans campaigns would write down."""

import pytest

from marketing_pipelines.events.channels import Arrival, Channel, channel
from marketing_pipelines.events.click_ids import CLICK_IDS, by_name

TAGGED = [
    ("google", "cpc", Channel.PAID_SEARCH),
    ("bing", "cpc", Channel.PAID_SEARCH),
    ("", "cpc", Channel.PAID_SEARCH),
    ("facebook", "cpc", Channel.PAID_SOCIAL),
    ("facebook", "paid", Channel.PAID_SOCIAL),
    ("facebook", "paid_social", Channel.PAID_SOCIAL),
    ("anything", "paid_social", Channel.PAID_SOCIAL),
    ("youtube", "cpc", Channel.PAID_VIDEO),
    ("youtube", "paid_video", Channel.PAID_VIDEO),
    ("partner", "cpc", Channel.PAID_OTHER),
    ("chatgpt", "cpc", Channel.PAID_OTHER),
    ("", "paid", Channel.PAID_OTHER),
    ("google", "display", Channel.DISPLAY),
    ("facebook", "display", Channel.DISPLAY),
    ("facebook", "cpm", Channel.PAID_SOCIAL),
    ("youtube", "cpm", Channel.PAID_VIDEO),
    ("google", "cpm", Channel.DISPLAY),
    ("", "cpm", Channel.DISPLAY),
    ("newsletter", "", Channel.EMAIL),
    ("newsletter", "referral", Channel.EMAIL),
    ("newsletter", "email", Channel.EMAIL),
    ("facebook", "email", Channel.EMAIL),
    ("email", "", Channel.EMAIL),
    ("gmail", "", Channel.EMAIL),
    ("twilio", "sms", Channel.SMS),
    ("sms", "", Channel.SMS),
    ("app", "push", Channel.PUSH),
    ("awin", "affiliate", Channel.AFFILIATE),
    ("spotify", "audio", Channel.AUDIO),
    ("facebook", "social", Channel.ORGANIC_SOCIAL),
    ("facebook", "", Channel.ORGANIC_SOCIAL),
    ("facebook", "organic", Channel.ORGANIC_SOCIAL),
    ("facebook", "referral", Channel.ORGANIC_SOCIAL),
    ("google", "social", Channel.ORGANIC_SOCIAL),
    ("youtube", "social", Channel.ORGANIC_VIDEO),
    ("partner", "video", Channel.ORGANIC_VIDEO),
    ("google", "organic", Channel.ORGANIC_SEARCH),
    ("google", "search", Channel.ORGANIC_SEARCH),
    ("google", "", Channel.ORGANIC_SEARCH),
    ("partner", "organic", Channel.ORGANIC_SEARCH),
    ("chatgpt", "", Channel.AI_ASSISTANT),
    ("chatgpt", "referral", Channel.AI_ASSISTANT),
    ("chatgpt", "organic", Channel.AI_ASSISTANT),
    ("partner.example", "referral", Channel.REFERRAL),
    ("partner", "qr", Channel.OTHER),
    ("partner", "", Channel.OTHER),
]


@pytest.mark.parametrize(("source", "medium", "expected"), TAGGED)
def test_source_and_medium_make_a_channel(source: str, medium: str, expected: Channel) -> None:
    assert channel(Arrival(source, medium)) is expected


PROVEN = [
    ("", "", Channel.PAID_SEARCH, Channel.PAID_SEARCH),
    ("google", "search", Channel.PAID_SEARCH, Channel.PAID_SEARCH),
    ("tiktok", "social", Channel.PAID_SOCIAL, Channel.PAID_SOCIAL),
    ("partner", "referral", Channel.AFFILIATE, Channel.AFFILIATE),
    # What the marketer says about paying is more particular than what the id says.
    ("google", "display", Channel.PAID_SEARCH, Channel.DISPLAY),
    ("newsletter", "email", Channel.PAID_SEARCH, Channel.EMAIL),
]


@pytest.mark.parametrize(("source", "medium", "proven", "expected"), PROVEN)
def test_a_click_id_of_ads_makes_a_paid_channel(
    source: str, medium: str, proven: Channel, expected: Channel
) -> None:
    assert channel(Arrival(source, medium, proven)) is expected


def test_who_says_nothing_came_directly_from_within_or_is_not_known() -> None:
    assert channel(Arrival()) is Channel.DIRECT
    assert channel(Arrival(is_same_site=True)) is Channel.INTERNAL
    assert channel(Arrival(has_page=False)) is Channel.UNKNOWN


def test_every_channel_can_be_reached() -> None:
    reached = {expected for _, _, expected in TAGGED} | {expected for *_, expected in PROVEN}
    assert reached | {Channel.DIRECT, Channel.INTERNAL, Channel.UNKNOWN} == set(Channel)


PROOF = {
    Channel.PAID_SEARCH: "gclid gbraid wbraid msclkid yclid sznclid",
    Channel.PAID_SOCIAL: "ttclid li_fat_id twclid rdt_cid sccid ndclid qclid",
    Channel.DISPLAY: "dclid vmcid tblci dicbo",
    Channel.AFFILIATE: "irclickid cjevent awc sscid ransiteid tduid",
    None: "fbclid epik",
}


def test_each_click_id_proves_what_the_table_says_and_fbclid_proves_nothing() -> None:
    said = {name: channel_ for channel_, names in PROOF.items() for name in names.split()}
    assert {name: click_id.channel for name, click_id in by_name().items()} == said
    assert len(by_name()) == len(CLICK_IDS)
