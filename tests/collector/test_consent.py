"""The table of signals, each combination of them."""

from itertools import product

import pytest

from collector.consent import Consent, Decision, Objection, decide, objection, without_ids

PAGE_SAYS = {
    None: Consent.UNKNOWN,
    Consent.UNKNOWN: Consent.UNKNOWN,
    True: Consent.GRANTED,
    Consent.GRANTED: Consent.GRANTED,
    False: Consent.DENIED,
    Consent.DENIED: Consent.DENIED,
}


@pytest.mark.parametrize(("page", "objects", "needs_yes"), [*product(PAGE_SAYS, Objection, (False, True))])
def test_every_combination_of_signals(
    page: bool | Consent | None, objects: Objection, needs_yes: bool
) -> None:
    """The rule in words, against the table in code."""
    said = PAGE_SAYS[page]
    if objects is not Objection.NONE or said is Consent.DENIED:
        expected, keeps_ids = Consent.DENIED, False
    elif said is Consent.GRANTED:
        expected, keeps_ids = Consent.GRANTED, True
    else:
        expected, keeps_ids = Consent.UNKNOWN, not needs_yes
    browser = {"gpc": ("gpc",), "dnt": ("dnt",), "gpc+dnt": ("gpc", "dnt"), "": ()}[objects.value]
    page_said = () if said is Consent.UNKNOWN else (f"page:{said.value}",)
    assert decide(page, objects, needs_yes=needs_yes) == Decision(expected, browser + page_said, keeps_ids)


@pytest.mark.parametrize(
    ("gpc", "dnt", "said"),
    [
        (b"1", None, Objection.GPC),
        (None, b"1", Objection.DNT),
        (b"1", b"1", Objection.BOTH),
        (b"1", b"0", Objection.GPC),
        (b"0", b"0", Objection.NONE),
        (None, None, Objection.NONE),
        (b"yes", b"null", Objection.NONE),
    ],
)
def test_the_browsers_headers(gpc: bytes | None, dnt: bytes | None, said: Objection) -> None:
    headers = {name: value for name, value in ((b"sec-gpc", gpc), (b"dnt", dnt)) if value is not None}
    assert objection(headers) is said


def test_an_address_without_ids_keeps_its_campaign_alone() -> None:
    url = "https://ann:pw@shop.example/a?utm_source=x&gclid=abc&mp_cid=1&UTM_Campaign=spring#frag"
    assert without_ids(url) == "https://shop.example/a?utm_source=x&UTM_Campaign=spring"
    assert without_ids("https://[broken") == ""
