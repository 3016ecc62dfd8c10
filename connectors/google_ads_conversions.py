"""Conversions told to Google Ads, as uploads of click conversions.

Since 15 June 2026 Google takes them only from developers' tokens that uploaded some in the half year before; to all others it
says `CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE` and names its Data Manager API (its developers' blog, 15 May 2026). That is
Forbidden here.

By the comments of Google's own v25 definitions: up to 2,000 at once; with `partialFailure` those that are valid are taken and
the others named by their index; an order's id is used once per conversion action, and one that was recorded before is refused
(`ORDER_ID_ALREADY_IN_USE`), so that telling it again harms nothing; `gbraid` and `wbraid` never stand together; a click
of the last six hours is too new. That no click counts for longer than 90 days is the longest window that an action can have.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any

import msgspec

from connectors.answers import shaped
from connectors.conversions import (
    ConsentStatus,
    Conversion,
    ConversionTarget,
    Refusal,
    RefusedConversion,
    Reported,
    number,
    require_age,
    require_batch,
)
from connectors.errors import (
    ChannelError,
    Invalid,
    RateLimited,
    Transient,
    UnexpectedAnswer,
    UnknownOutcome,
)
from connectors.google_ads_api import WHERE, GoogleAdsApi, Told, Uploaded
from connectors.google_ads_refusals import parts

MOST = 2000
OLDEST = timedelta(days=90)

_ACTION = r"customers/[0-9]{1,19}/conversionActions/[0-9]{1,19}"
_ACTIONS = (
    "SELECT conversion_action.resource_name, conversion_action.name, conversion_action.status "
    "FROM conversion_action WHERE conversion_action.type = 'UPLOAD_CLICKS' "
    "AND conversion_action.status != 'REMOVED'"
)
_CLICK_IDS = ("gclid", "gbraid", "wbraid")
_REFUSALS: Mapping[str, Refusal] = MappingProxyType(
    {
        "conversionUploadError.ORDER_ID_ALREADY_IN_USE": Refusal.THERE_ALREADY,
        "conversionUploadError.CLICK_CONVERSION_ALREADY_EXISTS": Refusal.THERE_ALREADY,
        "conversionUploadError.TOO_RECENT_EVENT": Refusal.LATER,
        "conversionUploadError.TOO_RECENT_CONVERSION_ACTION": Refusal.LATER,
    }
)


class _Action(msgspec.Struct, rename="camel"):
    resource_name: Annotated[str, msgspec.Meta(pattern=rf"^{_ACTION}\Z")]
    status: str
    name: str = ""


class _Found(msgspec.Struct, rename="camel"):
    conversion_action: _Action


class Conversions:
    """What one user may report to the conversion actions of a customer."""

    def __init__(self, api: GoogleAdsApi, clock: Callable[[], datetime]) -> None:
        self._api, self._clock = api, clock

    def targets(self, customer: str) -> list[ConversionTarget]:
        found = (
            shaped(result, _Found, where=WHERE).conversion_action
            for result in self._api.search(customer, _ACTIONS)
        )
        return [
            ConversionTarget(id=it.resource_name, name=it.name, is_open=it.status == "ENABLED")
            for it in found
        ]

    def require(self, conversion: Conversion) -> None:
        if not (conversion.hashed_email or any(getattr(conversion, name) for name in _CLICK_IDS)):
            raise _wrong("gclid", "there is no click of Google's, and nobody whom Google could know")
        if conversion.ad_user_data is not ConsentStatus.GRANTED:
            raise _wrong("ad_user_data", "was not consented to")
        now = self._clock()
        require_age(conversion, OLDEST, now, where=WHERE)
        if conversion.clicked_at is not None and now - conversion.clicked_at > OLDEST:
            raise _wrong("clicked_at", f"is more than {OLDEST.days} days ago")

    def report(self, customer: str, action: str, conversions: Sequence[Conversion]) -> Reported:
        answer = self._api.upload(customer, self._told(action, conversions))
        try:
            refused = _refused(answer, len(conversions))
            taken = {at for at, result in enumerate(answer.results) if result}
            if taken != set(range(len(conversions))) - {each.index for each in refused}:
                raise UnexpectedAnswer(what="the results do not say what became of each", where=WHERE)
        except UnexpectedAnswer as unclear:
            raise UnknownOutcome(what=unclear.what, where=WHERE) from unclear
        return Reported(len(taken), refused)

    def check(self, customer: str, action: str, conversions: Sequence[Conversion]) -> Reported:
        """By Google's `validateOnly`."""
        answer = self._api.check_upload(customer, self._told(action, conversions))
        refused = _refused(answer, len(conversions))
        return Reported(len(conversions) - len(refused), refused)

    def _told(self, action: str, conversions: Sequence[Conversion]) -> list[Told]:
        if not re.fullmatch(_ACTION, action):
            raise _wrong("target", "is not the name of a conversion action")
        require_batch(conversions, MOST, self.require, where=WHERE)
        return [dict(_message(action, each)) for each in conversions]


def _message(action: str, conversion: Conversion) -> Iterator[tuple[str, Any]]:
    """The hashed address goes out only where no click is known, which says enough."""
    yield "conversionAction", action
    yield "orderId", conversion.id
    yield "conversionDateTime", f"{conversion.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}+00:00"
    clicks = ((name, getattr(conversion, name)) for name in _CLICK_IDS)
    yield next(
        ((name, click) for name, click in clicks if click),
        ("userIdentifiers", [{"hashedEmail": conversion.hashed_email}]),
    )
    if conversion.value is not None:
        yield "conversionValue", msgspec.Raw(number(conversion.value))
        yield "currencyCode", conversion.currency
    yield (
        "consent",
        {"adUserData": conversion.ad_user_data, "adPersonalization": conversion.ad_personalization},
    )


def _refused(answer: Uploaded, told: int) -> tuple[RefusedConversion, ...]:
    """The first error of each; what is wrong with all of them for another reason than their own is raised."""
    if answer.partial_failure_error is None:
        return ()
    first: dict[int, RefusedConversion] = {}
    errors = parts(answer.partial_failure_error, where=WHERE)
    for error in errors:
        if error.index is None or not 0 <= error.index < told:
            raise UnexpectedAnswer(what=f"it is not said whose this is: {error.meaning.what}", where=WHERE)
        refused = RefusedConversion(
            index=error.index,
            reason=error.meaning.what,
            code=error.meaning.code,
            refusal=_refusal(error.meaning),
        )
        first.setdefault(error.index, refused)
    if not errors:
        raise UnexpectedAnswer(what="something was refused, and it is not said what", where=WHERE)
    if len(first) == told and not any(isinstance(error.meaning, Invalid) for error in errors):
        raise errors[0].meaning
    return tuple(first[at] for at in sorted(first))


def _refusal(meaning: ChannelError) -> Refusal:
    passing = Refusal.LATER if isinstance(meaning, (Transient, RateLimited)) else Refusal.WRONG
    return _REFUSALS.get(meaning.code, passing)


def _wrong(field: str, what: str) -> Invalid:
    return Invalid(what=what, where=WHERE, field=field)
