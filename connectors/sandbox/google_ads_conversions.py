"""Conversions as the sandbox's Google Ads takes them: each by itself, and none twice."""

import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain, islice
from typing import Any, Literal

import msgspec

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.gaql import Row
from connectors.sandbox.google_ads_refusals import Error, Refused, failure
from connectors.sandbox.world import AdAccount

_MOST = 2000
_LOOKS_BACK, _SETTLES_IN = timedelta(days=90), timedelta(hours=6)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
_GCLID = re.compile(r"Cj_(?P<clicked>[0-9]{10})_[A-Za-z0-9]+|(?:Cj|EAIaIQ)[A-Za-z0-9_-]{8,}")
_BRAID = re.compile(r"0AAAA[A-Za-z0-9_-]{4,}")
_SHA_256 = re.compile(r"[0-9a-f]{64}")
_CURRENCY = re.compile(r"[A-Z]{3}")

_ACTIONS = (
    ("71001", "Purchase (offline)", "UPLOAD_CLICKS", "ENABLED"),
    ("71002", "Signed up (offline)", "UPLOAD_CLICKS", "ENABLED"),
    ("71003", "Called back", "UPLOAD_CLICKS", "HIDDEN"),
    ("71004", "Purchase (website)", "WEBPAGE", "ENABLED"),
)
_KIND_OF = {number: kind for number, _, kind, _ in _ACTIONS}

Status = Literal["UNSPECIFIED", "GRANTED", "DENIED"]
Trouble = tuple[str, str, str, str]
"""The field, the family of the error, its name, and what it says."""


