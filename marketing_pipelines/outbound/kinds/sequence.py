"""Sequences: mails that follow each other, signed once; whoever is due gets a step's very words, up to a number and a day."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import Field, model_validator

from marketing_pipelines.email import links, way_out
from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.kinds.face import (
    Line,
    Payload,
    Read,
    Standing,
    Surroundings,
    ToOnePlace,
    Words,
)
from marketing_pipelines.outbound.kinds.in_force import put_in_force
from marketing_pipelines.outbound.sending import Sending
from store.clock import now
from store.records.actions import ActionType, Channel, Purpose
from store.records.delivery_chunks import Claim

MOST_STEPS = 50


class Step(Payload):
    """A mail, so many days after the one before it."""

    after_days: Annotated[int, Field(ge=0, le=365)]
    subject: Line
    body: Words
    html: Words | None = None


class SequencePayload(Payload):
    """`most` is how many mails may go on this signature, `until` the last day on which they may."""

    name: Line
    steps: Annotated[list[Step], Field(min_length=1, max_length=MOST_STEPS)]
    most: Annotated[int, Field(ge=1, le=1_000_000)]
    until: Annotated[date, Field(strict=False)]

    @model_validator(mode="after")
    def _lies_ahead(self) -> "SequencePayload":
        if self.until < now().date():
            raise ValueError("its last day is over")
        return self


class Sequence(ToOnePlace[SequencePayload]):
    payload = SequencePayload
    main_field = "until"
    named_by = "name"

    def channel(self, payload: SequencePayload) -> Channel:
        del payload
        return Channel.SMTP

    def content(self, payload: SequencePayload, purpose: Purpose) -> dict[str, Any]:
        return {
            "name": payload.name,
            "steps": [{"after_days": step.after_days, **_mail(step, purpose)} for step in payload.steps],
            "most": payload.most,
            "until": payload.until.isoformat(),
        }

    def connection(self, around: Surroundings, payload: SequencePayload) -> str:
        del around, payload
        return "our own records"

    def place(self, payload: SequencePayload) -> str:
        return f"up to {payload.most:,} mails until {payload.until}"

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        del values
        sequence = manifest["template"]
        mails = [
            f"{number}. After {step['after_days']} days: {step['subject']}\n\n"
            + way_out.filled(step["text"], "…")
            for number, step in enumerate(sequence["steps"], start=1)
        ]
        leads = {link for step in sequence["steps"] for link in links.found_in(step["text"], step["html"])}
        return Read(sequence["name"], "\n\n\n".join(mails), links=sorted(leads))

    def standing(self, template: Mapping[str, Any]) -> Standing:
        return Standing(template["most"], date.fromisoformat(template["until"]))

    def why_not_covered(
        self, template: Mapping[str, Any], type: ActionType, wanted: Mapping[str, Any]
    ) -> str:
        """A mail in the very words of one of its steps."""
        words = [{name: step[name] for name in ("subject", "text", "html")} for step in template["steps"]]
        if type is not ActionType.EMAIL or dict(wanted) not in words:
            return "it is none of the sequence's mails, word for word"
        return ""

    def hand_over(self, sending: Sending, claim: Claim, carriers: Carriers) -> str:
        """Nothing leaves yet: from here on its mails may."""
        del claim, carriers
        return put_in_force(sending, self.standing(sending.approved.manifest["template"]))

    def rehearse(self, sending: Sending, claim: Claim) -> str:
        return self.read(sending.approved.manifest, claim.values).text


def _mail(step: Step, purpose: Purpose) -> dict[str, str]:
    words = {"subject": step.subject, "text": step.body, "html": step.html or ""}
    return way_out.with_way_out(words) if purpose is Purpose.MARKETING else words
