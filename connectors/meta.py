"""Meta (Facebook and Instagram advertising): insights by day from the Graph API."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self

import msgspec

from connectors import money
from connectors.answers import ask, canonical, credentials_as, decoded, digits_only, measured, shaped
from connectors.budgets import HOUR, CallBudget, in_path
from connectors.days import is_final, require_window
from connectors.errors import Scope, UnexpectedAnswer
from connectors.face import (
    Ask,
    Capability,
    Channel,
    Consent,
    Endpoint,
    FoundAccount,
    InsightRow,
    Level,
    Platform,
    Wire,
)
from connectors.meta_refusals import meaning_of

WHERE = "Meta"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaCredentials:
    """A user's or system user's token; with the app's secret each call also proves which app makes it."""

    access_token: str = field(repr=False)
    app_secret: str = field(default="", repr=False)


class _Account(msgspec.Struct):
    timezone_name: str
    currency: str
    name: str = ""


class _Seen(_Account, kw_only=True):
    account_id: str


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


class _Cursors(msgspec.Struct):
    after: str = ""


class _Paging(msgspec.Struct):
    cursors: _Cursors = msgspec.field(default_factory=_Cursors)
    next: str | None = None


class _Page(msgspec.Struct):
    data: list[Any]
    paging: _Paging = msgspec.field(default_factory=_Paging)


class Meta:
    """One token's access to the ad accounts it may see."""

    channel: ClassVar[Channel] = Channel.META
    title: ClassVar[str] = "Meta (Facebook and Instagram)"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.INSIGHTS})
    platform: ClassVar[Platform] = Platform.FACEBOOK_ADS
    lookback: ClassVar[timedelta] = timedelta(days=28)
    endpoint: ClassVar[Endpoint] = Endpoint(base_url="https://graph.facebook.com", version="v26.0")
    consent: ClassVar[Consent | None] = None
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask("access_token", "Access token", "Of a system user, with ads_read: it does not end by itself."),
        Ask("app_secret", "App secret", "Proves with each call which app makes it.", is_required=False),
    )
    # Of an app with development access, before what each active ad adds to it.
    budgets: ClassVar = (
        CallBudget("insights", Scope.ACCOUNT, 600, HOUR, in_path(r"/act_(\d+)/insights$")),
        CallBudget("management", Scope.ACCOUNT, 300, HOUR, in_path(r"/act_(\d+)(?:/(?!insights$)\w+)?$")),
    )

    def __init__(
        self,
        credentials: MetaCredentials,
        wire: Wire,
        *,
        conversion_types: frozenset[str] = CONVERSION_TYPES,
        page_rows: int = 500,
    ) -> None:
        self._credentials = credentials
        self._wire = wire
        self._endpoint = wire.endpoint.or_default(self.endpoint)
        self._conversion_types = conversion_types
        self._conversion_definition = ",".join(sorted(conversion_types))
        self._page_rows = page_rows

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        return cls(credentials_as(MetaCredentials, credentials, where=WHERE), wire)

    def accounts(self) -> list[FoundAccount]:
        parameters = {"fields": "account_id,name,currency,timezone_name", "limit": "100"}
        found = [
            shaped(each, _Seen, where=WHERE)
            for page in self._followed("me/adaccounts", parameters)
            for each in page.data
        ]
        return [
            FoundAccount(id=it.account_id, name=it.name, currency=it.currency, time_zone=it.timezone_name)
            for it in found
        ]

    def insights(
        self, account: str, since: date, until: date, level: Level = Level.AD
    ) -> Iterator[InsightRow]:
        require_window(since, until, where=WHERE)
        return self._rows(digits_only(account, where=WHERE), since, until, level)

    def _rows(self, number: str, since: date, until: date, level: Level) -> Iterator[InsightRow]:
        account = self._account(number)
        for page in self._pages(number, since, until, level):
            for result in page.data:
                yield self._row(result, level, account)

    def _account(self, number: str) -> _Account:
        """The account's own zone and currency, which the rows of insights do not all carry."""
        said = self._get(f"act_{number}", {"fields": "account_id,name,currency,timezone_name"})
        return shaped(said, _Account, where=WHERE)

    def _pages(self, number: str, since: date, until: date, level: Level) -> Iterator[_Page]:
        parameters = {
            "level": _LEVEL[level],
            "time_increment": "1",
            "time_range": canonical({"since": since, "until": until}).decode(),
            "fields": ",".join((*_FIELDS, *_FIELDS_OF_LEVEL[level])),
            "use_unified_attribution_setting": "true",
            "action_attribution_windows": '["default","1d_view"]',
            "limit": str(self._page_rows),
        }
        return self._followed(f"act_{number}/insights", parameters)

    def _followed(self, path: str, parameters: dict[str, str]) -> Iterator[_Page]:
        """Follow the cursors; the `next` address is not followed, since it carries the token."""
        seen: set[str] = set()
        while True:
            page = shaped(self._get(path, parameters), _Page, where=WHERE)
            yield page
            if not page.paging.next:
                return
            after = page.paging.cursors.after
            if not after or after in seen:
                raise UnexpectedAnswer(what="a next page without a new cursor", where=WHERE)
            seen.add(after)
            parameters = {**parameters, "after": after}

    def _get(self, path: str, parameters: Mapping[str, str]) -> Any:
        return self._wire.patience.through(lambda: self._get_once(path, parameters))

    def _get_once(self, path: str, parameters: Mapping[str, str]) -> Any:
        answer = ask(
            self._wire.http,
            "GET",
            f"{self._endpoint.base_url}/{self._endpoint.version}/{path}",
            where=WHERE,
            headers={"authorization": f"Bearer {self._credentials.access_token}"},
            params={**parameters, **self._proof()},
        )
        if not answer.is_success:
            raise meaning_of(answer, where=WHERE)
        return decoded(answer, where=WHERE)

    def _proof(self) -> dict[str, str]:
        secret, token = self._credentials.app_secret, self._credentials.access_token
        if not secret:
            return {}
        return {"appsecret_proof": hmac.new(secret.encode(), token.encode(), "sha256").hexdigest()}

    def _row(self, result: Any, level: Level, account: _Account) -> InsightRow:
        row = shaped(result, _Row, where=WHERE)
        if row.date_start != row.date_stop:
            raise UnexpectedAnswer(what="a row of more than one day", where=WHERE)
        raw = canonical(result)
        counted = self._chosen(row.actions)
        return InsightRow(
            platform=self.platform,
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
                row.date_start, account.timezone_name, self.lookback, self._wire.clock(), where=WHERE
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