class _Strict(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What Google has no field of this name for is no JSON of a request."""


class _Consent(_Strict):
    ad_user_data: Status = "UNSPECIFIED"
    ad_personalization: Status = "UNSPECIFIED"


class _Person(_Strict):
    hashed_email: str = ""


class _Conversion(_Strict):
    conversion_action: str = ""
    conversion_date_time: str = ""
    order_id: str = ""
    gclid: str = ""
    gbraid: str = ""
    wbraid: str = ""
    user_identifiers: list[_Person] = []
    conversion_value: Decimal | None = None
    currency_code: str = ""
    consent: _Consent = msgspec.field(default_factory=_Consent)

    @property
    def click(self) -> str:
        return self.gclid or self.gbraid or self.wbraid

    @property
    def at(self) -> datetime | None:
        if not _MOMENT.fullmatch(self.conversion_date_time):
            return None
        try:
            return datetime.fromisoformat(self.conversion_date_time)
        except ValueError:
            return None


class _Upload(_Strict):
    conversions: list[_Conversion]
    partial_failure: bool = False
    validate_only: bool = False


def gclid(clicked_at: datetime, name: str) -> str:
    """The id of a click that tells the sandbox when it was; of any other it is taken to be a day before the conversion."""
    return f"Cj_{int(clicked_at.timestamp())}_{name}"


class GoogleAdsConversions:
    def __init__(self, accepted: Accepted, clock: Callable[[], datetime]) -> None:
        self._accepted, self._clock = accepted, clock
        self._orders: set[tuple[str, str]] = set()
        self._clicks: set[tuple[str, str, str]] = set()

    def rows(self, known: AdAccount) -> Iterator[Row]:
        for number, name, kind, status in _ACTIONS:
            yield {
                "conversion_action.resource_name": f"customers/{known.id}/conversionActions/{number}",
                "conversion_action.id": number,
                "conversion_action.name": name,
                "conversion_action.type": kind,
                "conversion_action.status": status,
            }

    def upload(self, known: AdAccount, body: bytes) -> dict[str, Any]:
        told = _read(body)
        errors = list(self._errors(told.conversions))
        wrong = {error.operation for error in errors}
        answer: dict[str, Any] = {}
        if errors:
            answer["partialFailureError"] = {
                "code": 3,
                "message": f"Multiple errors in ‘details’. First error: {errors[0].message}",
                "details": [failure(errors, secrets.token_urlsafe(12))],
            }
        if told.validate_only:
            return answer
        for at, conversion in enumerate(told.conversions):
            if at not in wrong:
                self._take(known, conversion)
        results = [{} if at in wrong else _result(each) for at, each in enumerate(told.conversions)]
        return {**answer, "results": results, "jobId": str(secrets.randbelow(2**62) + 2**31)}

    def _take(self, known: AdAccount, conversion: _Conversion) -> None:
        number = _action(conversion)
        self._orders.add((number, conversion.order_id))
        self._clicks.add((number, conversion.click, conversion.conversion_date_time))
        value = conversion.conversion_value
        self._accepted.note(
            Channel.GOOGLE_ADS,
            "conversion",
            account=known.id,
            target=conversion.conversion_action,
            id=conversion.order_id,
            at=conversion.conversion_date_time,
            click=conversion.click,
            hashed_emails=[person.hashed_email for person in conversion.user_identifiers],
            value=None if value is None else str(value),
            currency=conversion.currency_code,
            consent=msgspec.to_builtins(conversion.consent),
        )

    def _errors(self, conversions: list[_Conversion]) -> Iterator[Error]:
        """The first that is wrong with each."""
        orders = Counter((_action(each), each.order_id) for each in conversions if each.order_id)
        for at, conversion in enumerate(conversions):
            troubles = chain(
                _troubles_of_form(conversion),
                _troubles_with_click(conversion, self._clock()),
                self._troubles_with_copies(conversion, orders),
            )
            for path, family, value, message in islice(troubles, 1):
                yield Error(family, value, message, at, path, among="conversions")

    def _troubles_with_copies(self, told: _Conversion, orders: Counter[tuple[str, str]]) -> Iterator[Trouble]:
        order = (_action(told), told.order_id)
        click = (_action(told), told.click, told.conversion_date_time)
        if orders[order] > 1:
            message = "Imported events include multiple conversions with the same order ID."
            yield _of_upload("order_id", "DUPLICATE_ORDER_ID", message)
        if told.order_id and order in self._orders:
            message = "The imported event includes an order ID that was previously recorded."
            yield _of_upload("order_id", "ORDER_ID_ALREADY_IN_USE", message)
        if not told.order_id and click in self._clicks:
            message = "The imported event has the same click and conversion_date_time as an existing one."
            yield _of_upload("conversion_date_time", "CLICK_CONVERSION_ALREADY_EXISTS", message)


def _troubles_of_form(told: _Conversion) -> Iterator[Trouble]:
    for field in ("conversion_action", "conversion_date_time"):
        if not getattr(told, field):
            yield field, "fieldError", "REQUIRED", "The required field was not present."
    kind = _KIND_OF.get(_action(told))
    if kind is None:
        message = "The conversion action specified in the upload request cannot be found."
        yield _of_upload("conversion_action", "NO_CONVERSION_ACTION_FOUND", message)
    elif kind != "UPLOAD_CLICKS":
        message = "The conversion action specified isn't set up for uploading conversions."
        yield _of_upload("conversion_action", "INVALID_CONVERSION_ACTION_TYPE", message)
    if told.at is None:
        message = "The date time must be in the format yyyy-mm-dd hh:mm:ss+|-hh:mm."
        yield "conversion_date_time", "dateError", "INVALID_STRING_DATE_TIME_SECONDS_WITH_OFFSET", message
    if told.currency_code and not _CURRENCY.fullmatch(told.currency_code):
        yield "currency_code", "currencyCodeError", "UNSUPPORTED", "The currency code is not supported."
    if not (told.click or told.user_identifiers):
        yield "gclid", "fieldError", "REQUIRED", "The required field was not present."
    if told.gbraid and told.wbraid:
        message = "Can't use both gbraid and wbraid parameters."
        yield _of_upload("wbraid", "GBRAID_WBRAID_BOTH_SET", message)
    if not all(_SHA_256.fullmatch(person.hashed_email) for person in told.user_identifiers):
        message = "Make sure you hash user provided data using SHA-256."
        yield _of_upload("user_identifiers", "INVALID_USER_IDENTIFIER", message)


def _troubles_with_click(told: _Conversion, now: datetime) -> Iterator[Trouble]:
    for field, form in (("gclid", _GCLID), ("gbraid", _BRAID), ("wbraid", _BRAID)):
        if (said := getattr(told, field)) and not form.fullmatch(said):
            yield _of_upload(
                field, f"UNPARSEABLE_{field.upper()}", f"The imported {field} could not be decoded."
            )
    at = told.at or now
    clicked = _clicked(told.gclid) or at - timedelta(days=1)
    if clicked > at:
        message = "The imported event has a conversion_date_time that precedes the click."
        yield _of_upload("conversion_date_time", "CONVERSION_PRECEDES_EVENT", message)
    if now - clicked > _LOOKS_BACK:
        message = "The imported event can't be recorded because its click occurred before this window."
        yield _of_upload("conversion_date_time", "EXPIRED_EVENT", message)
    if now - clicked < _SETTLES_IN:
        message = "The click associated with the given identifier occurred less than 6 hours ago."
        yield _of_upload("gclid", "TOO_RECENT_EVENT", message)


def _clicked(click: str) -> datetime | None:
    said = _GCLID.fullmatch(click)
    return datetime.fromtimestamp(int(said["clicked"]), UTC) if said and said["clicked"] else None


def _of_upload(path: str, value: str, message: str) -> Trouble:
    return path, "conversionUploadError", value, message


def _action(told: _Conversion) -> str:
    """Google heeds the action's number alone, not the customer's beside it."""
    return told.conversion_action.rpartition("/")[2]


def _result(told: _Conversion) -> dict[str, Any]:
    said = {
        "gclid": told.gclid,
        "gbraid": told.gbraid,
        "wbraid": told.wbraid,
        "conversionAction": told.conversion_action,
        "conversionDateTime": told.conversion_date_time,
        "userIdentifiers": msgspec.to_builtins(told.user_identifiers),
    }
    return {name: value for name, value in said.items() if value}


def _read(body: bytes) -> _Upload:
    try:
        told = msgspec.json.decode(body, type=_Upload)
    except msgspec.DecodeError as wrong:
        raise Refused(400, message=f"Invalid JSON payload received. {wrong}") from wrong
    if not told.partial_failure:
        message = "The partial failure mode is required."
        raise Refused(400, Error("partialFailureError", "PARTIAL_FAILURE_MODE_REQUIRED", message))
    if len(told.conversions) > _MOST:
        message = "Upload fewer than 2001 events in a single request."
        raise Refused(400, Error("conversionUploadError", "TOO_MANY_CONVERSIONS_IN_REQUEST", message))
    return told
