"""The one face of every channel: what it declares, what it takes, what comes out."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import httpx
import msgspec

from connectors.errors import Invalid
from connectors.retries import Patience


class Channel(StrEnum):
    """A kind of account that a tenant can connect."""

    GOOGLE_ADS = "google_ads"
    META = "meta"
    LINKEDIN = "linkedin"
    TIKTOK = "tiktok"
    TIKTOK_ACCOUNT = "tiktok_account"
    REDDIT = "reddit"
    X = "x"
    SMTP = "smtp"
    SENDGRID = "sendgrid"
    SLACK = "slack"
    CMS = "cms"
    YOUTUBE = "youtube"
    STRIPE = "stripe"
    BITLY = "bitly"
    BUFFER = "buffer"
    SMS = "sms"


class Platform(StrEnum):
    """Whose advertising a row of insights describes, by the names of Fivetran's reporting packages."""

    GOOGLE_ADS = "google_ads"
    FACEBOOK_ADS = "facebook_ads"
    LINKEDIN_ADS = "linkedin_ads"
    TIKTOK = "tiktok"
    REDDIT_ADS = "reddit_ads"
    TWITTER_ADS = "twitter_ads"


class Capability(StrEnum):
    """What a channel can do; a tenant switches each one by itself."""

    INSIGHTS = "insights"
    PUBLISH = "publish"
    ADS = "ads"
    MAIL = "mail"
    LINKS = "links"
    WEBHOOKS = "webhooks"
    CHAT = "chat"
    CONVERSIONS = "conversions"
    BILLING = "billing"
    TEXTS = "texts"


class Level(StrEnum):
    """How finely insights are cut; no level is a promise about the sum of a finer one."""

    ACCOUNT = "account"
    CAMPAIGN = "campaign"
    AD_GROUP = "ad_group"
    AD = "ad"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider answers and which version of its API is meant; what is empty keeps its default."""

    base_url: str = ""
    version: str = ""
    token_url: str = ""
    authorize_url: str = ""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Read the endpoint out of a connection's options, which may hold other things too."""
        return cls(
            base_url=str(options.get("base_url") or "").rstrip("/"),
            version=str(options.get("version") or ""),
            token_url=str(options.get("token_url") or ""),
            authorize_url=str(options.get("authorize_url") or ""),
        )

    def or_default(self, default: Self) -> Self:
        return type(self)(
            base_url=self.base_url or default.base_url,
            version=self.version or default.version,
            token_url=self.token_url or default.token_url,
            authorize_url=self.authorize_url or default.authorize_url,
        )


def utc_now() -> datetime:
    return datetime.now(UTC)


Exchange = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Gives the new credentials for the old, at the provider's; the old ones may be worth nothing from then on."""


def at_once(expired: Mapping[str, Any], exchange: Exchange) -> Mapping[str, Any]:
    """Renews what nobody else uses and nobody keeps."""
    return exchange(expired)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How a connector reaches the world: the client, the address, its patience and its clock.

    `renew` is handed credentials that have expired and the way to exchange them, and gives those that hold: whoever
    keeps them lets one worker exchange them, saves the new ones before they are used, and gives them to the others.
    """

    http: httpx.Client
    endpoint: Endpoint = Endpoint()
    patience: Patience = field(default_factory=Patience)
    clock: Callable[[], datetime] = utc_now
    renew: Callable[[Mapping[str, Any], Exchange], Mapping[str, Any]] = at_once


class InsightRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One entity's day, in the unified columns; ids and names finer than `level` are empty.

    A struct, since there are millions, and a frozen dataclass sets each of its fields by hand.
    """

    platform: Platform
    account_id: str
    account_name: str
    account_timezone: str
    currency: str
    level: Level
    campaign_id: str = ""
    campaign_name: str = ""
    ad_group_id: str = ""
    ad_group_name: str = ""
    ad_id: str = ""
    ad_name: str = ""
    date_day: date
    impressions: int
    clicks: int
    all_clicks: int
    spend_micros: int
    conversions: Decimal
    conversions_value_micros: int
    view_through_conversions: int
    attribution_setting: str
    conversion_definition: str
    is_final: bool
    raw: str
    raw_hash: str

    @property
    def key(self) -> tuple[Platform, str, Level, str, date]:
        """What a later reading of the same day replaces."""
        entity = {
            Level.ACCOUNT: self.account_id,
            Level.CAMPAIGN: self.campaign_id,
            Level.AD_GROUP: self.ad_group_id,
            Level.AD: self.ad_id,
        }[self.level]
        return self.platform, self.account_id, self.level, entity, self.date_day

    @property
    def spend(self) -> Decimal:
        return Decimal(self.spend_micros).scaleb(-6)


