"""TikTok's advertisers, which are its ad accounts: their name, their currency and their zone."""

import msgspec

from connectors.errors import Forbidden
from connectors.face import FoundAccount
from connectors.tiktok_api import WHERE, Page, TikTokApi

_MOST_AT_ONCE = 100
ENABLED = "STATUS_ENABLE"


class Advertiser(msgspec.Struct):
    """`timezone` is a fixed distance from UTC at some; the other is the zone that the account's people chose."""

    advertiser_id: str
    currency: str
    name: str = ""
    timezone: str = ""
    display_timezone: str = ""
    status: str = ""

    @property
    def time_zone(self) -> str:
        return self.display_timezone or self.timezone


class _Granted(msgspec.Struct):
    advertiser_id: str


def advertiser_of(api: TikTokApi, number: str) -> Advertiser:
    for found in _described(api, [number]):
        if found.advertiser_id == number:
            return found
    raise Forbidden(what="the token is not for this advertiser", where=WHERE)


def advertisers_of(api: TikTokApi) -> list[FoundAccount]:
    app = {"app_id": api.credentials.app_id, "secret": api.credentials.app_secret}
    granted = api.read("oauth2/advertiser/get", app, Page[_Granted]).rows
    numbers = [each.advertiser_id for each in granted]
    return [
        FoundAccount(id=it.advertiser_id, name=it.name, currency=it.currency, time_zone=it.time_zone)
        for start in range(0, len(numbers), _MOST_AT_ONCE)
        for it in _described(api, numbers[start : start + _MOST_AT_ONCE])
    ]


def _described(api: TikTokApi, numbers: list[str]) -> list[Advertiser]:
    return api.read("advertiser/info", {"advertiser_ids": numbers}, Page[Advertiser]).rows
