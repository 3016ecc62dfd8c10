"""What X's ad accounts hold, as the sandbox plays it: campaigns, line items and promoted posts, listed, made and changed."""

from starlette.requests import Request
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.campaigns import Campaigns, Standing
from connectors.sandbox.world import Ad, AdAccount, AdGroup, Campaign, accounts_of
from connectors.sandbox.x_answers import Asked, Said, SignedDoor, granted, listed, missing, required, wrong

_LONGEST_NAME = 255
_MOST_POSTS = 200


class AdAccounts:
    def __init__(self, page_rows: int, accepted: Accepted) -> None:
        self._page_rows = page_rows
        self._book = Campaigns(Channel.X, accepted)

    def routes(self, door: SignedDoor) -> list[Route]:
        one = "/accounts/{account}"
        return [
            door.route("/accounts", get=self._accounts),
            door.route(one, get=lambda request, _: {"data": _described(granted(request))}),
            door.route(f"{one}/funding_instruments", get=self._fundings),
            door.route(f"{one}/campaigns", get=self._campaigns, post=self._make),
            door.route(f"{one}/campaigns/{{campaign}}", get=self._campaign, put=self._change),
            door.route(f"{one}/line_items", get=self._line_items),
            door.route(f"{one}/promoted_tweets", get=self._promoted),
            door.route(f"{one}/tweets", get=self._posts),
        ]

    def _accounts(self, _: Request, asked: Asked) -> Said:
        return listed([_described(each) for each in accounts_of(Channel.X)], asked, self._page_rows)

    def _fundings(self, request: Request, asked: Asked) -> Said:
        known = granted(request)
        funding = {
            "id": _funding_of(known),
            "currency": known.currency,
            "able_to_fund": True,
            "type": "CREDIT_LINE",
            "entity_status": "ACTIVE",
            "deleted": False,
        }
        return listed([funding], asked, self._page_rows)

    def _campaigns(self, request: Request, asked: Asked) -> Said:
        known = granted(request)
        standing = [_as_campaign(known, each) for each in self._book.of(known.id)]
        gone = [
            _as_campaign(known, Standing(each.id, each.name, is_running=False, budget_micros=None))
            | {"deleted": True}
            for each in known.gone
        ]
        return listed([*standing, *gone], asked, self._page_rows)

    def _campaign(self, request: Request, _: Asked) -> Said:
        known = granted(request)
        return {"data": _as_campaign(known, self._standing(known, request))}

    def _make(self, request: Request, asked: Asked) -> Said:
        known = granted(request)
        if required(asked, "funding_instrument_id") != _funding_of(known):
            raise wrong("funding_instrument_id", "Invalid funding instrument", "INVALID_FUNDING_INSTRUMENT")
        if len(required(asked, "name")) > _LONGEST_NAME:
            raise wrong("name", f"Expected up to {_LONGEST_NAME} characters")
        is_running = _is_active(asked.get("entity_status", "ACTIVE"))
        made = Standing(self._book.new_id(), asked["name"], is_running, _budget(known, asked))
        self._book.make(known.id, made)
        return {"data": _as_campaign(known, made)}

    def _change(self, request: Request, asked: Asked) -> Said:
        known = granted(request)
        standing = self._standing(known, request)
        if "daily_budget_amount_local_micro" in asked:
            self._book.set_budget(known.id, standing, _budget(known, asked))
        if "entity_status" in asked:
            is_running = _is_active(asked["entity_status"])
            self._book.switch(known.id, standing, is_running=is_running)
        return {"data": _as_campaign(known, standing)}

    def _line_items(self, request: Request, asked: Asked) -> Said:
        known = granted(request)
        items = [
            {"id": group.id, "name": group.name, "campaign_id": campaign.id, "deleted": gone}
            for campaign, gone in _all(known)
            for group in campaign.ad_groups
        ]
        return listed(items, asked, self._page_rows)

    def _promoted(self, request: Request, asked: Asked) -> Said:
        promoted = [
            {
                "id": ad.id,
                "line_item_id": group.id,
                "tweet_id": _post_of(ad),
                "entity_status": "ACTIVE",
                "approval_status": "ACCEPTED",
                "deleted": gone,
            }
            for group, ad, gone in _ads(granted(request))
        ]
        return listed(promoted, asked, self._page_rows)

    def _posts(self, request: Request, asked: Asked) -> Said:
        known = granted(request)
        if required(asked, "tweet_type") != "PUBLISHED" or asked.get("timeline_type") != "ALL":
            raise wrong("tweet_type", "the sandbox knows all that was published")
        wanted = required(asked, "tweet_ids").split(",")
        if len(wanted) > _MOST_POSTS:
            raise wrong("tweet_ids", f"Expected up to {_MOST_POSTS} ids")
        posts = [
            {
                "tweet_id": _post_of(ad),
                "id_str": _post_of(ad),
                "id": int(_post_of(ad)),
                "name": ad.name,
                "full_text": ad.text,
            }
            for _, ad, _ in _ads(known)
            if _post_of(ad) in wanted
        ]
        return listed(posts, asked, self._page_rows)

    def _standing(self, known: AdAccount, request: Request) -> Standing:
        number = str(request.path_params["campaign"])
        standing = self._book.named(known.id, number)
        if standing is None:
            raise missing(f"campaign {number}")
        return standing


def _described(known: AdAccount) -> Said:
    return {
        "id": known.id,
        "name": known.name,
        "timezone": known.time_zone,
        "timezone_switch_at": "2016-07-21T07:00:00Z",
        "approval_status": "ACCEPTED",
        "deleted": False,
    }


def _as_campaign(known: AdAccount, standing: Standing) -> Said:
    return {
        "id": standing.id,
        "name": standing.name,
        "entity_status": "ACTIVE" if standing.is_running else "PAUSED",
        "effective_status": "RUNNING" if standing.is_running else "PAUSED",
        "budget_optimization": "CAMPAIGN",
        "daily_budget_amount_local_micro": standing.budget_micros,
        "total_budget_amount_local_micro": None,
        "funding_instrument_id": _funding_of(known),
        "currency": known.currency,
        "deleted": False,
    }


def _all(known: AdAccount) -> list[tuple[Campaign, bool]]:
    return [*((each, False) for each in known.campaigns), *((each, True) for each in known.gone)]


def _ads(known: AdAccount) -> list[tuple[AdGroup, Ad, bool]]:
    return [
        (group, ad, gone or ad in group.gone)
        for campaign, gone in _all(known)
        for group in campaign.ad_groups
        for ad in (*group.ads, *group.gone)
    ]


def _post_of(ad: Ad) -> str:
    return f"17{int(ad.id):017d}"


def _funding_of(known: AdAccount) -> str:
    return f"ly{known.id[-3:]}"


def _is_active(status: str) -> bool:
    if status not in {"ACTIVE", "PAUSED"}:
        raise wrong("entity_status", "Expected ACTIVE or PAUSED")
    return status == "ACTIVE"


def _budget(known: AdAccount, asked: Asked) -> int:
    micros = required(asked, "daily_budget_amount_local_micro")
    if not micros.isdigit() or int(micros) <= 0 or int(micros) % 10 ** (6 - known.decimals):
        raise wrong("daily_budget_amount_local_micro", f"Invalid amount in {known.currency}")
    return int(micros)
