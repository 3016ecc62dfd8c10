"""The form of a campaign: what was typed, and what it means."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from console.campaigns.campaign_bodies import ChangedCampaign, Dates, NewCampaign, Pause
from console.door.problems import FieldError, Refused
from console.frame import form_bodies
from store.records.campaigns import Campaign

_BROUGHT = ("title", "message", "recipient_emails")


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields, each a text."""

    name: str = ""
    objective: str = ""
    utm_campaign: str = ""
    project_id: str = ""
    start_date: str = ""
    end_date: str = ""
    title: str = ""
    message: str = ""
    recipient_emails: str = ""
    says: str = ""
    says_link: str = ""
    says_image: str = ""
    says_on: Sequence[str] = ()

    @classmethod
    def of(cls, campaign: Campaign, zone: ZoneInfo) -> "Typed":
        return cls(
            name=campaign.name,
            objective=campaign.objective,
            utm_campaign=campaign.utm_campaign,
            project_id=str(campaign.project_id or ""),
            start_date=_moment(campaign.start_date, zone),
            end_date=_moment(campaign.end_date, zone),
        )

    def as_new(self) -> NewCampaign:
        said = self._said()
        addresses = [line.strip() for line in self.recipient_emails.splitlines() if line.strip()]
        brought = {
            "title": self.title.strip(),
            "message": self.message.replace("\r\n", "\n"),
            "recipient_emails": addresses,
        }
        if any(brought.values()):
            missing = [name for name in _BROUGHT if not brought[name]]
            if missing:
                reason = "belongs to the recipients that it brings along: fill in all three or none"
                raise Refused(422, "Some fields are missing.", [FieldError(name, reason) for name in missing])
            said |= brought
        if announced := self._announced():
            said["announcement"] = announced
        return form_bodies.read(NewCampaign, {"name": "", **said})

    def _announced(self) -> dict[str, Any]:
        fields = {"text": self.says.replace("\r\n", "\n"), "link": self.says_link, "image": self.says_image}
        typed = {name: said.strip() for name, said in fields.items() if said.strip()}
        if typed and not self.says_on:
            reason = "tick at least one, or leave the announcement empty"
            raise Refused(422, "Nobody would read it.", [FieldError("says_on", reason)])
        return {"text": "", **typed, "channels": list(self.says_on)} if self.says_on else {}

    def as_changed(self, campaign: Campaign, zone: ZoneInfo) -> ChangedCampaign:
        return form_bodies.read(
            ChangedCampaign, {"name": "", **self._said(), **self._untouched(campaign, zone)}
        )

    def as_dates(self, campaign: Campaign, zone: ZoneInfo) -> Dates:
        dates = {name: said for name, said in self._said().items() if name.endswith("_date")}
        return form_bodies.read(Dates, dates | self._untouched(campaign, zone))

    def _said(self) -> dict[str, Any]:
        names = ("name", "objective", "utm_campaign", "project_id", "start_date", "end_date")
        typed = {name: getattr(self, name).strip() for name in names}
        return {name: said for name, said in typed.items() if said}

    def _untouched(self, campaign: Campaign, zone: ZoneInfo) -> dict[str, str]:
        """Moments that were left as they stood are not read off the clock again: seconds and second hours stay."""
        return {
            name: moment.isoformat()
            for name, moment in (("start_date", campaign.start_date), ("end_date", campaign.end_date))
            if moment is not None and getattr(self, name) == _moment(moment, zone)
        }


def as_pause(reason: str) -> Pause:
    return form_bodies.read(Pause, {"reason": reason})


def _moment(moment: Any, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if moment else ""
