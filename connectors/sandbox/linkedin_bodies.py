"""What LinkedIn checks of what it is told about campaigns, as the sandbox plays it, field by field."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from starlette.requests import Request

from connectors.face import Level
from connectors.sandbox.linkedin_answers import Refused, Said, error, wrong
from connectors.sandbox.linkedin_insights import URN
from connectors.sandbox.world import AdAccount

_LONGEST_NAME = 255
_STATUSES = frozenset({"ACTIVE", "PAUSED", "DRAFT"})
LOCATIONS = "urn:li:adTargetingFacet:locations"
# By number: some countries, and places of like names.
PLACES = {
    "101282230": "Germany",
    "106967730": "Berlin, Germany",
    "101355337": "Japan",
    "102049494": "Tokyo, Japan",
    "103644278": "United States",
    "103883259": "Austria",
    "106693272": "Switzerland",
    "106315325": "Georgia",
    "103950076": "Georgia, United States",
}
_ONLY = {
    "type": "SPONSORED_UPDATES",
    "objectiveType": "WEBSITE_VISIT",
    "politicalIntent": "NOT_POLITICAL",
}


def require_own(known: AdAccount, told: Said) -> None:
    if told.get("account") != f"{URN[Level.ACCOUNT]}{known.id}":
        raise wrong("/account", "the account is the one in the path")


def require_kind(told: Said) -> None:
    for field, value in _ONLY.items():
        if told.get(field) != value:
            raise wrong(f"/{field}", f"the sandbox knows {value} only")


def name_of(told: Said) -> str:
    name = told.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise wrong("/name", f"a name has 1 to {_LONGEST_NAME} characters", code="MISSING_FIELD")
    return name


def status_of(told: Said) -> str:
    status = told.get("status", "ACTIVE")
    if status not in _STATUSES:
        raise wrong("/status", f"the sandbox knows {sorted(_STATUSES)} only")
    return status


def last_day_of(told: Said) -> date | None:
    """The last day; the moment that is told as the end does not belong to it."""
    schedule = told.get("runSchedule")
    if not isinstance(schedule, dict) or not isinstance(schedule.get("start"), int):
        raise wrong("/runSchedule/start", "when it starts is mandatory", code="MISSING_FIELD")
    end = schedule.get("end")
    if end is None:
        return None
    if not isinstance(end, int) or end <= schedule["start"]:
        raise wrong("/runSchedule/end", "the end comes after the start")
    return datetime.fromtimestamp((end - 1) / 1000, UTC).date()


def money_of(known: AdAccount, told: Said, field: str) -> Decimal:
    money: Any = told.get(field)
    if not isinstance(money, dict):
        raise wrong(f"/{field}", "is required", code="MISSING_FIELD")
    if money.get("currencyCode") != known.currency:
        raise wrong(f"/{field}/currencyCode", f"the account's currency is {known.currency}")
    decimals = rf"(?:\.[0-9]{{1,{known.decimals}}})?" if known.decimals else ""
    if not re.fullmatch(rf"[0-9]{{1,12}}{decimals}", str(money.get("amount"))):
        raise wrong(f"/{field}/amount", f"{known.currency} has {known.decimals} decimals", status=422)
    amount = Decimal(money["amount"])
    if amount == 0:
        raise wrong(f"/{field}/amount", "is more than nothing", code="FIELD_VALUE_TOO_LOW", status=422)
    return amount


def require_audience(told: Said) -> None:
    locale = told.get("locale")
    if not isinstance(locale, dict) or not re.fullmatch(r"[A-Z]{2}", str(locale.get("country"))):
        raise wrong("/locale/country", "a country has two capital letters")
    if not re.fullmatch(r"[a-z]{2}", str(locale.get("language"))):
        raise wrong("/locale/language", "a language has two small letters")
    try:
        places = told["targetingCriteria"]["include"]["and"][0]["or"][LOCATIONS]
    except (KeyError, IndexError, TypeError):
        raise wrong("/targetingCriteria", "locations are required", code="MISSING_FIELD") from None
    if not places or any(str(urn).removeprefix("urn:li:geo:") not in PLACES for urn in places):
        raise wrong("/targetingCriteria", "no such location", status=422)


def patched(request: Request, told: Said, known: set[str]) -> Said:
    if request.headers.get("x-restli-method") != "PARTIAL_UPDATE":
        raise Refused(error(400, "BAD_REQUEST", "X-RestLi-Method has to be PARTIAL_UPDATE"))
    try:
        fields = told["patch"]["$set"]
    except (KeyError, TypeError):
        raise wrong("/patch/$set", "is required", code="MISSING_FIELD") from None
    if not isinstance(fields, dict) or not fields or not fields.keys() <= known:
        raise wrong("/patch/$set", f"the sandbox changes {sorted(known)} only")
    return fields
