"""What is told about a visitor: address and network, ids that last a day, and what the edge sees of a request."""

from typing import Any

import pytest

from collector.addresses import Proxies, Whereabouts, shortened
from collector.admission import Admission, Circumstances
from collector.click_ids import ClickIds
from collector.consent import Objection
from collector.directory import Rules, Sender, Trust
from collector.duplicates import DurableIds
from collector.incoming import IncomingEvent
from collector.limits import WINDOW_SECONDS, Window, refuse_beyond
from collector.refusals import Reason, Refused
from collector.requests import Request
from collector.signals import BURST, signals_of
from collector.visitors import MS_A_DAY, daily_id

NOW = 1_795_000_000_000
CLICKS = ClickIds(bytes(32))
SALTS = {NOW // MS_A_DAY: b"today" * 4, NOW // MS_A_DAY + 1: b"tomorrow" * 3}
HOME = Whereabouts("203.0.113.77", "203.0.113.0")
NO_PROXIES = Proxies([])


async def receive() -> dict[str, Any]:
    raise AssertionError("nobody reads the body here")


def request(method: str = "GET", **headers: str) -> Request:
    named = [(name.lower().replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "method": method,
        "path": "/r/x",
        "query_string": b"",
        "headers": named,
        "client": ("192.0.2.1", 1),
    }
    return Request(scope, receive, NO_PROXIES)


def places(_: str) -> Whereabouts:
    return HOME


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1234:5678::9", "2001:db8:1234::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("not an address", ""),
        ("", ""),
    ],
)
def test_an_address_is_shortened(address: str, network: str) -> None:
    assert shortened(address) == network


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("10.0.0.1", b"203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", b"198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", b"203.0.113.7, 10.0.0.9", "203.0.113.7"),
        ("10.0.0.1", b"203.0.113.7:4711", "203.0.113.7"),
        ("10.0.0.1", b"[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", b"10.0.0.2, 10.0.0.3", "10.0.0.1"),
        ("192.0.2.1", b"203.0.113.7", "192.0.2.1"),
        ("", b"203.0.113.7", ""),
    ],
)
def test_only_our_proxies_are_believed(peer: str, forwarded: bytes | None, visitor: str) -> None:
    assert Proxies(["10.0.0.0/8", "::1"]).visitor(peer, forwarded) == visitor


def test_a_daily_id_is_the_same_for_a_day_a_site_an_address_and_a_browser() -> None:
    ours = daily_id(SALTS, 7, NOW, "203.0.113.77", "Firefox")
    assert ours == daily_id(SALTS, 7, NOW, "203.0.113.77", "Firefox")
    others = {
        daily_id(SALTS, 8, NOW, "203.0.113.77", "Firefox"),
        daily_id(SALTS, 7, NOW + MS_A_DAY, "203.0.113.77", "Firefox"),
        daily_id(SALTS, 7, NOW, "203.0.113.78", "Firefox"),
        daily_id(SALTS, 7, NOW, "203.0.113.77", "Chrome"),
    }
    assert len(others) == 4
    assert ours not in others


def test_without_the_days_salt_there_is_no_id() -> None:
    assert daily_id({}, 7, NOW, "203.0.113.77", "Firefox") == ""


@pytest.mark.parametrize(
    ("rules", "objects", "consent", "kind"),
    [
        (Rules(7), Objection.NONE, None, "stored"),
        (Rules(7, makes_daily_ids=True), Objection.NONE, None, "daily"),
        (Rules(7, makes_daily_ids=True), Objection.GPC, None, ""),
        (Rules(7, makes_daily_ids=True), Objection.NONE, False, ""),
        (Rules(7, needs_yes=True), Objection.NONE, None, ""),
        (Rules(7, needs_yes=True), Objection.NONE, True, "stored"),
        (Rules(7, needs_yes=True, makes_daily_ids=True), Objection.NONE, None, ""),
    ],
)
def test_a_tenants_rule_decides_which_id_an_event_carries(
    rules: Rules, objects: Objection, consent: bool | None, kind: str
) -> None:
    event = IncomingEvent(event="page_view", sid="stored-by-the-page", consent=consent)
    around = Circumstances(NOW, objects, "Firefox", HOME)
    entry = Admission(around, places, SALTS, CLICKS).admit(event, Sender(rules, Trust.BROWSER))
    assert entry.sid_kind == kind
    assert (entry.sid == "stored-by-the-page") == (kind == "stored")
    assert bool(entry.sid) == bool(kind)


@pytest.mark.parametrize(("keeps", "written"), [(True, "203.0.113.0"), (False, "")])
def test_a_tenant_may_have_no_address_written(keeps: bool, written: str) -> None:
    sender = Sender(Rules(7, keeps_addresses=keeps), Trust.BROWSER)
    around = Circumstances(NOW, Objection.NONE, "Firefox", HOME)
    admission = Admission(around, places, SALTS, CLICKS)
    assert admission.admit(IncomingEvent(event="a"), sender).ip == written


@pytest.mark.parametrize(
    ("asked", "come", "bot", "signals"),
    [
        (request(), 1, "", ()),
        (request("HEAD"), 1, "", ("head",)),
        (request(sec_purpose="prefetch;prerender"), 1, "", ("prefetch",)),
        (request(purpose="prefetch"), 1, "", ("prefetch",)),
        (request(x_moz="prefetch"), 1, "", ("prefetch",)),
        (request(purpose="preview"), 1, "", ("preview",)),
        (request(purpose="other"), 1, "", ()),
        (request(), BURST, "", ()),
        (request(), BURST + 1, "", ("burst",)),
        (request("HEAD"), BURST + 1, "Googlebot", ("head", "burst", "verified_bot:Googlebot")),
    ],
)
def test_what_is_seen_of_a_request(asked: Request, come: int, bot: str, signals: tuple[str, ...]) -> None:
    where = Whereabouts("203.0.113.77", "203.0.113.0", verified_bot=bot)
    assert signals_of(asked, where, come) == signals


def test_a_window_forgets() -> None:
    window = Window()
    assert [window.add("a", 2, 1.0), window.add("a", 3, 9.9), window.add("b", 1, 9.9)] == [2, 5, 1]
    assert window.add("a", 1, 1.0 + WINDOW_SECONDS) == 1


def test_a_quota_lets_bursts_through_and_floods_not() -> None:
    refuse_beyond(5, 5 * WINDOW_SECONDS, "key")
    refuse_beyond(0, 10**9, "key")
    with pytest.raises(Refused, match="from this key") as refused:
        refuse_beyond(5, 5 * WINDOW_SECONDS + 1, "key", 7)
    assert (refused.value.reason, refused.value.tenant_id) == (Reason.OVER_QUOTA, 7)
    assert 0 < refused.value.retry_after <= WINDOW_SECONDS


def test_the_duplicate_window_is_bounded_and_per_tenant() -> None:
    window = DurableIds(remembered=2)
    window.remember([(1, "a"), (1, "b"), (1, "c")])
    assert [event in window for event in ((1, "a"), (1, "b"), (1, "c"), (2, "c"))] == [
        False,
        True,
        True,
        False,
    ]
