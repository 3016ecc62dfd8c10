"""Meta's Graph API as the sandbox plays it: ad accounts, their insights, and what people granted."""

from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.meta_campaigns import MetaCampaigns, granted
from connectors.sandbox.meta_conversions import MetaConversions
from connectors.sandbox.meta_graph import (
    Asked,
    Door,
    Said,
    chosen,
    no_such_object,
    page,
    refusal,
    sign_in_refusal,
    unknown_path,
)
from connectors.sandbox.meta_insights import MetaInsights
from connectors.sandbox.meta_inventory import MetaInventory
from connectors.sandbox.meta_posts import MetaPosts
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.performance import World
from connectors.sandbox.provider import Provider
from connectors.sandbox.world import AdAccount, accounts_of

CREDENTIALS = {
    "access_token": "sandbox-meta-access-token",
    "app_secret": "sandbox-meta-app-secret",
}
APP = {"client_id": "sandbox-client", "client_secret": CREDENTIALS["app_secret"]}
"""With what the house asks people, where an app is registered."""


class MetaStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._page_rows = page_rows
        self._tokens = Tokens(
            "Meta",
            {**CREDENTIALS, **APP},
            lasts=5183999,
            lengthened_by="fb_exchange_token",
            refusal=sign_in_refusal,
        )
        self._insights = MetaInsights(world, page_rows)
        self._campaigns = MetaCampaigns(accepted, page_rows)
        self._inventory = MetaInventory(self._campaigns, page_rows)
        self._conversions = MetaConversions(accepted, page_rows, world.clock)
        self._posts = MetaPosts(accepted, page_rows, world)

    def provider(self) -> Provider:
        door = Door(self._tokens, CREDENTIALS["app_secret"])
        return Provider(
            Channel.META,
            api=[
                door.route("/me/adaccounts", self._accounts),
                door.route("/me/permissions", self._permissions),
                door.route("/act_{number:int}", self._account),
                *self._insights.routes(door),
                *self._campaigns.routes(door),
                *self._inventory.routes(door),
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
        for room in (self._campaigns, self._conversions, self._posts, self._insights):
            if (said := room.node(asked)) is not None:
                return said
        raise no_such_object(asked.number)


def _described(known: AdAccount, asked: Asked) -> Said:
    values = {
        "account_id": known.id,
        "name": known.name,
        "currency": known.currency,
        "timezone_name": known.time_zone,
    }
    return {**chosen(values, asked.fields()), "id": f"act_{known.id}"}
