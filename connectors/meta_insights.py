"""Meta's insights: what advertising did by day, with each conversion counted once."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from connectors import money
from connectors.answers import Answer, canonical, digits_only, measuring
from connectors.days import OpenFrom, require_window
from connectors.errors import TooMuchData, UnexpectedAnswer
from connectors.face import InsightRow, Level, Platform, Wire
from connectors.meta_accounts import Account, account_of
from connectors.meta_graph import WHERE, Graph, Page
from connectors.meta_reports import Reports
from connectors.verbatim import Scalar, Verbatim, fingerprint, wording

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

_NONE = money.conversions(0)

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Action(msgspec.Struct, gc=False):
    action_type: str
    value: Decimal | None = None
    one_day_view: Decimal | None = msgspec.field(name="1d_view", default=None)


class _Row(msgspec.Struct, gc=False):
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


_ACTIONS = list[wording(dict.fromkeys(("action_type", "value", "1d_view"), Scalar))]
_WORDING = wording(
    {
        **dict.fromkeys((*_FIELDS, *_FIELDS_OF_LEVEL[Level.AD], "date_start", "date_stop"), Scalar),
        **dict.fromkeys(("actions", "action_values"), _ACTIONS),
    }
)
_VERBATIM = Verbatim[_Row](
    values=Page[_Row], words=Page[_WORDING], anything=Page[Any], rows=lambda page: page.data, where=WHERE
)

Pages = Iterable[list[tuple[_Row, bytes]]]


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
        open_from = OpenFrom(LOOKBACK, self._wire.clock(), where=WHERE)
        for page in self._pages(number, since, until, level):
            with measuring(where=WHERE):
                rows = [self._row(row, words, level, account, open_from) for row, words in page]
            yield from rows

    def _pages(self, number: str, since: date, until: date, level: Level) -> Pages:
        question = {
            "level": _LEVEL[level],
            "time_increment": "1",
            "time_range": canonical({"since": since, "until": until}).decode(),
            "fields": ",".join((*_FIELDS, *_FIELDS_OF_LEVEL[level])),
            "use_unified_attribution_setting": "true",
            "action_attribution_windows": '["default","1d_view"]',
        }
        pages = self._graph.pages_by(
            f"act_{number}/insights", question, _page, limit=_PAGE_ROWS, smallest=_SMALLEST_PAGE
        )
        return pages if since < until else self._of_a_day(pages, number, question)

    def _of_a_day(self, pages: Pages, number: str, question: Mapping[str, str]) -> Pages:
        """A day cannot be halved; what of it is too much comes as a report, and none of it twice."""
        try:
            return list(pages)
        except TooMuchData:
            return self._reports.pages(number, question, _page, limit=_PAGE_ROWS)

    def _row(
        self, row: _Row, words: bytes, level: Level, account: Account, open_from: OpenFrom
    ) -> InsightRow:
        if row.date_start != row.date_stop:
            raise UnexpectedAnswer(what="a row of more than one day", where=WHERE)
        conversions, viewed, value = _NONE, 0, 0
        if counted := self._chosen(row.actions):
            conversions = money.conversions(_total([action.value for action in counted]))
            viewed = int(money.conversions(_total([action.one_day_view for action in counted])))
        if valued := self._chosen(row.action_values):
            value = money.micros(_total([action.value for action in valued]))
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
            spend_micros=money.micros(row.spend) if row.spend else 0,
            conversions=conversions,
            conversions_value_micros=value,
            view_through_conversions=viewed,
            attribution_setting=row.attribution_setting or "",
            conversion_definition=self._conversion_definition,
            is_final=row.date_start < open_from[account.timezone_name],
            raw=words.decode(),
            raw_hash=fingerprint(words),
        )

    def _chosen(self, actions: list[_Action] | None) -> list[_Action]:
        if not actions:
            return []
        return [action for action in actions if action.action_type in self._conversion_types]


def _page(answer: Answer) -> Page[tuple[_Row, bytes]]:
    page, rows = _VERBATIM.read(answer)
    return Page(data=rows, paging=page.paging)


def _total(numbers: list[Decimal | None]) -> Decimal:
    return money.total(number for number in numbers if number)
