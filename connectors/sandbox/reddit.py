"""Reddit as the sandbox plays it: the doors of its Ads API and of the site, and who is let in."""

from starlette.requests import Request
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.performance import World
from connectors.sandbox.provider import Provider
from connectors.sandbox.reddit_ads import AdAccounts
from connectors.sandbox.reddit_answers import (
    Answering,
    Refused,
    Submitting,
    Writing,
    elsewhere,
    gate,
    refusal,
    route,
    site,
    site_route,
    unauthorized,
)
from connectors.sandbox.reddit_insights import Reports
from connectors.sandbox.reddit_site import Communities

CREDENTIALS = {
    "access_token": "sandbox-reddit-access-token",
    "refresh_token": "sandbox-reddit-refresh-token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-reddit-client-secret",
}
VERSION = "v3"

_NO_NAMES = ("python", "curl", "httpx", "go-http", "java", "okhttp")


class RedditStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._reports = Reports(world, page_rows)
        self._ads = AdAccounts(world, page_rows, accepted)
        self._communities = Communities(page_rows, accepted, world)
        self._tokens = Tokens("Reddit", CREDENTIALS, lasts=86400, with_basic_auth=True)

    def provider(self) -> Provider:
        ads, communities = self._ads, self._communities
        account = "/ad_accounts/{account}"
        return Provider(
            Channel.REDDIT,
            api=[
                self._of_ads("/me/businesses", read=ads.businesses),
                self._of_ads("/businesses/{business}/ad_accounts", read=ads.accounts),
                self._of_ads(account, read=ads.account),
                self._of_ads(f"{account}/campaigns", read=ads.campaigns, make=ads.make),
                self._of_ads(f"{account}/ad_groups", read=ads.ad_groups),
                self._of_ads(f"{account}/ads", read=ads.ads),
                self._of_ads(f"{account}/funding_instruments", read=ads.funding_instruments),
                self._of_ads(f"{account}/pixels", read=ads.pixels),
                self._of_ads(f"{account}/reports", make=self._reports.report),
                self._of_ads("/campaigns/{campaign}", read=ads.campaign, change=ads.change),
                self._of_site("/api/v1/me", "identity", read=communities.me),
                self._of_site("/subreddits/mine/subscriber", "mysubreddits", read=communities.joined),
                self._of_site("/r/{place}/about", "read", read=communities.about),
                self._of_site("/user/{person}/submitted", "history", read=communities.submitted),
                self._of_site("/api/submit", "submit", submit=communities.submit),
                Route("/{version}/{path:path}", elsewhere, methods=["GET", "POST", "PATCH"]),
            ],
            sign_in=self._tokens.routes(),
            refusal=refusal,
        )

    def _of_ads(
        self,
        path: str,
        *,
        read: Answering | None = None,
        make: Writing | None = None,
        change: Writing | None = None,
    ) -> Route:
        def admit(request: Request) -> None:
            changes = request.method != "GET" and not path.endswith("/reports")
            self._admit(
                request,
                "adsedit" if changes else "adsread",
                gate(403, "UNAUTHORIZED", "Insufficient authentication scopes"),
            )

        return route(f"/{VERSION}{path}", admit, read=read, make=make, change=change)

    def _of_site(
        self, path: str, needs: str, *, read: Answering | None = None, submit: Submitting | None = None
    ) -> Route:
        def admit(request: Request) -> None:
            self._admit(request, needs, site(403, "Forbidden"))

        return site_route(f"/site{path}", admit, read=read, submit=submit)

    def _admit(self, request: Request, needs: str, otherwise: Refused) -> None:
        """Whom nothing in particular was granted may everything; who does not say who they are may nothing."""
        if request.headers.get("user-agent", "").lower().startswith(_NO_NAMES):
            raise site(429, "Too Many Requests")
        scopes = self._tokens.scope_of(request.headers.get("authorization", "").removeprefix("Bearer "))
        if scopes is None:
            raise unauthorized()
        if scopes and needs not in scopes.split():
            raise otherwise
