"""What a clock on a wall means, all the year round."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.clock import NoSuchTime, moment, zone_named

BERLIN = ZoneInfo("Europe/Berlin")
at = datetime.fromisoformat


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-05-01T09:00", "2026-05-01T07:00+00:00"),
        ("2026-12-01T09:00", "2026-12-01T08:00+00:00"),
        ("2026-05-01T09:00:00-07:00", "2026-05-01T16:00+00:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30+00:00"),
    ],
)
def test_a_time_is_read_off_a_clock_there_and_of_two_the_first_is_meant(said: str, meant: str) -> None:
    assert moment(at(said), BERLIN) == at(meant)


def test_a_time_that_no_clock_shows_is_refused() -> None:
    with pytest.raises(NoSuchTime, match="2026-03-29 02:30 does not exist in Europe/Berlin"):
        moment(at("2026-03-29T02:30"), BERLIN)


@pytest.mark.parametrize("name", ["", "Europe/Atlantis", "../../etc/passwd", "/etc/passwd", "Europe", "\0"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="there is no time zone"):
        zone_named(name)


@given(
    st.datetimes(min_value=at("1971-01-01T00:00"), max_value=at("2199-01-01T00:00")),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_whatever_is_said_reads_the_same_on_a_clock_there_or_is_refused(said: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    try:
        read = moment(said, zone).astimezone(zone).replace(tzinfo=None)
    except NoSuchTime:
        first, second = (said.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        assert timedelta() < first - second <= timedelta(hours=1), "it lies where clocks go forward"
    else:
        assert read == said
