"""What stands out in a mail, and how risky that makes it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.email import links
from marketing_pipelines.links.targets import BlockList
from marketing_pipelines.outbound.preflight import Severity, assess, findings
from store.records.policies import Risk

BLOCKED = BlockList(["evil.example"])


def codes(subject: str = "News", text: str = "Hello.", html: str = "") -> list[str]:
    return [found.code for found in findings(subject, text, html, links.found_in(text, html), BLOCKED)]


def test_a_plain_mail_has_nothing_that_stands_out() -> None:
    assert (
        codes(text="See https://shop.example/coats?a=1", html='<a href="https://shop.example/">Shop</a>')
        == []
    )


@pytest.mark.parametrize(
    ("code", "mail"),
    [
        ("placeholder", {"text": "Dear {{ first_name }}"}),
        ("placeholder", {"subject": "Dear [Name]"}),
        ("placeholder", {"html": "<p>Lorem ipsum dolor</p>"}),
        ("long_subject", {"subject": "x" * 79}),
        ("shouting", {"subject": "LAST CHANCE TODAY"}),
        ("insecure_link", {"text": "http://shop.example/"}),
        ("blocked_host", {"text": "https://evil.example/x"}),
        ("disguised_link", {"html": '<a href="https://evil.example.org/x">www.shop.example</a>'}),
        ("disguised_link", {"html": '<a href="https://pay.example"><b>https://</b>bank.example/login</a>'}),
    ],
)
def test_what_stands_out_is_named(code: str, mail: dict[str, str]) -> None:
    assert code in codes(**mail)


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://www.shop.example/x">shop.example</a>',
        '<a href="https://shop.example/x">www.shop.example</a>',
        '<a href="https://shop.example/x">Our shop.</a>',
        '<a href="mailto:a@shop.example">a@shop.example</a>',
        '<a href="https://[::1">shop.example</a>',
        "<a>shop.example</a>",
    ],
)
def test_links_that_say_where_they_lead_are_fine(html: str) -> None:
    assert "disguised_link" not in codes(html=html)


@given(subject=st.text(max_size=100), text=st.text(max_size=200), html=st.text(max_size=300))
def test_no_words_are_too_odd_to_be_read(subject: str, text: str, html: str) -> None:
    for found in findings(subject, text, html, links.found_in(text, html), BLOCKED):
        assert len(found.text) < 300


@pytest.mark.parametrize(
    ("recipients", "serious", "warnings", "risk"),
    [
        (1, 0, 0, Risk.LOW),
        (499, 0, 1, Risk.MEDIUM),
        (500, 0, 0, Risk.MEDIUM),
        (1, 1, 3, Risk.HIGH),
        (5_000, 0, 0, Risk.HIGH),
    ],
)
def test_audience_and_findings_make_the_risk(
    recipients: int, serious: int, warnings: int, risk: Risk
) -> None:
    found = findings("NEWS NEWS", "", "", [], BLOCKED)[:1] * warnings
    worse = findings("News", "", "", ["https://evil.example"], BLOCKED) * serious
    assert all(finding.severity is Severity.SERIOUS for finding in worse)
    assessed = assess(recipients, Decimal(0), [*found, *worse])
    assert assessed.risk is risk
    assert bool(assessed.reasons) is (risk is not Risk.LOW)


@pytest.mark.parametrize(
    ("cost", "risk"),
    [("0", Risk.LOW), ("999.99", Risk.LOW), ("1000", Risk.MEDIUM), ("10000", Risk.HIGH)],
)
def test_money_makes_the_risk(cost: str, risk: Risk) -> None:
    assessed = assess(1, Decimal(cost), [])
    assert assessed.risk is risk
    assert bool(assessed.reasons) is (risk is not Risk.LOW)
