"""X as the sandbox plays it: its two interfaces, for advertising and for posts, at one address."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.performance import World
from connectors.sandbox.provider import Provider
from connectors.sandbox.x_ads import AdAccounts
from connectors.sandbox.x_answers import VERSION, SignedDoor, refusal, refusals
from connectors.sandbox.x_posts import Posts
from connectors.sandbox.x_stats import Statistics

CREDENTIALS = {
    "access_token": "sandbox-x-access-token",
    "refresh_token": "sandbox-x-refresh-token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-x-client-secret",
    "consumer_key": "sandbox-x-consumer-key",
    "consumer_secret": "sandbox-x-consumer-secret",
    "ads_token": "2244994945-sandbox-x-ads-token",
    "ads_token_secret": "sandbox-x-ads-token-secret",
}

__all__ = ["CREDENTIALS", "VERSION", "XStandIn"]

_LASTS = 7200


class XStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._clock = world.clock
        self._door = SignedDoor(CREDENTIALS, world.clock)
        self._statistics = Statistics(world)
        self._ads = AdAccounts(page_rows, accepted)
        self._tokens = Tokens("X", CREDENTIALS, lasts=_LASTS, rotating=True, with_basic_auth=True)
        self._posts = Posts(page_rows, accepted, world, self._tokens)

    def provider(self) -> Provider:
        return Provider(
            Channel.X,
            api=[
                *self._statistics.routes(self._door),
                *self._ads.routes(self._door),
                *self._posts.routes(),
                Route("/{rest:path}", _nothing_here, methods=["GET", "POST", "PUT"]),
            ],
            sign_in=self._tokens.routes(),
            refusal=refusals(self._clock),
        )


async def _nothing_here(request: Request) -> Response:
    return refusal(404, "ROUTE_NOT_FOUND", f"The requested route {request.url.path} was not found")
