"""Conversions told back to the platform whose ad was clicked, one delivery each, or a rule by which that happens day after day."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors import money
from connectors.conversions import ConsentStatus, Conversion, Refusal, TakesConversions
from connectors.errors import Forbidden, Invalid, Transient
from connectors.face import Capability, Connector
from connectors.face import Channel as ConnectedChannel
from marketing_pipelines.outbound import destinations
from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.destinations import Destination
from marketing_pipelines.outbound.kinds.face import (
    Audience,
    NotReady,
    Number,
    Payload,
    PlatformId,
    Read,
    Sketch,
    Standing,
    Surroundings,
    leaf,
)
from marketing_pipelines.outbound.kinds.in_force import put_in_force
from marketing_pipelines.outbound.kinds.through_connection import ThroughConnection, chosen
from marketing_pipelines.outbound.sending import Sending
from store.records import goals
from store.records.actions import Action, ActionType, Channel, Leaf, Purpose
from store.records.database import Session
from store.records.delivery_chunks import Claim
from store.records.schema import GoalId, TenantId

# So many one person can look through.
MOST_CONVERSIONS = 500
_SHOWN = 20
# What a rule and all that happens by it have in common.
_SAME = ("platform", "account", "target", "goal", "event")


class Platform(StrEnum):
    GOOGLE_ADS = "google_ads"
    META = "meta"


class Click(StrEnum):
    """By which of a platform's ids it knows the click."""

    GCLID = "gclid"
    GBRAID = "gbraid"
    WBRAID = "wbraid"
    FBCLID = "fbclid"