_ADDRESS = re.compile(r"[^\s<>@\x00-\x1f\x7f\ud800-\udfff]{1,64}@[^\s<>@\x00-\x1f\x7f\ud800-\udfff]{1,253}")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,250}>")
_BARE_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """One message for one recipient, in the very bytes that will leave the house.

    `raw` must be in wire form (CRLF) and carry `message_id` as its Message-ID, since that id is how a lost
    answer is looked up later.
    """

    sender: str
    recipient: str
    message_id: str
    raw: bytes

    def __post_init__(self) -> None:
        for name in ("sender", "recipient"):
            if not _ADDRESS.fullmatch(getattr(self, name)):
                raise Invalid(what="is not a mail address", where="outgoing mail", field=name)
        if not _MESSAGE_ID.fullmatch(self.message_id):
            raise Invalid(what="is not of the form <left@right>", where="outgoing mail", field="message_id")
        if _BARE_LINE_END.search(self.raw):
            raise Invalid(what="has lines that do not end in CRLF", where="outgoing mail", field="raw")
        headers = self.raw.partition(b"\r\n\r\n")[0]
        if headers.lower().count(b"message-id:") != 1 or self.message_id.encode() not in headers:
            raise Invalid(what="does not carry its Message-ID", where="outgoing mail", field="raw")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOutcome:
    """A message that the provider has accepted; every other ending is an error of connectors.errors."""

    message_id: str
    recipient: str
    code: int
    response: str


@dataclass(frozen=True, slots=True)
class Consent:
    """What people are asked for where a channel is connected by OAuth, and what its provider wants to know beside.

    `client_named` is under which name it wants to be told the app's id, `between_scopes` what stands between two of them.
    """

    scopes: tuple[str, ...]
    asked_with: Mapping[str, str] = field(default_factory=dict)
    client_named: str = "client_id"
    between_scopes: str = " "
    with_basic_auth: bool = False
    """Whether the token endpoint wants the app's secret in a header rather than in the form."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A credential that people type in where a channel is connected without OAuth."""

    name: str
    title: str
    hint: str = ""
    is_secret: bool = True
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAccount:
    """An account that a connection may see."""

    id: str
    name: str
    currency: str
    time_zone: str


@runtime_checkable
class Connector(Protocol):
    """What every channel declares, and how it is opened with one tenant's credentials.

    A channel without `consent` and `asks` is connected by the settings of the house.
    """

    channel: ClassVar[Channel]
    title: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]]
    endpoint: ClassVar[Endpoint]
    consent: ClassVar[Consent | None]
    asks: ClassVar[tuple[Ask, ...]]

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self: ...


@runtime_checkable
class ReadsInsights(Protocol):
    """A channel whose advertising can be measured."""

    platform: ClassVar[Platform]
    lookback: ClassVar[timedelta]
    """For how long after a day its numbers may still change."""

    def insights(
        self, account: str, since: date, until: date, level: Level = Level.AD
    ) -> Iterator[InsightRow]:
        """Every entity with activity from `since` to `until`, both included, in the account's time zone.

        A missing row means no activity; a reading that fails raises a ChannelError, and what it gave before
        must not be taken for the whole window.
        """
        ...


@runtime_checkable
class FindsAccounts(Protocol):
    """A channel that tells which accounts a connection may see; asking also shows whether it holds."""

    def accounts(self) -> list[FoundAccount]: ...


@runtime_checkable
class SendsMail(Protocol):
    """A channel that carries mail; it keeps its connection until it is closed."""

    def send(self, mail: OutgoingMail) -> SendOutcome:
        """Hand one message over, once: nothing that may have been accepted is ever tried again in here."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class TakesWebHooks(Protocol):
    """A channel that is told by a signed request."""

    def deliver(self, event_body: bytes, message_id: str) -> str:
        """Hand one event over, once, and give the answer's beginning; by its id the receiver knows a copy."""
        ...
