"""Credentials of ad accounts: sealed for one account of one channel, and readable for no other."""

import json
from collections.abc import Mapping
from typing import Any

from store import secrets
from store.settings import Settings

PURPOSE = "ad-accounts"


class Unreadable(Exception):
    """The sealed credentials do not open: they belong to another account, or the key has changed."""


def seal(settings: Settings, channel: str, account_id: str, credentials: Mapping[str, Any]) -> bytes:
    """What is stored of an account's credentials."""
    return secrets.encrypt(
        settings.derived(PURPOSE), json.dumps(dict(credentials)), bound_to=_owner(channel, account_id)
    )


def open_sealed(settings: Settings, channel: str, account_id: str, sealed: bytes) -> dict[str, Any]:
    """An account's credentials, or Unreadable."""
    from cryptography.exceptions import InvalidTag

    try:
        text = secrets.decrypt(settings.derived(PURPOSE), sealed, bound_to=_owner(channel, account_id))
        return json.loads(text)
    except (InvalidTag, ValueError) as error:
        raise Unreadable(
            f"The credentials of {channel} account {account_id} do not open with this installation's "
            "SECRET_KEY: connect the account again."
        ) from error


def _owner(channel: str, account_id: str) -> str:
    return f"{channel}:{account_id}"
