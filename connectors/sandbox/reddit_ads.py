"""What Reddit's ad accounts hold, as the sandbox plays it: listed by accounts, made and changed."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.campaigns import Campaigns, Standing
from connectors.sandbox.organic import reddit_name
from connectors.sandbox.performance import World
from connectors.sandbox.reddit_answers import Said, granted, missing, page, wrong
from connectors.sandbox.world import LISTS, Ad, AdAccount, AdGroup, Aim, Campaign, Fate, accounts_of

_BUSINESSES = {
    "9b1d7a5e-0000-4000-8000-000000000001": "Lindgrün",
    "9b1d7a5e-0000-4000-8000-000000000002": "Agency",
}
_REVIEW = {Fate.IN_REVIEW: "PENDING_APPROVAL", Fate.REFUSED: "REJECTED"}
_PAYS = "fi_100"
_SWITCHED = ("ACTIVE", "PAUSED")


class AdAccounts:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._clock, self._page_rows = world.clock, page_rows
        self._book = Campaigns(Channel.REDDIT, accepted)

    def businesses(self, request: Request) -> Said:
        return self._page([{"id": each, "name": name} for each, name in _BUSINESSES.items()], request)

    def accounts(self, request: Request) -> Said:
        """The agency sees what the shop has, too."""
        business = str(request.path_params["business"])
        if business not in _BUSINESSES:
            raise missing()
        return self._page([_account(known) for known in accounts_of(Channel.REDDIT)], request)

    def account(self, request: Request) -> Said:
        return {"data": _account(granted(request))}

    def campaigns(self, request: Request) -> Said:
        known = granted(request)
        archived = [
            Standing(each.id, each.name, is_running=False, budget_micros=None, more={"status": "ARCHIVED"})
            for each in known.gone
        ]
        standing = [*self._book.of(known.id), *archived]
        return self._page([self._campaign(known, each) for each in standing], request)

    def campaign(self, request: Request) -> Said:
        known, standing = self._named(request)
        return {"data": self._campaign(known, standing)}

    def ad_groups(self, request: Request) -> Said:
        known = granted(request)
        told = [
            self._ad_group(known, campaign, ad_group)
            for campaign in (*known.campaigns, *known.gone)
            for ad_group in campaign.ad_groups
        ]
        return self._page(told, request)

    def ads(self, request: Request) -> Said:
        known = granted(request)
        told = [
            self._ad(known, campaign, ad_group, ad)
            for campaign in (*known.campaigns, *known.gone)
            for ad_group in campaign.ad_groups
            for ad in (*ad_group.ads, *ad_group.gone)
        ]
        return self._page(told, request)

    def funding_instruments(self, request: Request) -> Said:
        known = granted(request)
        told = [
            {"id": _PAYS, "name": "Invoice", "currency": known.currency, "is_servable": True},
            {"id": "fi_099", "name": "An old card", "currency": known.currency, "is_servable": False},
        ]
        return self._page(told, request)

    def pixels(self, request: Request) -> Said:
        known = granted(request)
        return self._page([{"id": known.id, "name": f"{known.name}'s pixel"}], request)

    def make(self, request: Request, told: Said) -> Said:
        known = granted(request)
        name, goal = told.get("name"), told.get("goal_value")
        if not isinstance(name, str) or len(name) < 3:
            raise wrong("name", "must be at least 3 characters")
        for field in ("objective", "configured_status", "bid_strategy", "bid_type"):
            if not told.get(field):
                raise wrong(field, "is required")
        if not told.get("is_campaign_budget_optimization") or told.get("goal_type") != "DAILY_SPEND":
            raise wrong("goal_type", "the sandbox knows campaigns with a daily budget of their own")
        if told.get("conversion_pixel_id") != known.id:
            raise wrong("conversion_pixel_id", "is required")
        if told.get("funding_instrument_id") != _PAYS:
            raise wrong("funding_instrument_id", "must be one that can pay")
        made = Standing(
            self._book.new_id(),
            name,
            is_running=_status(told) == "ACTIVE",
            budget_micros=_budget(goal, known),
            more={"start_time": told.get("start_time"), "end_time": told.get("end_time")},
        )
        if end := told.get("end_time"):
            if not told.get("start_time"):
                raise wrong("start_time", "is required if end_time is provided")
            made.until = datetime.fromisoformat(str(end)).astimezone(ZoneInfo(known.time_zone)).date()
        self._book.make(known.id, made)
        return {"data": self._campaign(known, made)}

    def change(self, request: Request, told: Said) -> Said:
        known, standing = self._named(request)
        if unknown := told.keys() - {"configured_status", "goal_value"}:
            raise wrong(min(unknown), "cannot be changed in the sandbox")
        if "goal_value" in told:
            self._book.set_budget(known.id, standing, _budget(told["goal_value"], known))
        if "configured_status" in told:
            self._book.switch(known.id, standing, is_running=_status(told) == "ACTIVE")
        return {"data": self._campaign(known, standing)}

    def _named(self, request: Request) -> tuple[AdAccount, Standing]:
        number = str(request.path_params["campaign"])
        for known in accounts_of(Channel.REDDIT):
            if (standing := self._book.named(known.id, number)) is not None:
                return known, standing
        raise missing()

    def _page(self, entities: list[Said], request: Request) -> Said:
        data, pagination = page(entities, request, self._page_rows)
        return {"data": data, "pagination": pagination}

    def _campaign(self, known: AdAccount, standing: Standing) -> Said:
        configured = str(standing.more.get("status") or ("ACTIVE" if standing.is_running else "PAUSED"))
        return {
            "id": standing.id,
            "ad_account_id": known.id,
            "name": standing.name,
            "objective": "CLICKS",
            "configured_status": configured,
            "effective_status": "COMPLETED" if self._is_over(standing, known) else configured,
            "is_campaign_budget_optimization": True,
            "goal_type": "DAILY_SPEND",
            "goal_value": standing.budget_micros,
            "bid_strategy": "BIDLESS",
            "bid_type": "CPC",
            "spend_cap": None,
            "start_time": standing.more.get("start_time") or "2026-01-01T00:00:00+00:00",
            "end_time": standing.more.get("end_time"),
        }

    def _is_over(self, standing: Standing, known: AdAccount) -> bool:
        today = self._clock().astimezone(ZoneInfo(known.time_zone)).date()
        return standing.until is not None and standing.until < today

    def _ad_group(self, known: AdAccount, campaign: Campaign, ad_group: AdGroup) -> Said:
        return {
            "id": ad_group.id,
            "ad_account_id": known.id,
            "campaign_id": campaign.id,
            "name": ad_group.name,
            **self._statuses(known, campaign, "ACTIVE"),
            "bid_strategy": "MAXIMIZE_VOLUME",
            "bid_type": "CPC",
            "bid_value": round(ad_group.highest_bid * 1_000_000),
            "goal_type": None,
            "goal_value": None,
            "is_campaign_budget_optimization": True,
            "start_time": datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
            "end_time": None,
            "targeting": _targeting(ad_group.aim, placements_are_chosen=ad_group.placements_are_chosen),
        }

    def _ad(self, known: AdAccount, campaign: Campaign, ad_group: AdGroup, ad: Ad) -> Said:
        configured = {Fate.PAUSED: "PAUSED", Fate.GONE: "DELETED"}.get(ad.fate, "ACTIVE")
        statuses = self._statuses(known, campaign, configured)
        if ad.fate in _REVIEW and campaign not in known.gone:
            statuses["effective_status"] = _REVIEW[ad.fate]
        return {
            "id": ad.id,
            "ad_account_id": known.id,
            "campaign_id": campaign.id,
            "ad_group_id": ad_group.id,
            "name": ad.name,
            **statuses,
            "rejection_reason": "BROKEN_URL" if ad.fate is Fate.REFUSED else None,
            "type": "UNSPECIFIED",
            "click_url": ad.leads_to,
            "post_id": post_of(ad),
        }

    def _statuses(self, known: AdAccount, campaign: Campaign, configured: str) -> Said:
        """What stands above counts in the effective one."""
        if campaign in known.gone:
            return {"configured_status": "ARCHIVED", "effective_status": "ARCHIVED"}
        standing = self._book.named(known.id, campaign.id)
        is_held = standing is not None and not standing.is_running and configured == "ACTIVE"
        return {
            "configured_status": configured,
            "effective_status": "CAMPAIGN_PAUSED" if is_held else configured,
        }


def post_of(ad: Ad) -> str:
    return reddit_name(int(ad.id) % 10**12)


def _account(known: AdAccount) -> Said:
    return {
        "id": known.id,
        "name": known.name,
        "currency": known.currency,
        "time_zone_id": known.time_zone,
        "click_attribution_window": "MONTH",
        "view_attribution_window": "DAY",
        "attribution_type": "ALL_CONVERSION",
        "admin_approval": "VALID",
    }


def _targeting(aim: Aim, *, placements_are_chosen: bool) -> Said:
    told: Said = {
        "geolocations": [*aim.countries, *(f"{aim.countries[0]}-{city}" for city in aim.cities)],
        "languages": [code.upper() for code in aim.languages],
        "custom_audience_ids": [LISTS[name] for name in aim.lists],
        "excluded_custom_audience_ids": [LISTS[name] for name in aim.without],
        "locations": ["FEED", "COMMENTS_PAGE"] if placements_are_chosen else ["AUTO"],
        "communities": ["Wollmantel"],
        "keywords": None,
    }
    if aim.ages is not None:
        told["age_targeting"] = {"min_age": aim.ages[0], "max_age": aim.ages[1]}
    return told


def _status(told: Said) -> str:
    if told.get("configured_status") not in _SWITCHED:
        raise wrong("configured_status", "must be ACTIVE or PAUSED")
    return str(told["configured_status"])


def _budget(goal: object, known: AdAccount) -> int:
    if not isinstance(goal, int) or goal <= 0 or goal % 10 ** (6 - known.decimals):
        raise wrong("goal_value", "must be a sum in micros of whole coins")
    return goal
