"""Windows: every day once, in order."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.insights.windows import Hours, Window

DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(since=DAYS, length=st.integers(0, 60), portion=st.integers(1, 20))
def test_portions_hold_every_day_once_and_are_short(since: date, length: int, portion: int):
    window = Window(since, since + timedelta(days=length))
    portions = list(window.portions(portion))
    assert [day for part in portions for day in part.days] == window.days
    assert all(len(part.days) <= portion for part in portions)


@given(since=DAYS, lookback=st.integers(0, 60))
def test_reaching_back_stops_at_the_earliest_day(since: date, lookback: int):
    earliest = date(2024, 1, 1)
    window = Window(since, since).reaching_back(lookback, earliest)
    assert window.until == since
    assert window.since == min(since, max(earliest, since - timedelta(days=lookback)))


@given(since=DAYS, length=st.integers(0, 60))
def test_halves_hold_every_day_once_until_there_is_one(since: date, length: int):
    window = Window(since, since + timedelta(days=length))
    halves = window.halves()
    if halves is None:
        assert len(window.days) == 1
        return
    first, second = halves
    assert [*first.days, *second.days] == window.days
    assert len(second.days) - len(first.days) in (0, 1)


def test_a_window_does_not_end_before_it_starts():
    with pytest.raises(ValueError, match="before it starts"):
        Window(date(2026, 1, 2), date(2026, 1, 1))


@pytest.mark.parametrize(
    ("said", "hours"),
    [("1-5", {1, 2, 3, 4}), ("22-2", {22, 23, 0, 1}), ("20-24", {20, 21, 22, 23})],
)
def test_hours_hold_from_the_first_up_to_the_last(said: str, hours: set[int]):
    read = Hours.read(said)
    assert {hour for hour in range(24) if read.hold(datetime(2026, 3, 1, hour, 59, tzinfo=UTC))} == hours


def test_hours_are_of_utc():
    tokyo = ZoneInfo("Asia/Tokyo")
    assert Hours.read("1-5").hold(datetime(2026, 3, 1, 11, tzinfo=tokyo))
    assert not Hours.read("1-5").hold(datetime(2026, 3, 1, 2, tzinfo=tokyo))
