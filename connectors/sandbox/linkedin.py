"""LinkedIn's API as the sandbox plays it: its doors, and who is let in."""

from starlette.requests import Request
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.linkedin_answers import (
    Asked,
    Read,
    Refused,
    Said,
    Write,
    error,
    granted,
    page,
    refusal,
    route,
    wrong,
)
from connectors.sandbox.linkedin_campaigns import AdAccounts
from connectors.sandbox.linkedin_insights import Reports
from connectors.sandbox.linkedin_posts import Organizations
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.performance import World
from connectors.sandbox.provider import Provider
from connectors.sandbox.world import AdAccount, accounts_of

CREDENTIALS = {
    "access_token": "sandbox-linkedin-access-token",
    "refresh_token": "sandbox-linkedin-refresh-token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-linkedin-client-secret",
}
VERSION = "202607"

_LARGEST_PAGE = 1000


class LinkedInStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._page_rows = page_rows
        self._reports = Reports(world)
        self._ads = AdAccounts(page_rows, accepted)
        self._organizations = Organizations(page_rows, accepted, world)
        self._tokens = Tokens("LinkedIn", CREDENTIALS, lasts=5183999, refresh_lasts=31535999)

    def provider(self) -> Provider:
        ads, organizations, number = self._ads, self._organizations, "/adAccounts/{number:int}"
        return Provider(
            Channel.LINKEDIN,
            api=[
                self._route("/adAccounts", read=self._accounts),
                self._route(number, read=self._account),
                self._route(f"{number}/adCampaignGroups", read=ads.groups, write=ads.make_group),
                self._route(
                    f"{number}/adCampaignGroups/{{group:int}}", read=ads.group, write=ads.change_group
                ),
                self._route(f"{number}/adCampaigns", read=ads.campaigns, write=ads.make_campaign),
                self._route(f"{number}/adCampaigns/{{campaign:int}}", write=ads.change_campaign),
                self._route(f"{number}/creatives", read=ads.creatives),
                self._route("/adTargetingEntities", read=ads.locations),
                self._route("/adAnalytics", read=self._reports.analytics),
                self._route("/organizationAcls", read=organizations.roles),
                self._route("/organizationsLookup", read=organizations.names),
                self._route(
                    "/organizationalEntityShareStatistics",
                    read=organizations.statistics.of_posts,
                    needs="rw_organization_admin",
                ),
                self._route(
                    "/networkSizes/{organization}",
                    read=organizations.statistics.followers,
                    needs="rw_organization_admin",
                ),
                self._route("/images", write=organizations.begin_upload),
                self._route("/images/{image}", read=organizations.image),
                self._route("/posts", read=organizations.posts, write=organizations.publish),
                Route("/dms-uploads/{image}", organizations.upload(self._admit), methods=["PUT"]),
            ],
            sign_in=self._tokens.routes(),
            refusal=refusal,
        )

    def _route(
        self, path: str, *, read: Read | None = None, write: Write | None = None, needs: str = ""
    ) -> Route:
        return route(path, lambda request: self._admit(request, needs), read=read, write=write)

    def _admit(self, request: Request, needs: str = "") -> None:
        """Whom nothing in particular was granted may everything."""
        granted = self._tokens.scope_of(request.headers.get("authorization", "").removeprefix("Bearer "))
        if granted is None:
            raise Refused(error(401, "INVALID_ACCESS_TOKEN", "Invalid access token", service_code=65600))
        version = request.headers.get("linkedin-version", "")
        if not version:
            message = (
                "A version must be present. Please specify a version by adding the LinkedIn-Version header."
            )
            raise Refused(error(400, "VERSION_MISSING", message))
        if version != VERSION:
            raise Refused(error(426, "NONEXISTENT_VERSION", f"Requested version {version}01 is not active"))
        if request.headers.get("x-restli-protocol-version") != "2.0.0":
            raise wrong("X-RestLi-Protocol-Version", "the sandbox speaks 2.0.0")
        if granted and needs and needs not in granted.split():
            message = f"Not enough permissions to access: {request.method} {request.url.path}"
            raise Refused(error(403, "ACCESS_DENIED", message, service_code=100))

    def _accounts(self, _: Request, asked: Asked) -> Said:
        if asked.get("q") != "search":
            raise wrong("q", "accounts are found by the finder named search")
        known = [_described(each) for each in accounts_of(Channel.LINKEDIN)]
        return page(known, asked, largest=_LARGEST_PAGE, page_rows=self._page_rows)

    def _account(self, request: Request, _: Asked) -> Said:
        return _described(granted(request))


def _described(known: AdAccount) -> Said:
    return {
        "id": int(known.id),
        "name": known.name,
        "currency": known.currency,
        "status": "ACTIVE",
        "type": "BUSINESS",
        "test": False,
    }
