"""Reddit's ad accounts, which people reach through businesses, and how what stands in them is named."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import msgspec

from connectors.errors import Invalid
from connectors.reddit_api import WHERE, RedditApi

Micros = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]

GONE = frozenset({"ARCHIVED", "DELETED"})

_ACCOUNT = re.compile(r"(?:[at]2_)?[0-9a-z]{4,30}")
_BUSINESS = re.compile(r"[0-9A-Za-z_-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,30}")


class Account(msgspec.Struct):
    id: str
    name: str = ""
    currency: str = ""
    time_zone_id: str = "UTC"
    click_attribution_window: str | None = None
    view_attribution_window: str | None = None

    @property
    def attribution_setting(self) -> str:
        """For how long after a click, and after somebody saw an ad, what they do is counted as its doing."""
        windows = (("click", self.click_attribution_window), ("view", self.view_attribution_window))
        return ",".join(f"{length.lower()}_{of}" for of, length in windows if length)


class _Business(msgspec.Struct):
    id: str


def accounts_of(api: RedditApi) -> Iterator[Account]:
    """Those of every business in which somebody has a role; one that two businesses share is told once."""
    seen: set[str] = set()
    for business in api.each("me/businesses", _Business):
        if not _BUSINESS.fullmatch(business.id):
            continue
        for account in api.each(f"businesses/{business.id}/ad_accounts", Account):
            if account.id not in seen:
                seen.add(account.id)
                yield account


def account_of(api: RedditApi, account: str) -> Account:
    return api.one(f"ad_accounts/{account_named(account)}", Account)


def account_named(account: str) -> str:
    """An account's id, which goes into a path; it is written with the prefix `a2_` or `t2_`."""
    if not _ACCOUNT.fullmatch(account):
        raise Invalid(what="an account is named like a2_1b2c3d", where=WHERE, field="account")
    return account


def number_of(entity: str, *, field: str) -> str:
    if not _NUMBER.fullmatch(entity):
        raise Invalid(what=f"a {field} is named by its number", where=WHERE, field=field)
    return entity
