"""What an advertising platform can be told about a click that it sold: that somebody bought, signed up or called."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable
from urllib.parse import urlsplit

from connectors import money
from connectors.errors import Invalid

# Whatever has an @ in it may be somebody's address, which no order number is.
_ID = re.compile(r"[!-?A-~]{1,100}")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ -]{0,49}")
_CLICK = re.compile(r"[A-Za-z0-9._-]{1,512}")
_SHA_256 = re.compile(r"[0-9a-f]{64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_USER_AGENT = re.compile(r"[ -~]{1,512}")
_ADDRESS = re.compile(r"[!-~]{1,2000}")

_OF_A_CLICK = ("gclid", "gbraid", "wbraid", "fbclid")


class ConsentStatus(StrEnum):
    """What a person said to one use of their data."""

    GRANTED = "GRANTED"
    DENIED = "DENIED"


class ActionSource(StrEnum):
    """Where a conversion happened, by Meta's names."""

    WEBSITE = "website"
    EMAIL = "email"
    PHONE_CALL = "phone_call"
    CHAT = "chat"
    PHYSICAL_STORE = "physical_store"
    SYSTEM_GENERATED = "system_generated"
    """By itself, such as a subscription that renews."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionTarget:
    """A conversion action or a pixel that conversions are booked under."""

    id: str
    name: str
    is_open: bool
    """Whether the provider counts what is reported to it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What one person did after a click; a provider is told of it what it understands, and nothing else.

    `id` is ours and stays the same however often it is told: by it a provider knows a copy. `hashed_email` is the
    SHA-256 of the normalised address, in small hexadecimal letters; the address itself never gets here.
    """

    id: str
    name: str
    at: datetime
    ad_user_data: ConsentStatus
    ad_personalization: ConsentStatus
    action_source: ActionSource = ActionSource.WEBSITE
    value_micros: int | None = None
    currency: str = ""
    clicked_at: datetime | None = None
    gclid: str = ""
    gbraid: str = ""
    wbraid: str = ""
    fbclid: str = ""
    hashed_email: str = ""
    source_url: str = ""
    user_agent: str = ""
    """The browser's, in which it happened."""

    def __post_init__(self) -> None:
        self._require(_ID.fullmatch(self.id), "id", "is not 1 to 100 visible ASCII characters without @")
        self._require(_NAME.fullmatch(self.name), "name", "is not 1 to 50 letters, digits, spaces, _ and -")
        self._require(self.at.utcoffset() is not None, "at", "does not say in which time zone")
        self._require_click()
        self._require_value()
        for name, form in (
            ("hashed_email", _SHA_256),
            ("user_agent", _USER_AGENT),
            ("source_url", _ADDRESS),
        ):
            said = getattr(self, name)
            self._require(not said or form.fullmatch(said), name, "is not of the form that it is told in")
        self._require(
            not self.source_url or _is_public(self.source_url), "source_url", "is no address of a page"
        )

    @property
    def value(self) -> Decimal | None:
        """In main units, with no more digits than it takes."""
        return None if self.value_micros is None else Decimal(self.value_micros).scaleb(-6)

    def _require_click(self) -> None:
        for name in _OF_A_CLICK:
            said = getattr(self, name)
            self._require(not said or _CLICK.fullmatch(said), name, "is no click's id")
        self._require(
            any(getattr(self, name) for name in (*_OF_A_CLICK, "hashed_email")),
            "gclid",
            "nothing leads back to a click or a person",
        )
        if self.clicked_at is not None:
            self._require(
                self.clicked_at.utcoffset() is not None, "clicked_at", "does not say in which time zone"
            )
            self._require(self.clicked_at <= self.at, "at", "is before the click")

    def _require_value(self) -> None:
        if self.value_micros is None:
            self._require(not self.currency, "currency", "there is no value that it could be of")
            return
        self._require(_CURRENCY.fullmatch(self.currency), "currency", "is not named by ISO 4217")
        self._require(0 <= self.value_micros <= money.LARGEST_MICROS, "value_micros", "is beyond all bounds")
        coins = self.value_micros % money.smallest_unit(self.currency)
        self._require(not coins, "value_micros", f"is finer than {self.currency} is counted")

    def _require(self, holds: object, field: str, what: str) -> None:
        if not holds:
            raise Invalid(what=what, where="conversion", field=field)


class Refusal(StrEnum):
    """What is to be done about a conversion that a provider did not take."""

    WRONG = "wrong"
    """It will stay refused as it is."""
    THERE_ALREADY = "there_already"
    """It was counted when it was told before."""
    LATER = "later"
    """Some hours from now it may be taken: the click is too new, or the provider broke down over it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedConversion:
    """`index` says which of those that were told."""

    index: int
    reason: str
    code: str = ""
    refusal: Refusal = Refusal.WRONG


@dataclass(frozen=True, slots=True)
class Reported:
    accepted: int
    refused: tuple[RefusedConversion, ...] = ()


@runtime_checkable
class TakesConversions(Protocol):
    """A channel that conversions are reported back to.

    A conversion that the provider would refuse anyway, or that somebody has not consented to, is Invalid before
    anything is sent, with the field that is wrong.
    """

    most_conversions: ClassVar[int]
    """So many at once."""
    oldest_conversion: ClassVar[timedelta]

    def conversion_targets(self, account: str) -> list[ConversionTarget]: ...

    def repeat_is_harmless(self, conversion: Conversion) -> bool:
        """Whether the provider promises that this very conversion, told twice by us, counts once."""
        ...

    def require_reportable(self, conversion: Conversion) -> None:
        """What `report_conversions` would refuse to send is Invalid; nobody is asked."""
        ...

    def report_conversions(self, account: str, target: str, conversions: Sequence[Conversion]) -> Reported:
        """Sent in one request, once: a lost answer is an UnknownOutcome.

        A provider that refuses some tells which; one that refuses them all for a single one raises its refusal, and
        nothing was taken then.
        """
        ...

    def check_conversions(self, account: str, target: str, conversions: Sequence[Conversion]) -> Reported:
        """What would become of them, as far as the provider tells without counting any."""
        ...


def require_batch(
    conversions: Sequence[Conversion], most: int, require: Callable[[Conversion], None], *, where: str
) -> None:
    """Refuses what does not fit one request, and names which of its conversions is wrong."""
    if not 1 <= len(conversions) <= most:
        raise Invalid(what=f"{len(conversions)} at once, of 1 to {most}", where=where, field="conversions")
    first_at: dict[str, int] = {}
    for at, conversion in enumerate(conversions):
        if first_at.setdefault(conversion.id, at) != at:
            what = f"is the id of conversions[{first_at[conversion.id]}] too"
            raise Invalid(what=what, where=where, field=f"conversions[{at}].id")
        try:
            require(conversion)
        except Invalid as wrong:
            raise Invalid(what=wrong.what, where=where, field=f"conversions[{at}].{wrong.field}") from wrong


def require_age(conversion: Conversion, oldest: timedelta, now: datetime, *, where: str) -> None:
    if conversion.at > now:
        raise Invalid(what="is still to come", where=where, field="at")
    if now - conversion.at > oldest:
        raise Invalid(what=f"is more than {oldest.days} days ago", where=where, field="at")


def number(value: Decimal) -> bytes:
    """A sum as a JSON number, digit by digit."""
    return f"{value.normalize():f}".encode()


def _is_public(address: str) -> bool:
    """A page's address, without a name or a password of anybody."""
    try:
        said = urlsplit(address)
        return said.scheme in {"http", "https"} and bool(said.hostname) and "@" not in said.netloc
    except ValueError:
        return False
