"""Meta's Graph API as the sandbox plays it: ad accounts, their insights, and what people granted."""

from datetime import date
from typing import Any

import msgspec
from starlette.routing import Route

from connectors.face import Channel, Level
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.meta_campaigns import MetaCampaigns, granted
from connectors.sandbox.meta_conversions import MetaConversions
from connectors.sandbox.meta_graph import (
    Asked,
    Door,
    Refused,
    Said,
    chosen,
    no_such_object,
    page,
    refusal,
    sign_in_refusal,
    unknown_path,
)
from connectors.sandbox.meta_posts import MetaPosts
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.performance import Figures, Served, World, main_units
from connectors.sandbox.provider import Provider
from connectors.sandbox.world import AdAccount, accounts_of

CREDENTIALS = {
    "access_token": "sandbox-meta-access-token",
    "app_secret": "sandbox-meta-app-secret",
}
APP = {"client_id": "sandbox-client", "client_secret": CREDENTIALS["app_secret"]}
"""With what the house asks people, where an app is registered."""

_LEVELS = {"account": Level.ACCOUNT, "campaign": Level.CAMPAIGN, "adset": Level.AD_GROUP, "ad": Level.AD}


class _Window(msgspec.Struct):
    since: date
    until: date


class MetaStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._world = world
        self._page_rows = page_rows
        self._tokens = Tokens(
            "Meta",
            {**CREDENTIALS, **APP},
            lasts=5183999,
            lengthened_by="fb_exchange_token",
            refusal=sign_in_refusal,
        )
        self._campaigns = MetaCampaigns(accepted, page_rows)
        self._conversions = MetaConversions(accepted, page_rows, world.clock)
        self._posts = MetaPosts(accepted, page_rows, world.clock)

    def provider(self) -> Provider:
        door = Door(self._tokens, CREDENTIALS["app_secret"])
        return Provider(
            Channel.META,
            api=[
                door.route("/me/adaccounts", self._accounts),
                door.route("/me/permissions", self._permissions),
                door.route("/act_{number:int}", self._account),
                door.route("/act_{number:int}/insights", self._insights),
                *self._campaigns.routes(door),
                *self._conversions.routes(door),
                *self._posts.routes(door),
                door.route("/{number:int}", self._node),
                Route("/{version}/{path:path}", unknown_path),
            ],
            sign_in=self._tokens.routes(),
            refusal=refusal,
        )

    def _accounts(self, asked: Asked) -> Said:
        seen = [_described(known, asked) for known in accounts_of(Channel.META)]
        return page(asked, seen, self._page_rows)

    def _permissions(self, asked: Asked) -> Said:
        scope = self._tokens.scope_of(asked.token) or ""
        rows = [{"permission": name, "status": "granted"} for name in ("public_profile", *scope.split())]
        return page(asked, rows, self._page_rows)

    def _account(self, asked: Asked) -> Said:
        return _described(granted(asked), asked)

    def _node(self, asked: Asked) -> Said:
        """Whatever is named by its number alone."""
        for room in (self._campaigns, self._conversions, self._posts):
            if (said := room.node(asked)) is not None:
                return said
        raise no_such_object(asked.number)

    def _insights(self, asked: Asked) -> Said:
        """Only what is on the page is put into words."""
        known = granted(asked)
        said = page(asked, self._served(asked, known), self._page_rows)
        fields = asked.fields() | {"date_start", "date_stop"}
        viewed = "1d_view" in asked.get("action_attribution_windows")
        rows = [chosen(_values(known, row, viewed=viewed), fields) for row in said["data"]]
        return {**said, "data": rows}

    def _served(self, asked: Asked, known: AdAccount) -> list[Served]:
        level = _LEVELS.get(asked.get("level") or "account")
        if level is None:
            raise Refused(400, 100, "(#100) level must be one of account, campaign, adset, ad")
        if asked.get("time_increment") != "1":
            raise Refused(400, 100, "(#100) the sandbox knows time_increment=1 only")
        window = asked.json("time_range", _Window)
        return list(self._world.served(known, window.since, window.until, level))


def _described(known: AdAccount, asked: Asked) -> Said:
    values = {
        "account_id": known.id,
        "name": known.name,
        "currency": known.currency,
        "timezone_name": known.time_zone,
    }
    return {**chosen(values, asked.fields()), "id": f"act_{known.id}"}


def _values(known: AdAccount, row: Served, *, viewed: bool) -> dict[str, Any]:
    """Every field the sandbox knows of a row; numbers are strings, and actions that never were are absent."""
    figures = row.figures
    values: dict[str, Any] = {
        "account_id": known.id,
        "account_name": known.name,
        "account_currency": known.currency,
        "impressions": str(figures.impressions),
        "clicks": str(figures.all_clicks),
        "inline_link_clicks": str(figures.clicks),
        "reach": str(round(figures.impressions * 0.85)),
        "spend": main_units(figures.spend_micros, known.decimals),
        "attribution_setting": "7d_click_1d_view",
    }
    for name, entity in (("campaign", row.campaign), ("adset", row.ad_group), ("ad", row.ad)):
        if entity:
            values |= {f"{name}_id": entity.id, f"{name}_name": entity.name}
    return {
        **values,
        **_actions(figures, known.decimals, viewed=viewed),
        "date_start": row.day.isoformat(),
        "date_stop": row.day.isoformat(),
    }


def _actions(figures: Figures, decimals: int, *, viewed: bool) -> dict[str, Any]:
    """A purchase comes back under three names, as it does from Meta."""
    purchases = ("offsite_conversion.fb_pixel_purchase", "omni_purchase", "purchase")
    found: dict[str, Any] = {}
    clicked = [{"action_type": "link_click", "value": str(figures.clicks)}] if figures.clicks else []
    bought: list[dict[str, str]] = []
    if figures.conversions:
        counts = {"value": str(int(figures.conversions))}
        if viewed and figures.view_through_conversions:
            counts["1d_view"] = str(figures.view_through_conversions)
        bought = [{"action_type": name, **counts} for name in purchases]
        worth = main_units(figures.conversions_value_micros, decimals)
        found["action_values"] = [{"action_type": name, "value": worth} for name in purchases]
    if clicked or bought:
        found["actions"] = clicked + bought
    return found
