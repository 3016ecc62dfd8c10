"""Credentials: sealed for one account, and for no other."""

import pytest

from marketing_pipelines.insights import credentials
from marketing_pipelines.insights.credentials import Unreadable
from store.settings import Settings, load

SECRET = {"access_token": "geheim-ü", "expires": 3}


@pytest.fixture
def here(tmp_path) -> Settings:
    return load(_env_file=None, data_dir=tmp_path)


def test_what_was_sealed_opens_for_the_same_account(here: Settings):
    sealed = credentials.seal(here, "meta", "1", SECRET)
    assert b"geheim" not in sealed
    assert credentials.open_sealed(here, "meta", "1", sealed) == SECRET


@pytest.mark.parametrize(("channel", "account"), [("meta", "2"), ("google_ads", "1")])
def test_it_opens_for_no_other_account(here: Settings, channel: str, account: str):
    sealed = credentials.seal(here, "meta", "1", SECRET)
    with pytest.raises(Unreadable, match="connect the account again"):
        credentials.open_sealed(here, channel, account, sealed)


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(100)])
def test_it_opens_for_no_forgery(here: Settings, sealed: bytes):
    with pytest.raises(Unreadable):
        credentials.open_sealed(here, "meta", "1", sealed)


def test_it_opens_with_no_other_key(here: Settings, tmp_path):
    elsewhere = load(_env_file=None, data_dir=tmp_path / "elsewhere")
    with pytest.raises(Unreadable):
        credentials.open_sealed(elsewhere, "meta", "1", credentials.seal(here, "meta", "1", SECRET))
