"""Reference rates: read off the sandbox as off the bank, and refused whole where anything is not as documented."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import reference_rates
from connectors.errors import ChannelError, Invalid, Transient, UnexpectedAnswer
from connectors.face import Endpoint, Wire
from connectors.reference_rates import Rate, Reach, fetch, parse
from connectors.retries import Patience
from connectors.sandbox.reference_rates import address
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

HERE = "test"
# As the bank writes it, in its own namespaces.
DOCUMENT = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
    xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
  <Cube>
    <Cube time="2026-10-12"><Cube currency="USD" rate="1.1602"/><Cube currency="IDR" rate="19302.55"/></Cube>
    <Cube time="2026-10-09"><Cube currency="USD" rate="1.1599"/></Cube>
  </Cube>
</gesmes:Envelope>"""
SUNDAY = datetime(2026, 10, 11, 12, tzinfo=UTC)


def wire(sandbox: Sandbox) -> Wire:
    return Wire(
        http=sandbox.http, endpoint=Endpoint(base_url=address(sandbox.address)), clock=lambda: sandbox.now
    )


def with_rate(currency: str, rate: str) -> bytes:
    return f"<Cube><Cube time='2026-10-09'><Cube currency='{currency}' rate='{rate}'/></Cube></Cube>".encode()


def test_a_document_is_read_in_the_order_of_its_days() -> None:
    assert parse(DOCUMENT, where=HERE) == [
        Rate(date(2026, 10, 9), "USD", Decimal("1.1599")),
        Rate(date(2026, 10, 12), "IDR", Decimal("19302.55")),
        Rate(date(2026, 10, 12), "USD", Decimal("1.1602")),
    ]


def test_the_bank_is_silent_at_week_ends_and_speaks_in_the_afternoon(sandbox: Sandbox) -> None:
    sandbox.now = SUNDAY
    days = sorted({rate.day for rate in fetch(wire(sandbox), Reach.NINETY_DAYS)})
    assert days[-1] == date(2026, 10, 9)
    assert {day.weekday() for day in days} == {0, 1, 2, 3, 4}
    assert days[-1] - days[0] <= timedelta(days=90)
    for hour, newest in ((13, date(2026, 10, 9)), (14, date(2026, 10, 12))):
        sandbox.now = datetime(2026, 10, 12, hour, tzinfo=UTC)
        assert fetch(wire(sandbox), Reach.NINETY_DAYS)[-1].day == newest


def test_the_long_document_holds_what_the_short_one_holds(sandbox: Sandbox) -> None:
    sandbox.now = SUNDAY
    lately, ever = (fetch(wire(sandbox), reach) for reach in (Reach.NINETY_DAYS, Reach.EVER))
    assert len(ever) > len(lately)
    assert set(lately) <= set(ever)


def test_what_is_far_back_is_read_from_the_long_document() -> None:
    today = SUNDAY.date()
    assert Reach.back_to(today, today) is Reach.NINETY_DAYS
    assert Reach.back_to(today - timedelta(days=83), today) is Reach.NINETY_DAYS
    assert Reach.back_to(today - timedelta(days=84), today) is Reach.EVER


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"<Cube/>", "no rate"),
        (with_rate("usd", "1.1"), "no currency"),
        (with_rate("DOLLAR", "1.1"), "no currency"),
        (with_rate("USD", ""), "no rate"),
        (with_rate("USD", "N/A"), "no rate"),
        (with_rate("USD", "NaN"), "no rate"),
        (with_rate("USD", "Infinity"), "no rate"),
        (with_rate("USD", "0"), "no rate"),
        (with_rate("USD", "-1.1"), "no rate"),
        (with_rate("USD", "1e300"), "no rate"),
        (with_rate("USD", "1." + "1" * 50), "no rate"),
        (b"<Cube><Cube currency='USD' rate='1.1'/></Cube>", "outside of any day"),
        (
            b"<Cube><Cube time='2026-10-09'/><Cube currency='USD' rate='1.1'/></Cube>",
            "outside of any day",
        ),
        (b"<Cube><Cube time='yesterday'><Cube currency='USD' rate='1.1'/></Cube></Cube>", "no day"),
        (
            b"<Cube time='2026-10-09'><Cube currency='USD' rate='1.1'/><Cube currency='USD' rate='1.2'/></Cube>",
            "two rates of USD",
        ),
        (b"<!DOCTYPE Cube><Cube/>", "document type"),
        (
            b"<!DOCTYPE a [<!ENTITY b 'bbbbbbbb'><!ENTITY c '&b;&b;&b;&b;'>]><Cube>&c;</Cube>",
            "document type",
        ),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><Cube/>", "document type"),
    ],
)
def test_what_is_not_as_documented_is_refused_whole(document: bytes, why: str) -> None:
    with pytest.raises(UnexpectedAnswer, match=why):
        parse(document, where=HERE)


@pytest.mark.parametrize("document", [b"", b"<html><p>Down for maintenance", DOCUMENT[:-40], b"\xff\xfe\x00"])
def test_what_is_no_whole_xml_may_be_whole_the_next_time(document: bytes) -> None:
    with pytest.raises(Transient, match="not whole XML"):
        parse(document, where=HERE)


@given(
    document=st.binary()
    | st.builds(
        lambda at, byte: DOCUMENT[:at] + byte + DOCUMENT[at:], st.integers(0, 700), st.binary(max_size=3)
    )
)
def test_whatever_comes_is_rates_or_a_refusal(document: bytes) -> None:
    try:
        rates = parse(document, where=HERE)
    except ChannelError:
        return
    assert all(rate.per_euro > 0 and len(rate.currency) == 3 for rate in rates)


@pytest.mark.parametrize(
    ("status", "kind"), [(404, Invalid), (500, Transient), (301, UnexpectedAnswer), (403, ChannelError)]
)
def test_a_status_says_what_is_to_be_done(status: int, kind: type[ChannelError]) -> None:
    with answering((status, b"")) as bank, pytest.raises(kind, match="ECB reference rates"):
        fetch(bank, Reach.NINETY_DAYS)


def test_a_short_trouble_is_waited_out() -> None:
    with answering((503, b""), (200, DOCUMENT)) as bank:
        patient = Wire(
            http=bank.http, endpoint=bank.endpoint, patience=Patience(attempts=2, sleep=lambda _: None)
        )
        assert len(fetch(patient, Reach.NINETY_DAYS)) == 3


def test_a_document_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference_rates, "LARGEST_DOCUMENT", 100)
    with answering((200, DOCUMENT)) as bank, pytest.raises(ChannelError, match="larger than 100 bytes"):
        fetch(bank, Reach.NINETY_DAYS)


def test_rates_of_days_to_come_are_refused() -> None:
    with answering((200, DOCUMENT)) as bank:
        early = Wire(http=bank.http, endpoint=bank.endpoint, clock=lambda: SUNDAY - timedelta(days=2))
        with pytest.raises(UnexpectedAnswer, match="yet to come"):
            fetch(early, Reach.NINETY_DAYS)
