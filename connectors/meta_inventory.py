"""What stands in one of Meta's ad accounts: campaigns, ad sets and ads, as they are switched and as they were reviewed."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from connectors import money
from connectors.answers import measuring, shaped
from connectors.inventory import ListedAd, ListedAdSet, ListedCampaign, Status, distinct
from connectors.meta_accounts import Account, account_of
from connectors.meta_graph import WHERE, Graph
from connectors.meta_targeting import Targeting, audience, languages_of

_EACH = "id,name,status,effective_status,issues_info"
_OF_CAMPAIGNS = f"{_EACH},objective,bid_strategy,daily_budget,start_time,stop_time"
_OF_AD_SETS = (
    f"{_EACH},campaign_id,daily_budget,bid_strategy,bid_amount,end_time,targeting,campaign{{bid_strategy}}"
)
_OF_ADS = (
    f"{_EACH},campaign_id,adset_id,ad_review_feedback,"
    "creative{id,object_type,title,body,link_url,object_story_spec,asset_feed_spec}"
)

_GONE = frozenset({"DELETED", "ARCHIVED"})
_OWN = {"ACTIVE": Status.RUNNING, "PAUSED": Status.PAUSED}
_REFUSED = frozenset({"DISAPPROVED"})
_IN_REVIEW = frozenset({"PENDING_REVIEW", "IN_PROCESS"})
# What something is in effect by what is above it, or by what it lacks, does not change what it is by itself.
_AS_SWITCHED = frozenset(
    {
        "",
        "ACTIVE",
        "PAUSED",
        "CAMPAIGN_PAUSED",
        "ADSET_PAUSED",
        "WITH_ISSUES",
        "PREAPPROVED",
        "PENDING_BILLING_INFO",
    }
)

Id = Annotated[str, msgspec.Meta(pattern="^[0-9]{1,30}$")]
Coins = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Issue(msgspec.Struct):
    error_summary: str = ""
    error_message: str = ""

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.error_summary, self.error_message)))


class _Feedback(msgspec.Struct):
    """Reasons by Meta's own keys, which nobody lists; a map without any comes as an empty list."""

    everywhere: dict[str, str] | list[str] = msgspec.field(name="global", default_factory=dict)
    placement_specific: dict[str, dict[str, str] | list[str]] | list[Any] = {}

    def reasons(self) -> Iterator[str]:
        specific = self.placement_specific.values() if isinstance(self.placement_specific, dict) else ()
        for reasons in (self.everywhere, *specific):
            if isinstance(reasons, dict):
                yield from (f"{key}: {text}" for key, text in reasons.items())
            else:
                yield from reasons


class _Each(msgspec.Struct):
    id: Id
    name: str = ""
    status: str = ""
    effective_status: str = ""
    issues_info: list[_Issue] | None = None

    @property
    def is_gone(self) -> bool:
        return not _GONE.isdisjoint({self.status, self.effective_status})

    @property
    def said(self) -> str:
        return self.effective_status or self.status

    @property
    def issues(self) -> str:
        return "; ".join(distinct(map(str, self.issues_info or ())))

    def standing(self) -> Status:
        own = _OWN.get(self.status, Status.UNKNOWN)
        if self.effective_status in _REFUSED:
            return Status.REFUSED
        if own is Status.PAUSED:
            return own
        if self.effective_status in _IN_REVIEW:
            return Status.IN_REVIEW
        return own if self.effective_status in _AS_SWITCHED else Status.UNKNOWN

    def standing_until(self, end: datetime | None, now: datetime) -> Status:
        """Meta leaves on what has come to its end."""
        standing = self.standing()
        return Status.ENDED if standing is Status.RUNNING and end is not None and end <= now else standing


class _Campaign(_Each):
    objective: str = ""
    bid_strategy: str = ""
    daily_budget: Coins | None = None
    start_time: str = ""
    stop_time: str = ""


class _Above(msgspec.Struct):
    bid_strategy: str = ""


class _AdSet(_Each, kw_only=True):
    """Where the campaign has the budget, it has the strategy as well."""

    campaign_id: Id
    campaign: _Above = msgspec.field(default_factory=_Above)
    daily_budget: Coins | None = None
    bid_strategy: str = ""
    bid_amount: Coins | None = None
    end_time: str = ""
    targeting: Targeting = msgspec.field(default_factory=Targeting)


class _Value(msgspec.Struct):
    link: str = ""


class _Call(msgspec.Struct):
    value: _Value = msgspec.field(default_factory=_Value)


class _Link(msgspec.Struct):
    """What a post with a link says, or one with a video, which calls its headline a title."""

    message: str = ""
    name: str = ""
    title: str = ""
    link: str = ""
    call_to_action: _Call = msgspec.field(default_factory=_Call)


class _Story(msgspec.Struct):
    link_data: _Link = msgspec.field(default_factory=_Link)
    video_data: _Link = msgspec.field(default_factory=_Link)


class _Text(msgspec.Struct):
    text: str = ""


class _Address(msgspec.Struct):
    website_url: str = ""


class _Feed(msgspec.Struct):
    """Several texts, of which Meta chooses."""

    titles: list[_Text] = []
    bodies: list[_Text] = []
    link_urls: list[_Address] = []


