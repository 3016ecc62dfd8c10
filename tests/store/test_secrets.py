"""Derived keys and encryption."""

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from store import secrets

KEY = secrets.derive(b"root", "test")


@given(text=st.text(), bound_to=st.text(min_size=1, max_size=40))
def test_what_is_sealed_can_be_read_back(text: str, bound_to: str) -> None:
    sealed = secrets.encrypt(KEY, text, bound_to=bound_to)
    assert secrets.decrypt(KEY, sealed, bound_to=bound_to) == text


def test_a_ciphertext_is_good_for_its_purpose_only() -> None:
    sealed = secrets.encrypt(KEY, "token", bound_to="google_ads:1")
    with pytest.raises(InvalidTag):
        secrets.decrypt(KEY, sealed, bound_to="google_ads:2")


def test_keys_of_two_purposes_differ() -> None:
    assert secrets.derive(b"root", "jwt") != secrets.derive(b"root", "csrf")
