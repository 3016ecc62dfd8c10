"""What is kept of an event: tenant, time, consent and lengths."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import incoming
from collector.addresses import Whereabouts
from collector.admission import LARGEST_PROPS, LONGEST_WAIT_MS, UNPROVED_CLICK, Admission, Circumstances
from collector.click_ids import ClickIds
from collector.consent import Objection
from collector.directory import Rules, Sender, Trust
from collector.edge_log import EVENTS, LoggedEvent, line
from collector.edge_log.lines import batch
from collector.edge_log.volumes import Segment
from collector.refusals import Reason, Refused
from collector.shipping.sinks import SINKS
from collector.shipping.stretches import Piece, Stretch

NOW = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp() * 1000)
HOUR = 3600 * 1000
HERE = Whereabouts("192.0.2.7", "192.0.2.0", country="DE")
AROUND = Circumstances(NOW, Objection.NONE, "Mozilla/5.0", HERE)
OBJECTING = Circumstances(NOW, Objection.GPC, "Mozilla/5.0", HERE)
PAGE, SERVER = Sender(Rules(7), Trust.BROWSER), Sender(Rules(7), Trust.SERVER, is_server=True)
CLICKS = ClickIds(bytes(32))
SALTS = {NOW // (24 * HOUR): bytes(32)}


def places(_: str) -> Whereabouts:
    return HERE


def kept(sender: Sender = PAGE, around: Circumstances = AROUND, **body: Any) -> LoggedEvent:
    return admitted(msgspec.json.encode({"event": "page_view", **body}).decode(), sender, around)


def admitted(body: str, sender: Sender = PAGE, around: Circumstances = AROUND) -> LoggedEvent:
    return Admission(around, places, SALTS, CLICKS).admit(incoming.event_of(body.encode()), sender)


def test_the_public_snippet_is_kept_whole() -> None:
    entry = kept(
        ts=NOW, url="https://shop.example/a", ref="https://news.example/", sid="s1", utm_source="news",
        utm_medium="email", utm_campaign="spring", props={"size": "m"}, unknown_field=1,
    )  # fmt: skip
    assert (entry.tenant_id, entry.event, entry.sid, entry.trust) == (7, "page_view", "s1", "browser")
    assert (entry.url, entry.referrer) == ("https://shop.example/a", "https://news.example/")
    assert (entry.utm_source, entry.utm_medium, entry.utm_campaign) == ("news", "email", "spring")
    assert msgspec.json.decode(entry.props) == {"size": "m"}
    assert (entry.received_at, entry.occurred_at, entry.consent) == (NOW, NOW, "unknown")


@pytest.mark.parametrize(
    ("sender", "ts", "sent_at", "occurred"),
    [
        (PAGE, NOW - HOUR, None, NOW),  # a page may not set the time
        (PAGE, NOW - 5 * HOUR, NOW - 3 * HOUR, NOW - 2 * HOUR),  # but say how long the event waited
        (PAGE, NOW + 8 * HOUR, NOW + 9 * HOUR, NOW - HOUR),  # by a clock that is wrong
        (PAGE, NOW, NOW - HOUR, NOW),  # sent before it happened: nothing to believe
        (PAGE, NOW - 900 * 24 * HOUR, NOW, NOW - LONGEST_WAIT_MS),
        (SERVER, NOW - HOUR, None, NOW - HOUR),
        (SERVER, (NOW - HOUR) / 1000, None, NOW - HOUR),  # seconds
        (SERVER, "2026-11-21T11:00:00Z", None, NOW - HOUR),
        (SERVER, "2026-11-21T12:00:00+01:00", None, NOW - HOUR),
        (SERVER, "2026-11-21 11:00", None, NOW - HOUR),
        (SERVER, NOW + HOUR, None, NOW),  # the future is clamped
        (SERVER, NOW + HOUR, NOW + 2 * HOUR, NOW - HOUR),
        (SERVER, None, None, NOW),
    ],
)
def test_the_time_of_an_event(sender: Sender, ts: Any, sent_at: Any, occurred: int) -> None:
    assert kept(sender, ts=ts, sent_at=sent_at).occurred_at == occurred


def test_whoever_objects_leaves_no_id() -> None:
    ids: dict[str, Any] = {
        "sid": "s1",
        "user_id": "u1",
        "click_id": "c1",
        "props": {"email": "ann@example.org"},
    }
    page: dict[str, Any] = {
        "url": "https://shop.example/a?gclid=g1&utm_source=x",
        "ref": "https://a.example/?uid=9",
    }
    for entry in (
        kept(around=OBJECTING, **ids, **page, consent="granted"),
        kept(**ids, **page, consent="denied"),
        kept(SERVER, **ids, **page, consent=False),
    ):
        assert entry.consent == "denied"
        assert (entry.sid, entry.user_id, entry.click_id, entry.props) == ("", "", "", "{}")
        assert (entry.url, entry.referrer) == ("https://shop.example/a?utm_source=x", "https://a.example/")


def test_a_click_counts_where_it_was_given_out() -> None:
    signed = CLICKS.signed(7, "01a2")
    assert kept(click_id=signed).click_id == "01a2"
    made_up = kept(click_id="01a2")
    assert (made_up.click_id, made_up.signals) == ("", (UNPROVED_CLICK,))
    of_another_tenant = kept(click_id=CLICKS.signed(8, "01a2"))
    assert (of_another_tenant.click_id, of_another_tenant.signals) == ("", (UNPROVED_CLICK,))
    # A server may know clicks by other ways than ours.
    assert (kept(SERVER, click_id="c1").click_id, kept(SERVER, click_id=signed).click_id) == ("c1", "01a2")


def test_only_a_server_vouches_for_a_user() -> None:
    assert kept(SERVER, user_id="u1").user_id == "u1"
    page = kept(user_id="u1", props={"size": "m"})
    assert page.user_id == ""
    assert msgspec.json.decode(page.props) == {"size": "m", "claimed_user_id": "u1"}


@pytest.mark.parametrize("value", ["1e999", "-1e400", "1" * 400, "[[1e999]]", '"\\u00e9"'])
def test_what_a_page_says_beside_a_claim_stays_word_for_word(value: str) -> None:
    said = f'{{"event": "view", "user_id": "u1", "props": {{"n": {value}}}}}'
    assert admitted(said).props == f'{{"n":{value},"claimed_user_id":"u1"}}'


def test_a_name_that_is_no_text_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        admitted('{"event": "view", "user_id": "u1", "props": {"\\ud800": 1}}')
    assert refused.value.reason is Reason.MALFORMED


def test_money_keeps_four_places() -> None:
    entry = kept(value=129.0, currency="eur")
    assert (entry.value, entry.currency) == ("129.0000", "EUR")
    assert kept(value="0.12345").value == "0.1234"
    assert kept().value is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"value": "NaN"}, "value"),
        ({"value": 10**14}, "value"),
        ({"value": "1e999999"}, "value"),
        ({"ts": "yesterday", "sent_at": 1}, "ts"),
        ({"ts": NOW, "sent_at": "soon"}, "sent_at"),
        ({"props": [1]}, "props"),
        ({"props": {"x": "y" * LARGEST_PROPS}}, "props"),
        ({"event": ""}, "event"),
        ({"event": 5}, "event"),
        ({"sid": "s" * 200}, "sid"),
        ({"currency": "EURO"}, "currency"),
        ({"consent": "perhaps"}, "consent"),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        kept(**body)
    assert refused.value.reason is Reason.INVALID_EVENT
    assert said in refused.value.detail


def test_long_addresses_are_cut_and_not_refused() -> None:
    assert len(kept(url="https://shop.example/" + "a" * 9000).url) == 2048


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b'{"event":"a"} x', b'{"event":"\xff"}', b"[" * 100_000, b'[{"event":"a"},]'],
)
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        raise_first(incoming.opened(body, 10))
    assert refused.value.reason is Reason.MALFORMED


def test_an_envelope_holds_a_bounded_number_of_events() -> None:
    several = b'[{"event":"a"},{"event":"b"}]'
    assert len(incoming.opened(several, 2).events) == 2
    assert len(incoming.opened(b'{"sent_at":1,"events":' + several + b"}", 2).events) == 2
    for body, most, reason in ((several, 1, Reason.TOO_MANY_EVENTS), (b"[]", 1, Reason.INVALID_EVENT)):
        with pytest.raises(Refused) as refused:
            incoming.opened(body, most)
        assert refused.value.reason is reason


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from([*incoming.IncomingEvent.__struct_encode_fields__, "other"])
moments = st.floats(-1e20, 1e20) | st.integers(-(10**30), 10**30) | st.text(max_size=40)


@given(st.dictionaries(fields, anything | moments, max_size=8), st.sampled_from([PAGE, SERVER]))
def test_whatever_is_sent_is_refused_with_a_reason_or_fits_the_table(
    body: dict[str, Any], sender: Sender
) -> None:
    try:
        raw = msgspec.json.encode({"event": "custom", **body})
    except (OverflowError, UnicodeEncodeError, msgspec.MsgspecError):
        return
    try:
        entry = Admission(AROUND, places, SALTS, CLICKS).admit(incoming.event_of(raw), sender)
    except Refused:
        return
    assert entry.occurred_at <= entry.received_at
    msgspec.json.decode(entry.props)
    [row] = SINKS[0].rows(stretch_of(batch([line(EVENTS, entry)])), "volume").to_dicts()
    assert row["event_id"] == entry.event_id
    assert (row["url"], row["props"], row["sid"]) == (entry.url, entry.props, entry.sid)


def stretch_of(text: bytes) -> Stretch:
    """A stretch that is the whole of a segment."""
    return Stretch(Segment(1, Path("00000001.segment"), len(text), True), 0, len(text), [Piece(0, text)], [])


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(body: bytes) -> None:
    with suppress(Refused):
        for event in incoming.opened(body, 10).events:
            assert isinstance(event, Refused) or event.event


def raise_first(opened: incoming.Opened) -> None:
    """Whether a body is refused as a whole or its only event is, the reason is the same."""
    [event] = opened.events
    if isinstance(event, Refused):
        raise event


@pytest.mark.parametrize("wrapped", [b"[%b]", b'{"key":"pk","events":[%b]}'])
def test_one_that_is_wrong_does_not_cost_the_others(wrapped: bytes) -> None:
    wrong = b'{"event": 5,  "id":"second"}'
    opened = incoming.opened(wrapped % (b'{"event":"first"},' + wrong + b',{"event":"third"}'), 3)
    told = ["refused" if isinstance(event, Refused) else event.event for event in opened.events]
    assert told == ["first", "refused", "third"]
    assert (opened.raw(0), opened.raw(1)) == (b'{"event":"first"}', wrong)


def test_an_event_that_only_speaks_of_events_is_one_event() -> None:
    [event] = incoming.opened(b'{"event":"a","props":{"events":[1]}}', 3).events
    assert isinstance(event, incoming.IncomingEvent)
    assert isinstance(event.props, msgspec.Raw)
    assert bytes(event.props) == b'{"events":[1]}'
