"""Checking a list: right rows become events with ids of their own, wrong ones are said with line, column and what to do."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.events.channels import Channel
from marketing_pipelines.uploads import adding, cells, checking, columns, reading
from marketing_pipelines.uploads.cells import Wrong
from marketing_pipelines.uploads.checking import OTHERS_TELL, Found, Terms
from marketing_pipelines.uploads.reading import Unreadable
from store.records.schema import ContactId, TenantId

NOW = datetime(2026, 3, 20, 9, tzinfo=UTC)
VIENNA = ZoneInfo("Europe/Vienna")
TERMS = Terms(VIENNA, NOW, 400, frozenset({"purchase", "Lead"}), frozenset({"refund"}))
ANN = {"ann@example.com": ContactId(7)}


def checked(text: str | bytes, terms: Terms = TERMS) -> Found:
    content = text if isinstance(text, bytes) else text.encode()
    return checking.check(reading.read(content, most_rows=1000), terms, ANN)


def row(**cells: str) -> str:
    """A list of one row."""
    said = {"when": "2026-03-05", "event": "purchase"} | cells
    return ",".join(said) + "\n" + ",".join(f'"{cell}"' for cell in said.values()) + "\n"


def test_the_template_is_right_from_its_first_line_to_its_last() -> None:
    found = checked(columns.template(NOW.date()))
    assert (found.wrong, [line.event for line in found.lines]) == (0, ["offline_touch", "purchase", "refund"])
    [touch, sale, refund] = found.lines
    assert (touch.medium, touch.campaign, touch.user_id) == ("fair", "spring", "customer-1")
    assert (sale.value, sale.currency, sale.order_id) == (Decimal(120), "EUR", "shop-0001")
    assert refund.order_id == sale.order_id


def test_a_list_as_a_german_excel_writes_it() -> None:
    text = "\ufeffDatum;Event;E-Mail;Betrag;Währung\r\n05.03.2026 14:30;Purchase;Ann@Example.com;1.234,50;eur\r\n;;;;\r\n"
    [line] = checked(text).lines
    assert line.occurred_at == datetime(2026, 3, 5, 13, 30, tzinfo=UTC), "by the tenant's clock"
    assert (line.event, line.contact, line.value, line.currency) == ("purchase", 7, Decimal("1234.50"), "EUR")
    assert "ann" not in str(line.kept())


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-03-05T14:30+01:00", datetime(2026, 3, 5, 13, 30, tzinfo=UTC)),
        ("2026-03-05 14:30:15.250Z", datetime(2026, 3, 5, 14, 30, 15, 250_000, tzinfo=UTC)),
        ("2026-03-05", datetime(2026, 3, 5, 11, tzinfo=UTC)),
        ("5.3.2026", datetime(2026, 3, 5, 11, tzinfo=UTC)),
        ("2025-07-01 12:00", datetime(2025, 7, 1, 10, tzinfo=UTC)),
        ("2026-03-20", NOW),
    ],
)
def test_a_moment_is_meant_by_the_tenants_clock(said: str, meant: datetime) -> None:
    [line] = checked(row(when=said)).lines
    assert line.occurred_at == meant


@pytest.mark.parametrize(
    ("said", "worth"),
    [
        ("12", "12"), ("12.5", "12.5"), ("12,50", "12.50"), ("0,125", "0.125"), ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"), ("1 234,50", "1234.50"), ("1'234.50", "1234.50"), ("1.234.567", "1234567"),
        ("1\u00a0234", "1234"), ("1234.5678", "1234.5678"),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_it_was_meant(said: str, worth: str) -> None:
    [line] = checked(row(value=said)).lines
    assert line.value == Decimal(worth)


@pytest.mark.parametrize(
    ("cell", "column", "reason"),
    [
        ({"when": ""}, "when", "is empty"),
        ({"when": "03/05/2026"}, "when", "only one day can be meant"),
        ({"when": "2026-02-30"}, "when", "no day or time that there is"),
        ({"when": "2026-03-21"}, "when", "lies in the future"),
        ({"when": "2026-03-20 10:01"}, "when", "lies in the future"),
        ({"when": "2025-01-01"}, "when", "keeps events for 400 days"),
        ({"when": "0001-01-01 00:00"}, "when", "there is"),
        ({"event": ""}, "event", "is empty"),
        ({"event": "purchse"}, "event", "write one of offline_touch, purchase, refund, Lead"),
        ({"event": "page_view"}, "event", "told by the pixel"),
        ({"event": "offline_touch", "channel": "fair"}, "user_id", "touched nobody"),
        ({"event": "offline_touch", "user_id": "u"}, "channel", "is empty"),
        ({"event": "offline_touch", "user_id": "u", "channel": "direct"}, "channel", "of nobody"),
        ({"event": "offline_touch", "user_id": "u", "channel": "none"}, "channel", "of nobody"),
        ({"event": "offline_touch", "user_id": "u", "channel": "fair", "value": "3"}, "value", "earns nothing itself"),
        ({"email": "bob@example.com"}, "email", "of no contact here"),
        ({"email": "nobody"}, "email", "is not a mail address"),
        ({"user_id": "ann@example.com"}, "user_id", "holds a mail address"),
        ({"reference": "ann@example.com"}, "reference", "holds a mail address"),
        ({"campaign": "for ann@example.com"}, "campaign", "holds a mail address"),
        ({"user_id": "x" * 129}, "user_id", "longer than 128"),
        ({"user_id": "x" * 501}, "user_id", "longer than 500"),
        ({"user_id": "=1+1"}, "user_id", "is a formula"),
        ({"user_id": "a\nb"}, "user_id", "control characters"),
        ({"value": "-3"}, "value", "is negative"),
        ({"value": "(3)"}, "value", "is negative"),
        ({"value": "1,234"}, "value", "write 1234.00 or 1.2340"),
        ({"value": "12.345"}, "value", "write 12345.00 or 12.3450"),
        ({"value": "NaN"}, "value", "is no amount"),
        ({"value": "1e9"}, "value", "is no amount"),
        ({"value": "٣"}, "value", "is no amount"),
        ({"value": "€ 3"}, "value", "is no amount"),
        ({"value": "1" * 15}, "value", "more than anything costs"),
        ({"currency": "EURO"}, "currency", "no currency's code"),
        ({"currency": "XXX"}, "currency", "no currency's code"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_said_with_its_line_its_column_and_what_to_do(
    cell: dict[str, str], column: str, reason: str
) -> None:
    found = checked(row(**cell))
    assert (found.lines, found.wrong) == ([], 1)
    [problem] = [problem for problem in found.problems if problem.column == column]
    assert problem.line == 2
    assert reason in problem.what
    assert "example.com" not in str(found.problems).replace("name@example.com", ""), "addresses are not kept"


def test_every_mistake_of_a_line_is_said_and_right_lines_stand() -> None:
    found = checked("when,event,value\n2026-03-05,purchase,3\n2026-13-05,purchase,x\n2026-03-06,purchase,4\n")
    assert [line.line for line in found.lines] == [2, 4]
    assert [(problem.line, problem.column) for problem in found.problems] == [(3, "when"), (3, "value")]
    assert found.wrong == 1


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    found = checked('when,event,notes\n2026-03-05,purchase,"two\nlines"\n\n2026-03-05,nothing,\n')
    assert [line.line for line in found.lines] == [2]
    assert [problem.line for problem in found.problems] == [5]
    assert list(found.unread) == ["notes"]


def test_a_quote_too_many_costs_its_line_and_no_other() -> None:
    found = checked('when,event\n2026-03-05,purchase\n"2026"-03-05,purchase\n2026-03-06,purchase\n')
    assert [line.line for line in found.lines] == [2, 4]
    assert "look for a quote" in found.problems[0].what


def test_more_cells_than_headings_are_a_wrong_line() -> None:
    found = checked("when,event\n2026-03-05,purchase,12\n2026-03-05,purchase,,,\n")
    assert ([line.line for line in found.lines], found.wrong) == ([3], 1)
    assert "3 cells under 2 headings" in found.problems[0].what


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        ("when,event\n".encode("utf-16"), "UTF-16"),
        (b"when,event\n2026-03-05,purch\xe4se\n", "Line 2 is not UTF-8"),
        (b"when,event\n2026-03-05,\0\n", "Line 2 holds a null character"),
        (b"PK\x03\x04 a workbook", "a spreadsheet"),
        (b"when,event\n", "no lines"),
        (b"day,what\n1,2\n", "No column is called when and none event"),
        (b"when,date,event\n1,2,3\n", "Two columns are the when"),
        (b"a," * 1_000_000 + b"\n1\n", "1,000,001 columns"),
        (b"when,event\n" + b"2026-03-05,purchase\n" * 1001, "more than 1,000 lines"),
        (b'"when,event\n2026-03-05,purchase\n', "does not name the columns"),
    ],
)
def test_a_file_that_is_no_list_is_refused_whole(content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        checked(content)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    for text in (content, b"when,event,value,email,channel,user_id\n" + content):
        with suppress(Unreadable):
            found = checked(text)
            assert found.lines or found.problems


@given(st.decimals(min_value=0, max_value=10**13, places=2), st.sampled_from(",."), st.booleans())
def test_an_amount_is_never_off_by_a_thousand(amount: Decimal, point: str, is_grouped: bool) -> None:
    written = f"{amount:,.2f}" if is_grouped else f"{amount:.2f}"
    if point == ",":
        written = written.translate(str.maketrans(",.", ".,"))
    assert cells.amount(written) == amount


def test_the_same_list_names_the_same_events_and_two_like_rows_are_two() -> None:
    text = "when,event,value\n" + "2026-03-20,purchase,3\n" * 2 + "2026-03-05,purchase,3\n"
    first = checked(text)
    later = checked(text, Terms(VIENNA, NOW + timedelta(hours=8), 400, TERMS.goals, TERMS.refunds))
    ids = [line.event_id for line in first.lines]
    assert len(set(ids)) == 3
    assert [line.event_id for line in later.lines] == ids, "a day alone is the same row at any hour"


def test_a_reference_names_the_event_whatever_else_changes() -> None:
    [first] = checked(row(reference="r1", value="3")).lines
    [again] = checked(row(reference="r1", value="4", when="2026-03-07")).lines
    [other] = checked(row(reference="r1", event="refund")).lines
    assert first.event_id == again.event_id != other.event_id
    twice = checked("when,event,reference\n2026-03-05,purchase,r\n2026-03-05,purchase,r\n")
    assert (len(twice.lines), twice.problems[0].line) == (1, 3)
    assert "that of line 2 too" in twice.problems[0].what


def test_days_are_bounded_by_what_the_warehouse_builds() -> None:
    assert TERMS.oldest == NOW.date() - timedelta(days=397)
    assert Terms(VIENNA, NOW, 36500, frozenset(), frozenset()).oldest == date(2000, 1, 1)


@pytest.mark.parametrize(
    "channel", [it for it in Channel if it.value not in ("direct", "internal", "unknown")]
)
def test_a_channel_by_its_name_is_what_the_rules_make_of_it(channel: Channel) -> None:
    for spelt in (channel.value, channel.value.replace("_", " ").title()):
        text = row(event="offline_touch", user_id="u", channel=spelt)
        lines = [line.kept() for line in checked(text).lines]
        assert adding.shipped(TenantId(1), 1, lines, NOW)["channel"].to_list() == [channel.value]


def test_a_word_of_the_teams_own_is_other_and_stays_readable() -> None:
    found = checked(row(event="offline_touch", user_id="u", channel="Trade  Fair"))
    shipped = adding.shipped(TenantId(1), 1, [line.kept() for line in found.lines], NOW)
    assert shipped.select("medium", "channel").rows() == [("trade fair", "other")]
    assert checking.summary(found, ())["channels"] == [{"said": "trade fair", "channel": "other", "lines": 1}]


def test_what_is_shipped_says_who_tells_it_and_no_program_is_suspected() -> None:
    text = row(email="ann@example.com", user_id="u1", value="3", order_id="o1", reference="r1")
    lines = [line.kept() for line in checked(text).lines]
    shipped = adding.shipped(TenantId(3), 9, lines, NOW)
    assert shipped.select("tenant_id", "trust", "segment", "position", "is_bot", "value").rows() == [
        (3, "server", "upload/9", 2, False, Decimal("3.0000"))
    ]
    assert shipped["props"].to_list() == ['{"contact_id":7,"order_id":"o1","reference":"r1","upload_id":9}']
    assert "ann" not in str(shipped.rows())


def test_a_summary_tells_amounts_people_and_days() -> None:
    found = checked(
        "when,event,user_id,value,currency,order_id\n"
        "2026-03-05,purchase,u1,3,EUR,\n2026-03-09,purchase,u1,4.50,EUR,\n2026-03-07,refund,,1,USD,o\n"
    )
    told = checking.summary(found, {found.lines[0].event_id})
    assert told["events"] == {"purchase": 2, "refund": 1}
    assert told["amounts"] == [
        {"event": "purchase", "currency": "EUR", "value": "7.50"},
        {"event": "refund", "currency": "USD", "value": "1"},
    ]
    assert (told["people"], told["of_nobody"], told["known"]) == (1, 1, 1)
    assert (told["first"][:10], told["last"][:10]) == ("2026-03-05", "2026-03-09")


def test_what_others_tell_cannot_be_uploaded_even_if_a_goal_counts_it() -> None:
    terms = Terms(VIENNA, NOW, 400, OTHERS_TELL, frozenset())
    assert terms.events == {"offline_touch", "purchase", "refund"}


def test_a_heading_is_known_however_it_is_spelt() -> None:
    assert columns.column(" E-Mail Address ") is columns.Column.EMAIL
    assert columns.column("Order Number") is columns.Column.ORDER_ID
    assert columns.column("notes") is None
    with pytest.raises(Wrong):
        cells.currency("")
