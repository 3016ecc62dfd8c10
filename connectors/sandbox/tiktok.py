"""TikTok's Business API as the sandbox plays it: its doors, its advertisers and their campaigns."""

from decimal import Decimal

from starlette.requests import Request
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.campaigns import Campaigns, Standing
from connectors.sandbox.performance import World
from connectors.sandbox.provider import Provider
from connectors.sandbox.tiktok_answers import (
    VERSION,
    Asked,
    Refused,
    Said,
    Work,
    filtering,
    granted,
    listed,
    page,
    refusal,
    route,
    wrong,
)
from connectors.sandbox.tiktok_inventory import Inventory
from connectors.sandbox.tiktok_reports import Reports
from connectors.sandbox.world import AdAccount, account, accounts_of

__all__ = ["CREDENTIALS", "VERSION", "TikTokStandIn"]

CREDENTIALS = {
    "access_token": "sandbox-tiktok-access-token",
    "app_id": "7000000000000000001",
    "app_secret": "sandbox-tiktok-app-secret",
}

_FIXED_ZONES = {"Europe/Berlin": "Etc/GMT-1", "Asia/Tokyo": "Etc/GMT-9"}
_LONGEST_NAME = 512


class TikTokStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._page_rows = page_rows
        self._reports = Reports(world, page_rows)
        self._campaigns = Campaigns(Channel.TIKTOK, accepted)
        self._inventory = Inventory(self._campaigns, page_rows)

    def provider(self) -> Provider:
        return Provider(
            Channel.TIKTOK,
            api=[
                self._route("GET", "oauth2/advertiser/get", self._advertisers),
                self._route("GET", "advertiser/info", self._described),
                self._route("GET", "report/integrated/get", self._reports.at_once),
                self._route("POST", "report/task/create", self._reports.begin),
                self._route("GET", "report/task/check", self._reports.check),
                self._route("GET", "report/task/download", self._reports.download),
                self._route("GET", "campaign/get", self._listed),
                self._route("GET", "adgroup/get", self._inventory.ad_groups),
                self._route("GET", "ad/get", self._inventory.ads),
                self._route("GET", "tool/region", self._inventory.regions),
                self._route("POST", "campaign/create", self._make),
                self._route("POST", "campaign/update", self._change),
                self._route("POST", "campaign/status/update", self._switch),
            ],
            sign_in=[],
            refusal=refusal,
        )

    def _route(self, method: str, path: str, work: Work) -> Route:
        return route(method, path, self._admit, work)

    def _admit(self, request: Request) -> None:
        token = request.headers.get("access-token", "")
        if not token:
            raise Refused(40104, "Access token is empty.")
        if token != CREDENTIALS["access_token"]:
            raise Refused(40105, "Access token is incorrect or has been revoked.")

    def _advertisers(self, _: Request, asked: Asked) -> Said:
        app = (CREDENTIALS["app_id"], CREDENTIALS["app_secret"])
        if (asked.get("app_id"), asked.get("secret")) != app:
            raise Refused(40002, "app_id: The app is unknown, or its secret is another.")
        known = accounts_of(Channel.TIKTOK)
        return {"list": [{"advertiser_id": it.id, "advertiser_name": it.name} for it in known]}

    def _described(self, _: Request, asked: Asked) -> Said:
        numbers = listed(asked, "advertiser_ids")
        if not 1 <= len(numbers) <= 100:
            raise wrong("advertiser_ids", "Must be between 1 and 100.")
        known = [account(Channel.TIKTOK, number) for number in numbers]
        if not all(known):
            raise Refused(40001, "No permission to operate an advertiser.")
        return {"list": [_advertiser(it) for it in known if it]}

    def _listed(self, _: Request, asked: Asked) -> Said:
        known = granted(asked)
        wanted = filtering(asked).get("campaign_ids")
        found = [it for it in self._campaigns.of(known.id) if wanted is None or it.id in wanted]
        return page(asked, [_campaign(known, it) for it in found], self._page_rows)

    def _make(self, _: Request, asked: Asked) -> Said:
        known, name = granted(asked), asked.get("campaign_name")
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
            raise wrong("campaign_name", f"Must be 1 to {_LONGEST_NAME} characters.")
        for field, value in {"objective_type": "TRAFFIC", "budget_mode": "BUDGET_MODE_DAY"}.items():
            if asked.get(field) != value:
                raise wrong(field, f"the sandbox knows {value} only")
        made = Standing(
            self._campaigns.new_id(),
            name,
            is_running=asked.get("operation_status", "ENABLE") == "ENABLE",
            budget_micros=_budget(asked),
        )
        self._campaigns.make(known.id, made)
        return {"campaign_id": made.id}

    def _change(self, _: Request, asked: Asked) -> Said:
        known = granted(asked)
        campaign = self._named(known, str(asked.get("campaign_id", "")))
        self._campaigns.set_budget(known.id, campaign, _budget(asked))
        return {"campaign_id": campaign.id}

    def _switch(self, _: Request, asked: Asked) -> Said:
        known, status = granted(asked), asked.get("operation_status")
        if status not in ("ENABLE", "DISABLE"):
            raise wrong("operation_status", "the sandbox knows ENABLE and DISABLE only")
        named = [self._named(known, number) for number in listed(asked, "campaign_ids")]
        for campaign in named:
            self._campaigns.switch(known.id, campaign, is_running=status == "ENABLE")
        return {"campaign_ids": [it.id for it in named], "status": status}

    def _named(self, known: AdAccount, number: str) -> Standing:
        campaign = self._campaigns.named(known.id, number)
        if campaign is None:
            raise Refused(40002, f"campaign_id: Campaign {number} does not exist.")
        return campaign


def _advertiser(known: AdAccount) -> Said:
    return {
        "advertiser_id": known.id,
        "name": known.name,
        "currency": known.currency,
        "timezone": _FIXED_ZONES[known.time_zone],
        "display_timezone": known.time_zone,
        "status": "STATUS_ENABLE",
    }


def _campaign(known: AdAccount, standing: Standing) -> Said:
    micros = standing.budget_micros or 0
    return {
        "advertiser_id": known.id,
        "campaign_id": standing.id,
        "campaign_name": standing.name,
        "objective_type": "TRAFFIC",
        "campaign_automation_type": "MANUAL",
        "operation_status": "ENABLE" if standing.is_running else "DISABLE",
        "secondary_status": "CAMPAIGN_STATUS_ENABLE" if standing.is_running else "CAMPAIGN_STATUS_DISABLE",
        "budget_mode": "BUDGET_MODE_DAY" if micros else "BUDGET_MODE_INFINITE",
        "budget": micros / 1_000_000,
    }


def _budget(asked: Asked) -> int:
    budget = asked.get("budget")
    if not isinstance(budget, int | float) or isinstance(budget, bool) or budget <= 0:
        raise wrong("budget", "Not a valid number.")
    return int(Decimal(str(budget)).scaleb(6))
