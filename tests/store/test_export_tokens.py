"""The token of an export's address: it proves itself, for one file of one tenant, until its hour is over."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import export_tokens
from store.export_tokens import Fetching, NotAToken
from store.records.schema import ExportId, TenantId

KEY = bytes(32)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FETCHING = Fetching(TenantId(7), ExportId(12), NOON)
BEFORE = NOON - timedelta(seconds=1)


@given(st.integers(1, 2**63 - 1), st.integers(1, 2**63 - 1), st.integers(1, 2**33))
def test_it_says_what_it_was_made_for(tenant: int, export: int, until: int) -> None:
    fetching = Fetching(TenantId(tenant), ExportId(export), datetime.fromtimestamp(until, UTC))
    earlier = datetime.fromtimestamp(until - 1, UTC)
    assert export_tokens.read(KEY, export_tokens.token(KEY, fetching), earlier) == fetching


@pytest.mark.parametrize("late", [timedelta(), timedelta(days=400)])
def test_it_dies_with_its_hour(late: timedelta) -> None:
    token = export_tokens.token(KEY, FETCHING)
    assert export_tokens.read(KEY, token, BEFORE) == FETCHING
    with pytest.raises(NotAToken):
        export_tokens.read(KEY, token, NOON + late)


def test_no_bit_of_it_can_be_changed() -> None:
    token = export_tokens.token(KEY, FETCHING)
    raw = bytearray(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    for place in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(NotAToken):
            export_tokens.read(KEY, urlsafe_b64encode(changed).rstrip(b"=").decode(), BEFORE)


@given(st.text(max_size=120))
def test_what_anybody_types_is_no_token(typed: str) -> None:
    with pytest.raises(NotAToken):
        export_tokens.read(KEY, typed, BEFORE)


def test_a_key_of_another_installation_opens_nothing() -> None:
    with pytest.raises(NotAToken):
        export_tokens.read(b"another" * 5, export_tokens.token(KEY, FETCHING), BEFORE)