class _Creative(msgspec.Struct):
    id: str = ""
    object_type: str = ""
    title: str = ""
    body: str = ""
    link_url: str = ""
    object_story_spec: _Story = msgspec.field(default_factory=_Story)
    asset_feed_spec: _Feed = msgspec.field(default_factory=_Feed)

    @property
    def headline(self) -> str:
        story = self.object_story_spec
        several = " | ".join(each.text for each in self.asset_feed_spec.titles if each.text)
        return self.title or story.link_data.name or story.video_data.title or several

    @property
    def text(self) -> str:
        story = self.object_story_spec
        several = "\n".join(each.text for each in self.asset_feed_spec.bodies if each.text)
        return self.body or story.link_data.message or story.video_data.message or several

    @property
    def leads_to(self) -> str:
        link, video = self.object_story_spec.link_data, self.object_story_spec.video_data
        first = next((each.website_url for each in self.asset_feed_spec.link_urls), "")
        return self.link_url or link.link or video.call_to_action.value.link or first


class _Ad(_Each, kw_only=True):
    campaign_id: Id
    adset_id: Id
    ad_review_feedback: _Feedback | list[Any] | None = None
    creative: _Creative = msgspec.field(default_factory=_Creative)

    @property
    def why(self) -> str:
        feedback = self.ad_review_feedback
        reasons = feedback.reasons() if isinstance(feedback, _Feedback) else ()
        return "; ".join(distinct((*reasons, self.issues)))


class Inventory:
    """What one token may see of its accounts.

    Meta leaves out what was deleted or archived unless it is asked for by its status. Asking for the others by theirs would
    hide whatever has a status that nobody here knows yet.
    """

    def __init__(self, graph: Graph, clock: Callable[[], datetime]) -> None:
        self._graph, self._clock = graph, clock

    def campaigns(self, account: str) -> Iterator[ListedCampaign]:
        paid_by, now = account_of(self._graph, account), self._clock()
        for rows in self._pages(f"act_{account}/campaigns", _OF_CAMPAIGNS):
            for row in _living(shaped(rows, list[_Campaign], where=WHERE)):
                yield _campaign(row, paid_by, now)

    def ad_sets(self, account: str) -> Iterator[ListedAdSet]:
        paid_by, now = account_of(self._graph, account), self._clock()
        languages: dict[int, str] | None = None
        for rows in self._pages(f"act_{account}/adsets", _OF_AD_SETS):
            page = list(_living(shaped(rows, list[_AdSet], where=WHERE)))
            if languages is None and any(row.targeting.locales for row in page):
                languages = languages_of(self._graph)
            for row in page:
                yield _ad_set(row, paid_by, now, languages or {})

    def ads(self, account: str) -> Iterator[ListedAd]:
        for rows in self._pages(f"act_{account}/ads", _OF_ADS):
            yield from map(_ad, _living(shaped(rows, list[_Ad], where=WHERE)))

    def _pages(self, path: str, fields: str) -> Iterator[list[Any]]:
        return self._graph.pages(path, {"fields": fields})


def _living(rows: Iterable[Any]) -> Iterator[Any]:
    return (row for row in rows if not row.is_gone)


def _campaign(row: _Campaign, paid_by: Account, now: datetime) -> ListedCampaign:
    return ListedCampaign(
        id=row.id,
        name=row.name,
        status=row.standing_until(_moment(row.stop_time), now),
        said=row.said,
        why=row.issues,
        objective=row.objective,
        bid_strategy=row.bid_strategy,
        daily_budget=_amount(row.daily_budget, paid_by),
        starts_on=_first_day(row.start_time),
        ends_on=_last_day(row.stop_time),
    )


def _ad_set(row: _AdSet, paid_by: Account, now: datetime, languages: dict[int, str]) -> ListedAdSet:
    return ListedAdSet(
        id=row.id,
        name=row.name,
        status=row.standing_until(_moment(row.end_time), now),
        said=row.said,
        why=row.issues,
        campaign_id=row.campaign_id,
        audience=audience(row.targeting, languages),
        placements=row.targeting.placements(),
        bid_strategy=row.bid_strategy or row.campaign.bid_strategy,
        highest_bid=_amount(row.bid_amount, paid_by),
        daily_budget=_amount(row.daily_budget, paid_by),
    )


def _ad(row: _Ad) -> ListedAd:
    creative = row.creative
    return ListedAd(
        id=row.id,
        name=row.name,
        status=row.standing(),
        said=row.said,
        why=row.why,
        campaign_id=row.campaign_id,
        ad_set_id=row.adset_id,
        format=creative.object_type,
        headline=creative.headline,
        text=creative.text,
        leads_to=creative.leads_to,
        creative_id=creative.id,
    )


def _amount(coins: int | None, paid_by: Account) -> Decimal | None:
    """None, and nothing, say that the sum is kept elsewhere."""
    return money.of_minor_units(coins, paid_by.decimals) if coins else None


def _moment(said: str) -> datetime | None:
    """With its distance from UTC; what never ends, ends at the beginning of all time."""
    if not said:
        return None
    with measuring(where=WHERE):
        moment = datetime.fromisoformat(said)
        if moment.tzinfo is None:
            raise ValueError(f"{said!r} does not say in which zone")
    return moment if moment.timestamp() > 0 else None


def _first_day(said: str) -> date | None:
    """As the account's own zone counts it, in which Meta writes moments."""
    moment = _moment(said)
    return moment.date() if moment else None


def _last_day(said: str) -> date | None:
    """What stops at midnight has not begun that day."""
    moment = _moment(said)
    return (moment - timedelta(seconds=1)).date() if moment else None
