"""When an action may go: its hours by its own clocks, and not more in a day than the tenant lets go."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from datetime import time as TimeOfDay
from zoneinfo import ZoneInfo

import pytest

from store.clock import NoSuchTime, moment, now, zone_named
from store.records.action_states import State
from store.records.schedules import Schedule, SendWindow, last_midnight, next_midnight
from tests.outbound.office import MailServer, Office, wait_for

BERLIN = ZoneInfo("Europe/Berlin")
SUMMER, WINTER = datetime(2026, 7, 1, 7, 30, tzinfo=UTC), datetime(2026, 12, 1, 7, 30, tzinfo=UTC)
OPEN_NOW = "update actions set window_days = '[1,2,3,4,5,6,7]' where id = :id"


def test_the_hours_are_those_of_the_clocks_there_in_summer_and_winter() -> None:
    nine_to_five = SendWindow(TimeOfDay(9), TimeOfDay(17))
    assert nine_to_five.is_open(SUMMER, BERLIN)
    assert not nine_to_five.is_open(WINTER, BERLIN)
    assert not nine_to_five.is_open(SUMMER.replace(hour=15, minute=0), BERLIN)


def test_days_are_those_of_the_calendar_there() -> None:
    """Sunday evening in UTC is Monday in Tokyo."""
    sunday = datetime(2026, 11, 22, 20, tzinfo=UTC)
    mondays = SendWindow(TimeOfDay(0), TimeOfDay(23, 59), frozenset({1}))
    assert mondays.is_open(sunday, ZoneInfo("Asia/Tokyo"))
    assert not mondays.is_open(sunday, BERLIN)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SendWindow(TimeOfDay(17), TimeOfDay(9)),
        lambda: SendWindow(TimeOfDay(9), TimeOfDay(9)),
        lambda: SendWindow(TimeOfDay(9), TimeOfDay(17), frozenset()),
        lambda: SendWindow(TimeOfDay(9), TimeOfDay(17), frozenset({0})),
    ],
)
def test_a_window_that_never_opens_is_refused(make: Callable[[], SendWindow]) -> None:
    with pytest.raises(ValueError, match=r"must close|needs days"):
        make()


def test_the_hour_that_comes_twice_is_the_first_and_the_one_that_never_comes_is_refused() -> None:
    assert moment(datetime.fromisoformat("2026-10-25T02:30"), BERLIN) == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )
    with pytest.raises(NoSuchTime, match="2026-03-29 02:30 does not exist in Europe/Berlin"):
        moment(datetime.fromisoformat("2026-03-29T02:30"), BERLIN)
    with pytest.raises(ValueError, match="there is no time zone"):
        zone_named("Europe/Atlantis")


def test_a_day_of_23_hours_ends_at_its_midnight() -> None:
    noon = datetime(2026, 3, 29, 10, tzinfo=UTC)
    day = next_midnight(noon, BERLIN).astimezone(UTC) - last_midnight(noon, BERLIN).astimezone(UTC)
    assert day == timedelta(hours=23)


def test_what_is_approved_at_night_waits_for_its_hours(office: Office, mail_server_log: MailServer) -> None:
    action_id = office.approved(schedule=Schedule(window=not_today()))
    assert office.send() == {}
    assert not mail_server_log.received
    office.tamper(OPEN_NOW, action_id)
    office.send()
    assert "time to send" in str(office.now(action_id).outcome), "other hours than those that were signed"


def test_in_its_hours_it_goes(office: Office, mail_server_log: MailServer) -> None:
    window = SendWindow(TimeOfDay(0), TimeOfDay(23, 59, 59, 999_999))
    office.approved(schedule=Schedule(window=window, zone=BERLIN))
    office.send()
    assert mail_server_log.recipients == {"reader@example.com": 1}


def test_a_window_that_closes_in_the_middle_keeps_the_rest(
    office: Office, mail_server_log: MailServer
) -> None:
    mail_server_log.slowness = 0.02
    window = SendWindow(TimeOfDay(0), TimeOfDay(23, 59, 59, 999_999))
    action_id = office.approved(
        to=[f"r{number}@example.com" for number in range(200)], schedule=Schedule(window=window)
    )
    with office.sender():
        wait_for(lambda: len(mail_server_log.received) > 5)
        tomorrow = now().isoweekday() % 7 + 1
        office.tamper(f"update actions set window_days = '[{tomorrow}]' where id = :id", action_id)
        wait_for(lambda: not office.delivered(action_id)["sending"])
        sent = len(mail_server_log.received)
    assert office.delivered(action_id) == {"sent": sent, "queued": 200 - sent}
    assert office.now(action_id).state is State.EXECUTING
    assert office.send() == {}


def test_no_more_leaves_in_a_day_than_the_tenant_lets_go(office: Office, mail_server_log: MailServer) -> None:
    office.choose({"type": "email", "most_a_day": 25})
    first = office.approved(to=[f"a{number}@example.com" for number in range(20)])
    second = office.approved(to=[f"b{number}@example.com" for number in range(20)])
    office.send()
    office.send()
    assert len(mail_server_log.received) == 25
    assert office.delivered(first) == {"sent": 20}
    assert office.delivered(second) == {"sent": 5, "queued": 15}
    yesterday = "update deliveries set settled_at = settled_at - interval '1 day', next_attempt_at = null"
    office.tamper(f"{yesterday} where tenant_id = (select tenant_id from actions where id = :id)", first)
    office.send()
    assert len(mail_server_log.received) == 40
    assert office.now(second).state is State.SUCCEEDED


def test_the_lower_of_two_limits_holds(office: Office, mail_server_log: MailServer) -> None:
    office.choose({"most_a_day": 3})
    office.approved(to=[f"a{number}@example.com" for number in range(5)])
    office.choose({"most_a_day": 1000})
    office.send()
    assert len(mail_server_log.received) == 3, "whoever signed has read three"
    office.approved(to=[f"b{number}@example.com" for number in range(5)])
    office.choose({"most_a_day": 0})
    office.send()
    assert len(mail_server_log.received) == 3, "and the tenant has thought better of it since"


def not_today() -> SendWindow:
    other_days = frozenset(range(1, 8)) - {now().isoweekday()}
    return SendWindow(TimeOfDay(0), TimeOfDay(23, 59, 59, 999_999), other_days)
