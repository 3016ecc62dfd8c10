"""What the form of each type of action asks for: the fields of its payload, in the words of those who fill them in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from connectors.publishing import Visibility
from console.actions.choices import Known, Options
from console.frame import wording
from marketing_pipelines.outbound import kinds
from marketing_pipelines.outbound.kinds.ad_change import Change, Platform
from marketing_pipelines.outbound.kinds.conversion_report import Platform as Reported
from marketing_pipelines.outbound.kinds.sequence import Step
from marketing_pipelines.outbound.kinds.social_post import NETWORKS
from store.records.actions import ActionType


class Widget(StrEnum):
    LINE = "line"
    WORDS = "words"
    LINES = "lines"
    WHOLE = "whole"
    MONEY = "money"
    SUM = "sum"
    DAY = "day"
    CHOICE = "choice"
    TICKS = "ticks"
    GROUPS = "groups"
    YES_OR_NO = "yes_or_no"
    DOCUMENT = "document"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Field:
    """`rows` is how much room long texts get, `known` names what the tenant has connected and can be meant here.

    What belongs to something that few need stands folded under the words of `of`.
    """

    name: str
    label: str
    hint: str = ""
    widget: Widget = Widget.LINE
    options: Options = ()
    rows: int = 6
    known: Known | None = None
    of: str = ""


STEP: Sequence[Field] = (
    Field("after_days", "Days after the one before", widget=Widget.WHOLE),
    Field("subject", "Subject"),
    Field("body", "Words", "Plain text; every reader gets this part.", Widget.WORDS),
    Field("html", "HTML", "Optional: the same words with a layout.", Widget.WORDS, rows=3),
)

_SAID = [("", "not said"), ("true", "yes"), ("false", "no")]
_VIDEO = "For a video on YouTube: its title and tags, who may see it, and what has to be declared"

FIELDS: Mapping[ActionType, Sequence[Field]] = {
    ActionType.EMAIL: (
        Field(
            "recipients", "To these addresses", "One a line. Leave it empty to write to groups.", Widget.LINES
        ),
        Field("groups", "To these groups", "Whoever wants no marketing is left out.", Widget.GROUPS),
        Field("subject", "Subject"),
        Field("body", "Words", "Plain text; every reader gets this part.", Widget.WORDS, rows=10),
        Field("html", "HTML", "Optional: the same words with a layout.", Widget.WORDS),
        Field("sender", "From", "Like Shop <news@shop.example>; the house's own address if left empty."),
    ),
    ActionType.SOCIAL_POST: (
        Field(
            "network", "Network", widget=Widget.CHOICE, options=[(n, wording.NETWORKS[n]) for n in NETWORKS]
        ),
        Field(
            "place",
            "Page or profile",
            "Optional where one is connected: the network's own number of it.",
            known=Known.PAGES,
        ),
        Field(
            "text",
            "Text",
            "LinkedIn takes 3,000 characters, Instagram and TikTok 2,200, X 280 by weight, YouTube 5,000 bytes, Buffer what the "
            "service behind the channel does; on Reddit the "
            "first line is the title.",
            Widget.WORDS,
        ),
        Field(
            "link",
            "Link",
            "Optional. A short link of ours, or an address with utm_source and utm_medium. Instagram and TikTok take none.",
        ),
        Field(
            "image",
            "Image or video",
            "The address of a picture, for TikTok also of a video, for YouTube of a video; these and Instagram take no post "
            "without one.",
        ),
        Field("title", "The video's title", "Without one it is the first line of its text.", of=_VIDEO),
        Field("tags", "Tags", "One a line.", Widget.LINES, rows=3, of=_VIDEO),
        Field(
            "visibility",
            "Who may see it",
            widget=Widget.CHOICE,
            options=[
                ("", "Everybody"),
                (Visibility.UNLISTED, "Whoever knows its address"),
                (Visibility.PRIVATE, "Nobody but the channel"),
            ],
            of=_VIDEO,
        ),
        Field("made_for_kids", "Made for kids", "Has to be said.", Widget.YES_OR_NO, _SAID, of=_VIDEO),
        Field(
            "synthetic",
            "Altered or made up",
            "Has to be said: whether it looks real and shows what was not so.",
            Widget.YES_OR_NO,
            _SAID,
            of=_VIDEO,
        ),
    ),
    ActionType.CMS_WEBHOOK: (
        Field("event", "Event", "What has happened, like page.published."),
        Field("data", "Data", "What it is about, as a JSON object.", Widget.DOCUMENT, rows=8),
        Field(
            "connection",
            "Connection",
            "Optional where one is connected: its number here.",
            Widget.WHOLE,
            known=Known.RECEIVERS,
        ),
    ),
    ActionType.CHAT_MESSAGE: (
        Field("text", "Message", widget=Widget.WORDS),
        Field(
            "place", "Room", "Optional where one is connected: the chat's own id of it.", known=Known.ROOMS
        ),
    ),
    ActionType.TEXT_MESSAGE: (
        Field(
            "recipients",
            "To these phones",
            "One a line, with the country's code: +4915112345678. Whoever has said STOP is refused.",
            Widget.LINES,
        ),
        Field(
            "text",
            "Text",
            "160 characters are one segment, and each is charged; with letters that phones' own alphabet lacks it is 70. Of "
            "marketing it has to say how to end it: Reply STOP.",
            Widget.WORDS,
            rows=4,
        ),
        Field(
            "sender",
            "From",
            "A number or short code of yours, a messaging service (MG…), or a name of up to 11 letters that nobody can answer.",
        ),
        Field(
            "connection",
            "Connection",
            "Optional where one is connected: its number here.",
            Widget.WHOLE,
            known=Known.TEXTING,
        ),
    ),
    ActionType.AD_CHANGE: (
        Field(
            "change",
            "What is to happen",
            "It decides which of the fields below are needed; leave the others empty.",
            Widget.CHOICE,
            [
                (Change.BUDGET, "Another daily budget for a campaign"),
                (Change.PAUSE, "Pause a campaign"),
                (Change.CREATE, "A new campaign, made paused"),
                (Change.RUN, "Let a campaign run"),
                (Change.RULE, "A rule by which an optimiser may change campaigns"),
            ],
        ),
        Field(
            "platform",
            "Platform",
            widget=Widget.CHOICE,
            options=[
                (Platform.GOOGLE_ADS, "Google Ads"),
                (Platform.META, "Meta"),
                (Platform.LINKEDIN, "LinkedIn"),
                (Platform.TIKTOK, "TikTok"),
                (Platform.REDDIT, "Reddit"),
                (Platform.X, "X"),
            ],
        ),
        Field("account", "Account", "The platform's own number of it.", known=Known.ACCOUNTS),
        Field("campaign", "Campaign", "Of one that is there: the platform's own number of it."),
        Field("name", "Name", "Of a new campaign."),
        Field(
            "daily_budget",
            "Daily budget",
            "In the account's currency. To let a campaign run, the highest that it may have; for a rule, that it may choose.",
            Widget.SUM,
        ),
        Field("until", "Last day", "Of a rule, or of a new campaign.", Widget.DAY),
        Field(
            "countries",
            "Countries",
            "Of a new campaign, by two letters, one a line. Not for Meta.",
            Widget.LINES,
        ),
        Field("language", "Language", "Of its readers, by two letters. Not for Meta."),
        Field("highest_bid", "Highest bid", "In the account's currency. Not for Meta.", Widget.SUM),
        Field("campaigns", "Campaigns of a rule", "The platform's own numbers, one a line.", Widget.LINES),
        Field(
            "changes",
            "What a rule may do",
            widget=Widget.TICKS,
            options=[(Change.PAUSE, "Pause"), (Change.BUDGET, "Choose another budget")],
        ),
        Field("most", "How often a rule may do it", widget=Widget.WHOLE),
    ),
    ActionType.CONVERSION_REPORT: (
        Field(
            "platform",
            "Platform",
            widget=Widget.CHOICE,
            options=[(Reported.GOOGLE_ADS, "Google Ads"), (Reported.META, "Meta")],
        ),
        Field("account", "Account", "The platform's own number of it.", known=Known.ACCOUNTS),
        Field(
            "target",
            "Reported to",
            "A conversion action of Google's (customers/…/conversionActions/…), or the number of a pixel of Meta's.",
        ),
        Field(
            "goal",
            "Goal",
            "Its number here: what is reported is what reaches it.",
            Widget.WHOLE,
            known=Known.GOALS,
        ),
        Field(
            "event",
            "As",
            "What Meta calls it, such as Purchase or Lead. Google knows it by where it is reported to.",
        ),
        Field(
            "most",
            "How many at most",
            "After so many, nothing more is reported on this signature.",
            Widget.WHOLE,
        ),
        Field("until", "Last day", "On which any is reported.", Widget.DAY),
        Field(
            "conversions",
            "Conversions",
            "Of a report without a rule, as a JSON list: each is signed as it stands here.",
            Widget.DOCUMENT,
        ),
    ),
    ActionType.LINK_CHANGE: (
        Field("slug", "Short link", "What stands behind the last slash of its address."),
        Field("target_url", "Shall lead to", "Leave empty what stays as it is."),
        Field("fallback_url", "Shall fall back on", "Where it leads once it has ended."),
        Field(
            "archived",
            "Shall be",
            widget=Widget.YES_OR_NO,
            options=[("", "as it is"), ("true", "ended"), ("false", "back")],
        ),
    ),
    ActionType.SEQUENCE: (
        Field("name", "Name"),
        Field("steps", "Mails", widget=Widget.STEPS),
        Field("most", "Mails at most", "After so many, nothing more goes on this signature.", Widget.WHOLE),
        Field("until", "Last day", "On which a mail of it may go.", Widget.DAY),
    ),
    ActionType.GENERIC: (
        Field("what", "What is to be done", "A flyer, a stand, a phone call."),
        Field("details", "Details", "Optional: what whoever does it has to know.", Widget.WORDS),
        Field("cost", "What it costs", "Optional; it counts against the cap.", Widget.MONEY),
    ),
}

SENTENCES: Mapping[ActionType, str] = {
    ActionType.EMAIL: "One mail to addresses or groups; everyone gets a message of their own.",
    ActionType.SEQUENCE: "Mails that follow each other, signed once; each goes when its reader is due.",
    ActionType.TEXT_MESSAGE: "The same words to phones, up to 1,000 of them, and to none that has said STOP.",
    ActionType.SOCIAL_POST: "A post on Facebook, Instagram, LinkedIn, TikTok, Reddit or X, through Buffer, or a video on YouTube.",
    ActionType.AD_CHANGE: "A budget, a pause, a new advertising campaign that then runs, or a rule for the optimiser.",
    ActionType.CONVERSION_REPORT: "A rule, signed once, by which conversions are told back to the platform whose ad was clicked.",
    ActionType.LINK_CHANGE: "Where a short link leads, or that it has ended.",
    ActionType.CMS_WEBHOOK: "Tells the content management system that something is to be published.",
    ActionType.CHAT_MESSAGE: "A message to the team's own chat.",
    ActionType.GENERIC: "Anything else that takes a signature and is then done by a person.",
}


def is_needed(type: ActionType, field: Field) -> bool:
    """As the payload's model says it."""
    model = kinds.of(type).payload.model_fields
    return field.name in model and model[field.name].is_required()


def is_needed_in_a_step(field: Field) -> bool:
    return Step.model_fields[field.name].is_required()
