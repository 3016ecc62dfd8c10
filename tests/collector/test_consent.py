"""The table of signals, each combination of them."""

import pytest

from collector.consent import Consent, decide, objects, without_ids

PAGE_SAYS = {
    None: Consent.UNKNOWN,
    Consent.UNKNOWN: Consent.UNKNOWN,
    True: Consent.GRANTED,
    Consent.GRANTED: Consent.GRANTED,
    False: Consent.DENIED,
    Consent.DENIED: Consent.DENIED,
}


@pytest.mark.parametrize(("page", "decision"), PAGE_SAYS.items())
def test_without_an_objection_the_page_decides(page: bool | Consent | None, decision: Consent) -> None:
    assert decide(page, objects=False) is decision


@pytest.mark.parametrize("page", PAGE_SAYS)
def test_an_objection_outweighs_whatever_the_page_says(page: bool | Consent | None) -> None:
    assert decide(page, objects=True) is Consent.DENIED


@pytest.mark.parametrize(
    ("gpc", "dnt", "said"),
    [
        (b"1", None, True),
        (None, b"1", True),
        (b"1", b"0", True),
        (b"0", b"0", False),
        (None, None, False),
        (b"yes", b"null", False),
    ],
)
def test_the_browsers_headers(gpc: bytes | None, dnt: bytes | None, said: bool) -> None:
    headers = {name: value for name, value in ((b"sec-gpc", gpc), (b"dnt", dnt)) if value is not None}
    assert objects(headers) is said


def test_an_address_without_ids_keeps_its_campaign_alone() -> None:
    url = "https://ann:pw@shop.example/a?utm_source=x&gclid=abc&mp_cid=1&UTM_Campaign=spring#frag"
    assert without_ids(url) == "https://shop.example/a?utm_source=x&UTM_Campaign=spring"
    assert without_ids("https://[broken") == ""
