"""Announcements: what a campaign says, as one draft for each channel that it says it on."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from connectors.publishing import Network
from marketing_pipelines.outbound.kinds.social_post import LIMITS
from store.records.actions import ActionType

EVENT = "campaign.announced"


class Outlet(StrEnum):
    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    LINKEDIN = "linkedin"
    REDDIT = "reddit"
    X = "x"
    BUFFER = "buffer"
    CHAT = "chat"
    CMS = "cms"


@dataclass(frozen=True, slots=True)
class Announcement:
    text: str
    outlets: Sequence[Outlet]
    link: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    type: ActionType
    payload: dict[str, Any]


def drafts(said: Announcement, name: str, utm_campaign: str) -> list[tuple[Outlet, Draft]]:
    """One for each outlet, in the order in which they were named."""
    return [(outlet, _draft(outlet, said, name, utm_campaign)) for outlet in dict.fromkeys(said.outlets)]


def tracked(link: str, source: str, medium: str, campaign: str) -> str:
    """The link, saying where it was; what it says of that already stays."""
    parts = urlsplit(link)
    query = parse_qsl(parts.query, keep_blank_values=True)
    said = {name for name, _ in query}
    told = {"utm_source": source, "utm_medium": medium, "utm_campaign": campaign}
    query += [(name, value) for name, value in told.items() if name not in said]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _draft(outlet: Outlet, said: Announcement, name: str, utm_campaign: str) -> Draft:
    medium = {Outlet.CHAT: "chat", Outlet.CMS: "web"}.get(outlet, "social")
    link = tracked(said.link, outlet, medium, utm_campaign) if said.link else ""
    match outlet:
        case Outlet.CHAT:
            text = "\n\n".join(filter(None, [said.text, link]))
            return Draft(ActionType.CHAT_MESSAGE, {"text": text})
        case Outlet.CMS:
            data = {"name": name, "text": said.text, "link": link, "image": said.image}
            return Draft(ActionType.CMS_WEBHOOK, {"event": EVENT, "data": data})
        case _:
            return Draft(ActionType.SOCIAL_POST, _post(Network(outlet), said, link))


def _post(network: Network, said: Announcement, link: str) -> dict[str, Any]:
    """Where nobody could follow a link, or see a picture, it is left out."""
    payload = {"network": network.value, "text": said.text}
    if link and LIMITS[network].takes_link:
        payload["link"] = link
    if said.image and LIMITS[network].takes_image:
        payload["image"] = said.image
    return payload