class ToldConversion(BaseModel):
    """What a platform is told of one conversion: nothing of the person but the click that it sold itself."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[!-?A-~]{1,100}$")]
    at: Annotated[datetime, Field(strict=False)]
    value: Annotated[Decimal, Field(strict=False, ge=0, max_digits=18, decimal_places=4)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    click: Annotated[Click, Field(strict=False)]
    click_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,512}$")]
    clicked_at: Annotated[datetime, Field(strict=False)]
    page: Annotated[str, Field(max_length=2000)] = ""
    browser: Annotated[str, Field(max_length=512)] = ""

    def by(self, click: Click) -> str:
        return self.click_id if self.click is click else ""

    @property
    def said(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}, {self.value.normalize():f} {self.currency}, {self.click}"


class ConversionReportPayload(Payload):
    """`target` is the platform's conversion action or pixel, `event` what it calls what happened.

    With `conversions` it is those, each signed; without them it is a rule: so many at most, up to the last day, of this
    goal and of people who consented.
    """

    platform: Annotated[Platform, Field(strict=False)]
    account: PlatformId
    target: Annotated[str, Field(pattern=r"^[\w./:-]{1,200}$")]
    goal: Number
    event: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_ -]{0,49}$")]
    conversions: Annotated[list[ToldConversion], Field(min_length=1, max_length=MOST_CONVERSIONS)] | None = (
        None
    )
    most: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    until: Annotated[date, Field(strict=False)] | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "ConversionReportPayload":
        is_rule = self.most is not None and self.until is not None
        is_partly = self.most is not None or self.until is not None
        if is_partly == (self.conversions is not None) or is_partly != is_rule:
            raise ValueError("give most and until, for a rule, or the conversions themselves")
        ids = Counter(each.id for each in self.conversions or ())
        if twice := [id for id, times in ids.items() if times > 1]:
            raise ValueError(f"{twice[0]} is told twice")
        return self


class ConversionReport(ThroughConnection[ConversionReportPayload]):
    """Platforms tell nobody what they were told, so that a lost answer is not looked up but decided by a person."""

    payload = ConversionReportPayload
    main_field = "conversions"
    named_by = "event"
    looks_up = False

    def headline(self, payload: Mapping[str, Any]) -> str:
        told = payload.get("conversions")
        return f"{payload['event']}: {len(told)} conversions" if told else f"{payload['event']}: a rule"

    def channel(self, payload: ConversionReportPayload) -> Channel:
        return Channel(payload.platform.value)

    def content(self, payload: ConversionReportPayload, purpose: Purpose) -> dict[str, Any]:
        """The conversions themselves are the leaves."""
        del purpose
        return payload.model_dump(mode="json", exclude={"conversions"}, exclude_none=True)

    def connection(self, around: Surroundings, payload: ConversionReportPayload) -> str:
        """A rule is kept here; only what is done by it goes to the platform."""
        return "our own records" if payload.most is not None else super().connection(around, payload)

    def place(self, payload: ConversionReportPayload) -> str:
        return f"{payload.platform} account {payload.account}, {payload.target}"

    def destination(
        self, session: Session, tenant: TenantId, payload: ConversionReportPayload
    ) -> Destination | None:
        channel = ConnectedChannel(payload.platform.value)
        accounts = destinations.ad_accounts(session, tenant, channel, used_for=Capability.CONVERSIONS)
        return chosen(accounts, payload.account, "account")

    def audience(self, session: Session, action: Action, payload: ConversionReportPayload) -> Audience:
        if goals.named(session, action.tenant_id, GoalId(payload.goal)) is None:
            raise NotReady("goal", f"there is no goal {payload.goal}")
        if payload.conversions is None:
            return super().audience(session, action, payload)
        found = self.destination(session, action.tenant_id, payload)
        through = {"connection": found.connection, "name": found.name} if found else {}
        return Audience([_leaf(payload, each, through) for each in payload.conversions])

    def sketch(self, session: Session, action: Action, payload: ConversionReportPayload) -> Sketch:
        if payload.conversions is None:
            return super().sketch(session, action, payload)
        return Sketch([each.said for each in payload.conversions[:_SHOWN]], len(payload.conversions))

    def is_still_said(
        self,
        payload: ConversionReportPayload,
        manifest: Mapping[str, Any],
        reached: Iterable[Mapping[str, Any]],
    ) -> bool:
        frozen = [values["conversion"] for values in reached if "conversion" in values]
        wanted = [each.model_dump(mode="json") for each in payload.conversions or ()]
        return super().is_still_said(payload, manifest, ()) and _by_id(frozen) == _by_id(wanted)

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        told = manifest["template"]
        facts = {
            "Platform": told["platform"],
            "Account": " ".join(filter(None, [told["account"], values.get("name")])),
            "Reported to": told["target"],
            "As": told["event"],
            "Goal": str(told["goal"]),
            "How many at most": str(told.get("most", "")),
            "Until": told.get("until", ""),
            "Of each": "its number, when it was, its value, the id of the click that led to it and when that was"
            + (", the page and the browser's name" if told["platform"] == Platform.META else ""),
            "Of whom": "people who consented, at the click and ever since",
        }
        subject = "A rule by which conversions are reported" if "most" in told else "Conversions are reported"
        return Read(subject, "\n".join(f"{name}: {value}" for name, value in facts.items() if value))

    def hand_over(self, sending: Sending, claim: Claim, carriers: Carriers) -> str:
        standing = self.standing(sending.approved.manifest["template"])
        if standing is None:
            return super().hand_over(sending, claim, carriers)
        return put_in_force(sending, standing)

    def carry_out(self, sending: Sending, claim: Claim, opened: Connector) -> str:
        told = sending.approved.manifest["template"]
        conversion = _conversion(told["event"], ToldConversion.model_validate(claim.values["conversion"]))
        reported = _taker(opened).report_conversions(told["account"], told["target"], [conversion])
        for refused in reported.refused:
            match refused.refusal:
                case Refusal.THERE_ALREADY:
                    return "was counted before"
                case Refusal.LATER:
                    raise Transient(what=refused.reason, where=opened.channel)
                case Refusal.WRONG:
                    raise Invalid(what=refused.reason, where=opened.channel)
        return "was taken"

    def found(self, sending: Sending, claim: Claim, opened: Connector) -> None:
        del sending, claim, opened

    def standing(self, template: Mapping[str, Any]) -> Standing | None:
        if "most" not in template:
            return None
        return Standing(template["most"], date.fromisoformat(template["until"]))

    def why_not_covered(
        self, template: Mapping[str, Any], type: ActionType, wanted: Mapping[str, Any]
    ) -> str:
        """Conversions of the goal that the rule names, told where and as what it says."""
        if type is not ActionType.CONVERSION_REPORT or "most" in wanted:
            return "the rule is for reports of conversions"
        other = next((name for name in _SAME if wanted[name] != template[name]), None)
        return f"the rule is for another {other}" if other else ""


def key_of(platform: str, target: str, conversion: str) -> str:
    """By which a conversion is known that was told, or is to be, to one place."""
    return hashlib.sha256("\n".join((platform, target, conversion)).encode()).hexdigest()


def _leaf(payload: ConversionReportPayload, told: ToldConversion, through: Mapping[str, Any]) -> Leaf:
    key = key_of(payload.platform, payload.target, told.id)
    return leaf(key, {"target": told.said, **through, "conversion": told.model_dump(mode="json")})


def _by_id(told: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {each["id"]: each for each in told}


def _taker(opened: Connector) -> TakesConversions:
    if not isinstance(opened, TakesConversions):
        raise Forbidden(what="no conversions can be reported there", where=opened.channel)
    return opened


def _conversion(event: str, told: ToldConversion) -> Conversion:
    """Only what was consented to has got here."""
    return Conversion(
        id=told.id,
        name=event,
        at=told.at,
        ad_user_data=ConsentStatus.GRANTED,
        ad_personalization=ConsentStatus.GRANTED,
        value_micros=money.micros(told.value),
        currency=told.currency,
        clicked_at=told.clicked_at,
        source_url=told.page,
        user_agent=told.browser,
        gclid=told.by(Click.GCLID),
        gbraid=told.by(Click.GBRAID),
        wbraid=told.by(Click.WBRAID),
        fbclid=told.by(Click.FBCLID),
    )
