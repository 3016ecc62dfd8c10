"""Wishes: when a publisher wants to be asked again, whatever stands in the headers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.trends.publishers import wishes

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("stated", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("0", timedelta(0)),
        ("999999999999", DAY),
        ("9" * 5000, DAY),
        ("Sun, 22 Nov 2026 13:00:00 GMT", HOUR),
        ("Sunday, 22-Nov-26 13:00:00 GMT", HOUR),
        ("Sun, 22 Nov 2026 13:00:00 +0100", timedelta(0)),
        ("Sun, 22 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("Sun, 22 Nov 2099 11:00:00 GMT", DAY),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("120, 120", None),
        ("Sun, 99 Nov 2026 13:00:00 GMT", None),
        ("", None),
    ],
)
def test_retry_after(stated: str, wait: timedelta | None):
    assert wishes.retry_after({"retry-after": stated}, NOW) == wait


def test_a_publishers_dates_are_read_by_the_publishers_clock():
    theirs = {"date": "Sun, 22 Nov 2026 09:00:00 GMT", "retry-after": "Sun, 22 Nov 2026 10:00:00 GMT"}
    assert wishes.retry_after(theirs, NOW) == HOUR


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"cache-control": "max-age=3600"}, HOUR),
        ({"cache-control": 'public, Max-Age="3600", must-revalidate'}, HOUR),
        ({"cache-control": "max-age=3600", "age": "600"}, timedelta(minutes=50)),
        ({"cache-control": "max-age=3600", "age": "7200"}, None),
        ({"cache-control": "max-age=3600", "age": "old"}, HOUR),
        ({"cache-control": "max-age=31536000, immutable"}, DAY),
        ({"cache-control": "max-age=" + "9" * 5000}, DAY),
        ({"cache-control": "max-age=0"}, None),
        ({"cache-control": "max-age=-1"}, None),
        ({"cache-control": "s-maxage=3600"}, None),
        ({"cache-control": "x-max-age=3600"}, None),
        ({"cache-control": "no-cache, max-age=3600"}, None),
        ({"cache-control": "max-age=3600, no-store"}, None),
        ({"expires": "Sun, 22 Nov 2026 13:00:00 GMT"}, HOUR),
        ({"expires": "Sun, 22 Nov 2026 13:00:00 GMT", "date": "Sun, 22 Nov 2026 12:30:00 GMT"}, HOUR / 2),
        ({"expires": "Sun, 22 Nov 2026 13:00:00 GMT", "age": "1800"}, HOUR / 2),
        ({"expires": "Sun, 22 Nov 2026 11:00:00 GMT"}, None),
        ({"expires": "0"}, None),
        ({"expires": "-1"}, None),
        ({"expires": "Sun, 22 Nov 2026 13:00:00 GMT", "cache-control": "max-age=60"}, timedelta(minutes=1)),
        ({"retry-after": "7200", "cache-control": "max-age=60"}, 2 * HOUR),
        ({"retry-after": "60", "cache-control": "max-age=3600"}, HOUR),
    ],
)
def test_not_before(headers: dict[str, str], wait: timedelta | None):
    assert wishes.not_before(headers, NOW) == wait


def test_validators_are_told_as_they_came():
    headers = {"etag": 'W/"a b"', "last-modified": "Fri, 20 Nov 2026 10:00:00 GMT"}
    assert wishes.etag(headers) == 'W/"a b"'
    assert wishes.last_modified(headers) == "Fri, 20 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize("validator", ["", "x" * 501, "gestern, spät", 'a"\tb'])
def test_a_validator_that_cannot_be_sent_back_is_forgotten(validator: str):
    assert wishes.etag({"etag": validator}) is None


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "cache-control", "expires", "date", "age"]),
        st.text(max_size=60) | st.from_regex(r"[A-Z][a-z]{2}, \d+ Nov \d+ \d+:\d+:\d+ (GMT|[+-]\d{4})"),
    )
)
def test_whatever_stands_there_is_a_wait_of_a_day_at_most_or_nothing(headers: dict[str, str]):
    for wait in (wishes.retry_after(headers, NOW), wishes.not_before(headers, NOW)):
        assert wait is None or timedelta(0) <= wait <= DAY
