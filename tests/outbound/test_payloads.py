"""What an author may ask for: a payload is whole and harmless, or the field and the reason are named."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.outbound import payloads
from marketing_pipelines.outbound.kinds.email import EmailPayload
from marketing_pipelines.outbound.payloads import PayloadError
from store.records.actions import ActionType

GOOD: dict[str, Any] = {"recipient": "user@example.com", "subject": "Hello", "body": "Text"}


def test_a_payload_comes_back_as_it_is_stored() -> None:
    assert payloads.checked(ActionType.EMAIL, GOOD).payload == GOOD


def test_an_address_that_is_given_twice_is_one_recipient() -> None:
    mail = payloads.parse(
        ActionType.EMAIL,
        {"recipients": ["A@example.com", "b@example.com", "a@example.com"], "subject": "x", "body": "x"},
    )
    assert isinstance(mail, EmailPayload)
    assert mail.named == ["a@example.com", "b@example.com"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"recipient": None}, "recipient"),
        ({"recipients": ["a@example.com"]}, "recipient"),
        ({"recipient": None, "recipients": []}, "recipients"),
        ({"recipient": None, "recipients": ["a@example.com", "nobody"]}, "recipients.1"),
        ({"recipient": None, "recipients": [f"r{n}@example.com" for n in range(10_001)]}, "recipients"),
        ({"recipient": "nobody"}, "recipient"),
        ({"recipient": "a@example"}, "recipient"),
        ({"recipient": "a@example.com\r\nBcc: b@example.com"}, "recipient"),
        ({"recipient": "a@example.com, b@example.com"}, "recipient"),
        ({"recipient": f"{'a' * 65}@example.com"}, "recipient"),
        ({"recipient": ["a@example.com"]}, "recipient"),
        ({"subject": ""}, "subject"),
        ({"subject": "  "}, "subject"),
        ({"subject": "x" * 256}, "subject"),
        ({"subject": "x\r\nBcc: b@example.com"}, "subject"),
        ({"subject": "x\u202egpj.exe"}, "subject"),
        ({"subject": 7}, "subject"),
        ({"body": ""}, "body"),
        ({"body": "\x00"}, "body"),
        ({"body": "\ud800"}, "body"),
        ({"body": "x" * (256 * 1024 + 1)}, "body"),
        ({"html": "\x1b"}, "html"),
        ({"sender": "Shop\n<shop@example.com>"}, "sender"),
        ({"sender": "shop"}, "sender"),
        ({"cc": "b@example.com"}, "cc"),
    ],
)
def test_a_payload_that_cannot_be_sent_names_the_field_and_the_reason(
    change: dict[str, Any], field: str
) -> None:
    with pytest.raises(PayloadError) as refused:
        payloads.checked(ActionType.EMAIL, {**GOOD, **change})
    (problem,) = refused.value.problems
    assert problem.field == field
    assert problem.reason


def test_every_field_that_is_wrong_is_named() -> None:
    with pytest.raises(PayloadError) as refused:
        payloads.checked(ActionType.EMAIL, {"recipient": "x", "subject": "", "body": 1})
    assert {problem.field for problem in refused.value.problems} == {"recipient", "subject", "body"}


@given(
    st.dictionaries(st.sampled_from([*GOOD, "html", "sender", "x"]), st.none() | st.text() | st.integers())
)
def test_whatever_comes_in_is_taken_or_refused_with_reasons(payload: dict[str, Any]) -> None:
    try:
        stored = payloads.checked(ActionType.EMAIL, payload).payload
    except PayloadError as refused:
        problems = refused.problems
    else:
        problems = [] if payloads.checked(ActionType.EMAIL, stored).payload == stored else None
    assert problems is not None
    assert all(problem.field and problem.reason for problem in problems)
