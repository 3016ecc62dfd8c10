"""Dates without a zone are the tenant's, also when the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.campaigns.local_time import Moment, meant

BERLIN = ZoneInfo("Europe/Berlin")
at = datetime.fromisoformat


def test_a_date_without_a_zone_is_the_tenants() -> None:
    assert meant(at("2026-05-01T09:00"), BERLIN) == Moment(datetime(2026, 5, 1, 7, tzinfo=UTC))
    assert meant(at("2026-12-01T09:00"), BERLIN) == Moment(datetime(2026, 12, 1, 8, tzinfo=UTC))


def test_a_date_with_a_zone_is_what_it_says() -> None:
    written = at("2026-05-01T09:00:00-07:00")
    assert meant(written, BERLIN) == Moment(datetime(2026, 5, 1, 16, tzinfo=UTC))


def test_a_time_that_the_clocks_jump_over_is_that_much_later_and_says_so() -> None:
    moment = meant(at("2026-03-29T02:30"), BERLIN)
    assert moment.at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert moment.note == "2026-03-29 02:30 does not exist in Europe/Berlin: 03:30 CEST is taken."


def test_of_a_time_that_comes_twice_the_first_is_meant_and_it_says_so() -> None:
    moment = meant(at("2026-10-25T02:30"), BERLIN)
    assert moment.at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert "comes twice in Europe/Berlin: the first, 00:30 UTC" in moment.note


@given(
    st.datetimes(min_value=at("1971-01-01T00:00"), max_value=at("2199-01-01T00:00")),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_whatever_is_written_without_a_note_reads_the_same_on_the_tenants_clock(
    written: datetime, name: str
) -> None:
    zone = ZoneInfo(name)
    moment = meant(written, zone)
    there = moment.at.astimezone(zone).replace(tzinfo=None)
    if moment.note:
        assert timedelta() <= there - written <= timedelta(hours=1)
    else:
        assert there == written
