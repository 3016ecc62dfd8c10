"""What each type of action looks like where it arrives, out of the frozen words, for those who sign it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import rfc8785
from sqlalchemy import select

from console.actions.letter import Letter
from console.door.sign_in import Visitor
from console.frame import wording
from console.library import asset_book
from marketing_pipelines.email import way_out
from marketing_pipelines.outbound.kinds.social_post import said_of_a_video
from store.records import asset_uses
from store.records.actions import Action, ActionType
from store.records.assets import Asset
from store.records.database import Session
from store.settings import Service

_OURS = re.compile(r"/assets/([1-9][0-9]{0,17})/content")
# What a change of advertising is about, and what it sets.
_ABOUT = {"platform": "Platform", "account": "Account", "campaign": "Campaign", "campaigns": "Campaigns"}
_SET = {
    "changes": "What it may do",
    "most": "How often at most",
    "until": "Last day",
    "countries": "Countries",
    "language": "Language",
    "highest_bid": "Highest bid",
}
_REPORTED = {
    "platform": "Platform",
    "account": "Account",
    "target": "Reported to",
    "event": "As",
    "goal": "Goal",
    "most": "How many at most",
    "until": "Last day",
}
# What the leaf names: the account by its name, and what its sums are in.
_ACCOUNT = {"name": "Called", "currency": "In"}
_AS_IT_IS = "as it is at the platform"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of a sequence; `day` counts from the day on which somebody enters it."""

    number: int
    day: int
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Change:
    """One thing as it is and as it will be."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Looks:
    """What beside subject and text belongs to the type; what it does not have is empty.

    `picture` is the post's own image where it is an asset of ours, `body` the exact bytes that a web hook posts.
    """

    mails: Sequence[Mail] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    changes: Sequence[Change] = ()
    picture: Asset | None = None
    picture_elsewhere: str = ""
    body: str = ""
    assets: Sequence[Asset] = ()


def of(session: Session, visitor: Visitor, action: Action, letter: Letter) -> Looks:
    carried = _assets(session, visitor, action, letter)
    template = letter.template
    match action.type:
        case ActionType.SEQUENCE:
            return Looks(mails=mails(letter), assets=carried)
        case ActionType.AD_CHANGE:
            about = _named(template, _ABOUT) | _named(letter.values, _ACCOUNT)
            return Looks(about=about, changes=_ad_changes(template), assets=carried)
        case ActionType.CONVERSION_REPORT:
            about = _named(template, _REPORTED) | _named(letter.values, _ACCOUNT)
            return Looks(about=about, assets=carried)
        case ActionType.LINK_CHANGE:
            about = {"Short link": f"/{template['slug']}"}
            return Looks(about=about, changes=_link_changes(template, letter.values), assets=carried)
        case ActionType.SOCIAL_POST:
            own = _own_picture(visitor, template["image"], carried)
            elsewhere = "" if own else template["image"]
            about = said_of_a_video(template)
            return Looks(about=about, picture=own, picture_elsewhere=elsewhere, assets=carried)
        case ActionType.CMS_WEBHOOK | ActionType.CHAT_MESSAGE:
            return Looks(body=rfc8785.dumps(dict(template)).decode(), assets=carried)
        case ActionType.EMAIL | ActionType.TEXT_MESSAGE | ActionType.GENERIC:
            return Looks(assets=carried)


def mails(letter: Letter) -> list[Mail]:
    """In the order in which they go out."""
    found: list[Mail] = []
    day = 0
    for number, step in enumerate(letter.template["steps"], start=1):
        day += step["after_days"]
        text, html = way_out.filled(step["text"], "…"), way_out.filled(step["html"], "…")
        found.append(Mail(number, day, step["subject"], text, html))
    return found


def html_of(action: Action, letter: Letter, mail: int) -> str:
    """The HTML of a mail, or of one mail of a sequence."""
    if action.type is not ActionType.SEQUENCE:
        return letter.read.html
    return next((each.html for each in mails(letter) if each.number == mail), "")


def _assets(session: Session, visitor: Visitor, action: Action, letter: Letter) -> Sequence[Asset]:
    """Those of ours that the frozen words name."""
    origins = letter.version.manifest.get("provenance", []) if letter.version else action.provenance
    named = asset_uses.named_in(letter.template, origins)
    if not named:
        return []
    query = select(Asset).where(Asset.tenant_id == visitor.tenant, Asset.id.in_(named))
    return list(session.scalars(query.order_by(Asset.id)))


def _own_picture(visitor: Visitor, address: str, carried: Sequence[Asset]) -> Asset | None:
    """Only under our own address: another host's path may look the same."""
    home = visitor.settings.address(Service.CONSOLE).rstrip("/")
    found = _OURS.fullmatch(address.removeprefix(home)) if address.startswith(f"{home}/") else None
    numbers = {int(found[1])} if found else set[int]()
    return next((asset for asset in carried if asset.id in numbers and asset_book.is_picture(asset)), None)


def _link_changes(template: Mapping[str, Any], values: Mapping[str, Any]) -> list[Change]:
    found: list[Change] = []
    if "target_url" in template:
        found.append(Change("Leads to", values.get("leads_to", ""), template["target_url"]))
    if "fallback_url" in template:
        found.append(Change("Falls back on", "", template["fallback_url"]))
    if "archived" in template:
        after = "ended: it leads nowhere" if template["archived"] else "in use again"
        found.append(Change("State", "", after))
    return found


def _ad_changes(template: Mapping[str, Any]) -> list[Change]:
    found: list[Change] = []
    match template["change"]:
        case "pause":
            found.append(Change("State", _AS_IT_IS, "paused"))
        case "run":
            found.append(Change("State", _AS_IT_IS, "running"))
        case "create":
            found.append(Change("Name", "", template["name"]))
            found.append(Change("State", "", "paused"))
    if "daily_budget" in template:
        name = "Highest daily budget" if template["change"] in ("rule", "run") else "Daily budget"
        before = _AS_IT_IS if template["change"] == "budget" else ""
        found.append(Change(name, before, template["daily_budget"]))
    return [*found, *(Change(name, "", value) for name, value in _named(template, _SET).items())]


def _named(template: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """What a template says under these names, in words."""
    said: dict[str, str] = {}
    for name, called in names.items():
        match template.get(name):
            case None | "":
                continue
            case list() as several:
                said[called] = ", ".join(map(str, several))
            case value:
                said[called] = wording.words(value) if name == "platform" else str(value)
    return said
