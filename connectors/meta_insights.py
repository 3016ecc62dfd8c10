"""Meta's insights: what advertising did by day, with each conversion counted once."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from connectors import money
from connectors.answers import canonical, digits_only, measured, shaped
from connectors.days import is_final, require_window
from connectors.errors import TooMuchData, UnexpectedAnswer
from connectors.face import InsightRow, Level, Platform, Wire
from connectors.meta_accounts import Account, account_of
from connectors.meta_graph import WHERE, Graph
from connectors.meta_reports import Reports

PLATFORM = Platform.FACEBOOK_ADS
LOOKBACK = timedelta(days=28)

_PAGE_ROWS = 500
# By smaller pages a large account would use up the hour's calls: fewer days, or a report, cost less.
_SMALLEST_PAGE = 50

_LEVEL = {Level.ACCOUNT: "account", Level.CAMPAIGN: "campaign", Level.AD_GROUP: "adset", Level.AD: "ad"}
_FIELDS_OF_LEVEL = {
    Level.ACCOUNT: (),
    Level.CAMPAIGN: ("campaign_id", "campaign_name"),
    Level.AD_GROUP: ("campaign_id", "campaign_name", "adset_id", "adset_name"),
    Level.AD: ("campaign_id", "campaign_name", "adset_id", "adset_name", "ad_id", "ad_name"),
}
_FIELDS = (
    "account_id",
    "account_name",
    "account_currency",
    "impressions",
    "clicks",
    "inline_link_clicks",
    "spend",
    "actions",
    "action_values",
    "attribution_setting",
)

# One purchase comes back under several names; these are disjoint (Fivetran's default choice).
CONVERSION_TYPES = frozenset(
    {
        "onsite_conversion.purchase",
        "onsite_conversion.lead_grouped",
        "offsite_conversion.fb_pixel_purchase",
        "offsite_conversion.fb_pixel_lead",
        "offsite_conversion.fb_pixel_custom",
    }
)

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Action(msgspec.Struct):
    action_type: str
    value: Decimal | None = None
    one_day_view: Decimal | None = msgspec.field(name="1d_view", default=None)


class _Row(msgspec.Struct):
    account_id: str
    date_start: date
    date_stop: date
    account_name: str | None = None
    account_currency: str | None = None
    campaign_id: str = ""
    campaign_name: str | None = None
    adset_id: str = ""
    adset_name: str | None = None
    ad_id: str = ""
    ad_name: str | None = None
    impressions: Count | None = None
    clicks: Count | None = None
    inline_link_clicks: Count | None = None
    spend: Decimal | None = None
    actions: list[_Action] | None = None
    action_values: list[_Action] | None = None
    attribution_setting: str | None = None


class Insights:
    """The insights of the accounts that one token may see."""

    def __init__(
        self,
        graph: Graph,
        wire: Wire,
        *,
        conversion_types: frozenset[str] = CONVERSION_TYPES,
    ) -> None:
        self._graph = graph
        self._reports = Reports(graph, wire.patience)
        self._wire = wire
        self._conversion_types = conversion_types
        self._conversion_definition = ",".join(sorted(conversion_types))

    def read(self, account: str, since: date, until: date, level: Level) -> Iterator[InsightRow]:
        require_window(since, until, where=WHERE)
        return self._rows(digits_only(account, where=WHERE), since, until, level)

    def _rows(self, number: str, since: date, until: date, level: Level) -> Iterator[InsightRow]:
        # The rows do not all carry the account's own zone and currency.
        account = account_of(self._graph, number)
        for page in self._pages(number, since, until, level):
            for result in page:
                yield self._row(result, level, account)

    def _pages(self, number: str, since: date, until: date, level: Level) -> Iterable[list[Any]]:
        question = {
            "level": _LEVEL[level],
            "time_increment": "1",
            "time_range": canonical({"since": since, "until": until}).decode(),
            "fields": ",".join((*_FIELDS, *_FIELDS_OF_LEVEL[level])),
            "use_unified_attribution_setting": "true",
            "action_attribution_windows": '["default","1d_view"]',
        }
        pages = self._graph.pages(
            f"act_{number}/insights", question, limit=_PAGE_ROWS, smallest=_SMALLEST_PAGE
        )
        return pages if since < until else self._of_a_day(pages, number, question)

    def _of_a_day(
        self, pages: Iterable[list[Any]], number: str, question: Mapping[str, str]
    ) -> list[list[Any]]:
        """A day cannot be halved; what of it is too much comes as a report, and none of it twice."""
        try:
            return list(pages)
        except TooMuchData:
            return self._reports.pages(number, question, limit=_PAGE_ROWS)

    def _row(self, result: Any, level: Level, account: Account) -> InsightRow:
        row = shaped(result, _Row, where=WHERE)
        if row.date_start != row.date_stop:
            raise UnexpectedAnswer(what="a row of more than one day", where=WHERE)
        raw = canonical(result)
        counted = self._chosen(row.actions)
        return InsightRow(
            platform=PLATFORM,
            account_id=row.account_id,
            account_name=row.account_name or account.name,
            account_timezone=account.timezone_name,
            currency=row.account_currency or account.currency,
            level=level,
            campaign_id=row.campaign_id,
            campaign_name=row.campaign_name or "",
            ad_group_id=row.adset_id,
            ad_group_name=row.adset_name or "",
            ad_id=row.ad_id,
            ad_name=row.ad_name or "",
            date_day=row.date_start,
            impressions=row.impressions or 0,
            clicks=row.inline_link_clicks or 0,
            all_clicks=row.clicks or 0,
            spend_micros=measured(money.micros, row.spend or Decimal(0), where=WHERE),
            conversions=measured(_conversions, counted, where=WHERE),
            conversions_value_micros=measured(_value_micros, self._chosen(row.action_values), where=WHERE),
            view_through_conversions=int(measured(_conversions_after_a_view, counted, where=WHERE)),
            attribution_setting=row.attribution_setting or "",
            conversion_definition=self._conversion_definition,
            is_final=is_final(
                row.date_start, account.timezone_name, LOOKBACK, self._wire.clock(), where=WHERE
            ),
            raw=raw.decode(),
            raw_hash=hashlib.sha256(raw).hexdigest(),
        )

    def _chosen(self, actions: list[_Action] | None) -> list[_Action]:
        return [action for action in actions or () if action.action_type in self._conversion_types]


def _conversions(actions: list[_Action]) -> Decimal:
    return money.conversions(money.total(action.value or Decimal(0) for action in actions))


def _conversions_after_a_view(actions: list[_Action]) -> Decimal:
    return money.conversions(money.total(action.one_day_view or Decimal(0) for action in actions))


def _value_micros(actions: list[_Action]) -> int:
    return money.micros(money.total(action.value or Decimal(0) for action in actions))
