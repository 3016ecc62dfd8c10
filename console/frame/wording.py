"""The words and tones in which states, moves and numbers are shown to people."""

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from connectors.face import Capability
from connectors.publishing import Network
from marketing_pipelines.campaigns.announcement import Outlet
from marketing_pipelines.trends.publishers.troubles import Trouble
from store.clock import now
from store.records.accounts import AccountStatus
from store.records.action_states import State
from store.records.actions import ActionType, Channel, Purpose
from store.records.ads import Showing
from store.records.alerts import AlertKind, AlertState, Seen
from store.records.approvals import Decision
from store.records.assets import AssetKind, PolicyFlag
from store.records.campaigns import CampaignStatus
from store.records.connections import ConnectionStatus
from store.records.deliveries import DeliveryState
from store.records.delivery_events import EventKind
from store.records.exports import ExportState
from store.records.feeds import FeedStatus
from store.records.hold_outs import HoldOutState
from store.records.kill_switches import KillSwitch, Scope, SwitchTurn, Turn
from store.records.links import LinkState
from store.records.policies import Risk
from store.records.requested_runs import RequestedRun, RunKind, RunState
from store.records.uploads import UploadState


class Tone(StrEnum):
    QUIET = "quiet"
    WAITING = "waiting"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Label:
    text: str
    tone: Tone


STATES: dict[State, Label] = {
    State.DRAFT: Label("Draft", Tone.QUIET),
    State.PENDING_APPROVAL: Label("Waiting for approval", Tone.WAITING),
    State.CHANGES_REQUESTED: Label("Changes asked for", Tone.WAITING),
    State.APPROVED: Label("Approved", Tone.GOOD),
    State.EXECUTING: Label("Sending", Tone.GOOD),
    State.HELD: Label("On hold", Tone.WAITING),
    State.SUCCEEDED: Label("Sent", Tone.GOOD),
    State.PARTIALLY_FAILED: Label("Partly sent", Tone.BAD),
    State.FAILED: Label("Failed", Tone.BAD),
    State.DENIED: Label("Denied", Tone.BAD),
    State.EXPIRED: Label("Expired", Tone.QUIET),
    State.CANCELLED: Label("Cancelled", Tone.QUIET),
}

HOLD_OUTS: dict[HoldOutState, Label] = {
    HoldOutState.PLANNED: Label("Planned", Tone.WAITING),
    HoldOutState.RUNNING: Label("Running", Tone.GOOD),
    HoldOutState.ENDED: Label("Ended", Tone.QUIET),
}

CAMPAIGNS: dict[CampaignStatus, Label] = {
    CampaignStatus.DRAFT: Label("Draft", Tone.QUIET),
    CampaignStatus.SCHEDULED: Label("Scheduled", Tone.WAITING),
    CampaignStatus.RUNNING: Label("Running", Tone.GOOD),
    CampaignStatus.PAUSED: Label("Paused", Tone.BAD),
    CampaignStatus.COMPLETED: Label("Over", Tone.QUIET),
}

# What has become of messages, behind their number.
DELIVERIES: dict[str, str] = {
    DeliveryState.QUEUED: "that wait",
    DeliveryState.SENDING: "on their way",
    DeliveryState.SENT: "sent",
    DeliveryState.FAILED: "that failed",
    DeliveryState.UNKNOWN: "that may have arrived",
    DeliveryState.SUPPRESSED: "kept back, since their readers want none",
    DeliveryState.SIMULATED: "rehearsed",
}

# What a mail's provider has told of it.
MAIL_EVENTS: dict[EventKind, Label] = {
    EventKind.PROCESSED: Label("Taken by the provider", Tone.QUIET),
    EventKind.DEFERRED: Label("Put off by its server", Tone.WAITING),
    EventKind.DELIVERED: Label("Delivered", Tone.GOOD),
    EventKind.MACHINE_OPEN: Label("Opened by a program", Tone.QUIET),
    EventKind.OPEN: Label("Opened", Tone.GOOD),
    EventKind.CLICK: Label("Followed a link", Tone.GOOD),
    EventKind.BLOCKED: Label("Refused for now", Tone.WAITING),
    EventKind.DROPPED: Label("Not tried", Tone.BAD),
    EventKind.BOUNCE: Label("Bounced", Tone.BAD),
    EventKind.GROUP_RESUBSCRIBE: Label("Subscribed again to a group", Tone.QUIET),
    EventKind.GROUP_UNSUBSCRIBE: Label("Unsubscribed from a group", Tone.BAD),
    EventKind.UNSUBSCRIBE: Label("Unsubscribed", Tone.BAD),
    EventKind.SPAM_REPORT: Label("Reported as spam", Tone.BAD),
}

# What the mail on the page is, by what has become of its action.
LETTERS: dict[State, str] = {
    State.DRAFT: "The draft",
    State.PENDING_APPROVAL: "Exactly this will be sent",
    State.CHANGES_REQUESTED: "This was sent back",
    State.APPROVED: "Exactly this will be sent",
    State.EXECUTING: "Exactly this is being sent",
    State.HELD: "Exactly this is on hold",
    State.SUCCEEDED: "Exactly this was sent",
    State.PARTIALLY_FAILED: "This was sent to some",
    State.FAILED: "This was not sent",
    State.DENIED: "This was denied",
    State.EXPIRED: "This was asked for",
    State.CANCELLED: "This was cancelled",
}

DECISIONS: dict[Decision, Label] = {
    Decision.APPROVED: Label("approved", Tone.GOOD),
    Decision.DENIED: Label("denied", Tone.BAD),
    Decision.CHANGES_REQUESTED: Label("asked for changes", Tone.WAITING),
}

RISKS: dict[str, Label] = {
    Risk.LOW: Label("Low risk", Tone.QUIET),
    Risk.MEDIUM: Label("Medium risk", Tone.WAITING),
    Risk.HIGH: Label("High risk", Tone.BAD),
}

# What can be done about what stands out, by the code of the finding.
REMEDIES: dict[str, str] = {
    "placeholder": "Ask for changes: readers would see it as it stands.",
    "long_subject": "Ask for a shorter one, or make sure that its beginning says enough.",
    "shouting": "Ask for ordinary letters; filters take capitals for spam.",
    "insecure_link": "Ask for the https address.",
    "blocked_host": "Deny it unless you know why: somebody put this host on the list.",
    "disguised_link": "Deny it, or ask why its words name another site than it leads to.",
    "several_segments": "Ask for fewer words where it costs too much: each segment is charged for each phone.",
    "costly_letters": "Ask for plain quotes, dashes and letters: one of these halves the room of all.",
    "no_way_out": "Ask for words that say how to end it: marketing needs them.",
    "no_answers": "Ask for a number to send from: marketing has to be something that people can end.",
}

_FINDINGS = {
    "placeholder": "a placeholder that was left in it",
    "long_subject": "a long subject",
    "shouting": "a subject in capitals",
    "insecure_link": "a link without encryption",
    "blocked_host": "a blocked host",
    "disguised_link": "a link in disguise",
    "several_segments": "a text of several segments",
    "costly_letters": "letters that make a text longer",
    "no_way_out": "no way to say STOP",
    "no_answers": "a sender that nobody can answer",
}

CHANNELS: dict[Channel, str] = {
    Channel.SMTP: "Mail",
    Channel.CMS: "Content management system",
    Channel.CHAT: "Team chat",
    Channel.LINKS: "Short links",
    Channel.GOOGLE_ADS: "Google Ads",
    Channel.META: "Meta",
    Channel.LINKEDIN: "LinkedIn",
    Channel.TIKTOK: "TikTok Ads",
    Channel.TIKTOK_ACCOUNT: "TikTok",
    Channel.REDDIT: "Reddit",
    Channel.YOUTUBE: "YouTube",
    Channel.X: "X",
    Channel.BUFFER: "Buffer",
    Channel.SMS: "Text messages",
    Channel.BY_HAND: "By hand",
}

TYPES: dict[ActionType, str] = {
    ActionType.EMAIL: "Email",
    ActionType.SOCIAL_POST: "Social post",
    ActionType.CMS_WEBHOOK: "Web hook",
    ActionType.CHAT_MESSAGE: "Chat message",
    ActionType.AD_CHANGE: "Change of advertising",
    ActionType.CONVERSION_REPORT: "Report of conversions",
    ActionType.TEXT_MESSAGE: "Text message",
    ActionType.LINK_CHANGE: "Change of a link",
    ActionType.SEQUENCE: "Sequence",
    ActionType.GENERIC: "Something else",
}

PURPOSES: dict[Purpose, str] = {
    Purpose.MARKETING: "Marketing, by consent",
    Purpose.CONTRACT: "Part of a contract",
    Purpose.LEGITIMATE_INTEREST: "Legitimate interest",
}

ASSET_KINDS: dict[AssetKind, str] = {
    AssetKind.IMAGE: "Images",
    AssetKind.TEXT: "Texts",
    AssetKind.HTML: "HTML",
    AssetKind.CSV: "Tables (CSV)",
    AssetKind.DOCUMENT: "Documents",
}

FLAGS: dict[PolicyFlag, Label] = {
    PolicyFlag.NEEDS_RIGHTS_CHECK: Label("Rights to be checked", Tone.WAITING),
    PolicyFlag.CONTAINS_PEOPLE: Label("Shows people", Tone.QUIET),
    PolicyFlag.AI_GENERATED: Label("Made by AI", Tone.QUIET),
    PolicyFlag.LEGAL_REVIEWED: Label("Reviewed by legal", Tone.GOOD),
    PolicyFlag.DO_NOT_USE: Label("Do not use", Tone.BAD),
}

LINK_STATES: dict[LinkState, Label] = {
    LinkState.LIVE: Label("Live", Tone.GOOD),
    LinkState.WAITING: Label("Starts later", Tone.WAITING),
    LinkState.OVER: Label("Expired", Tone.QUIET),
    LinkState.ARCHIVED: Label("Archived", Tone.QUIET),
}

# What an entry of the audit chain says happened; an entry without a word of its own shows its name.
EVENTS: dict[str, str] = {
    "create": "wrote it",
    "submit": "asked for approval",
    "edit": "changed it, which voids earlier votes",
    "sign": "signed it",
    "break_glass": "broke the glass: approved it alone",
    "comment": "left a remark",
    "approve": "approved it",
    "deny": "denied it",
    "request_changes": "asked for changes",
    "expire": "let it expire",
    "cancel": "cancelled it",
    "start": "started sending",
    "hold": "put it on hold",
    "resume": "went on sending",
    "succeed": "finished sending",
    "fail_partly": "finished with failures",
    "fail": "gave up",
    "requeue": "put what had failed back in the queue",
    "resolve": "found out what had become of messages",
    "deliver": "sent a part of it",
    "add": "added it",
    "change": "changed it",
    "archive": "archived it",
    "restore": "brought it back",
    "erase": "erased it and all that named it",
    "put_in": "put people in",
    "take_out": "took somebody out",
    "set_dates": "set its dates",
    "publish": "published it",
    "schedule": "scheduled it",
    "pause": "paused it",
    "put_in_force": "put it in force",
    "revoke": "revoked it",
    "rotate": "gave it a new secret",
    "keep": "kept a new secret",
    "admit": "let somebody in",
    "change_role": "changed a role",
    "remove": "took a membership away",
    "choose_policy": "chose the policy of approvals",
    "set_privacy": "set what the pixel may keep",
    "block": "blocked it",
    "unblock": "let it through again",
    "acknowledge": "has seen it",
    "ask": "asked for it",
    "make": "made its file",
    "let_go": "deleted its file, whose time was over",
    "take": "began with it",
    "finish": "finished it",
    "pulled": "pulled it",
    "release_asked": "asked to release it",
    "released": "released it",
}


ALERT_TONES: dict[AlertKind, Tone] = {
    AlertKind.ACTION_EXPIRED: Tone.WAITING,
    AlertKind.ACTION_PARTLY_FAILED: Tone.WAITING,
}


FEEDS: dict[FeedStatus, Label] = {
    FeedStatus.NEW: Label("Not read yet", Tone.QUIET),
    FeedStatus.OK: Label("Is read", Tone.GOOD),
    FeedStatus.FAILING: Label("Cannot be read", Tone.BAD),
    FeedStatus.RETIRED: Label("Read no more", Tone.QUIET),
}

CONNECTIONS: dict[ConnectionStatus, Label] = {
    ConnectionStatus.CONNECTED: Label("Connected", Tone.GOOD),
    ConnectionStatus.NEEDS_RECONNECT: Label("Has to be connected again", Tone.BAD),
    ConnectionStatus.DISCONNECTED: Label("Disconnected", Tone.QUIET),
}

ACCOUNTS: dict[AccountStatus, Label] = {
    AccountStatus.CONNECTED: Label("Is read", Tone.GOOD),
    AccountStatus.FAILING: Label("Cannot be read", Tone.BAD),
    AccountStatus.NEEDS_RECONNECT: Label("Does not let us in", Tone.BAD),
    AccountStatus.DISABLED: Label("Read no more", Tone.QUIET),
}

SHOWING: dict[Showing, Label] = {
    Showing.RUNNING: Label("Running", Tone.GOOD),
    Showing.PAUSED: Label("Paused", Tone.QUIET),
    Showing.IN_REVIEW: Label("In review", Tone.WAITING),
    Showing.REFUSED: Label("Refused", Tone.BAD),
    Showing.ENDED: Label("Over", Tone.QUIET),
    Showing.UNKNOWN: Label("Stands otherwise", Tone.QUIET),
}

NETWORKS: dict[str, str] = {
    Network.FACEBOOK: "Facebook",
    Network.INSTAGRAM: "Instagram",
    Network.LINKEDIN: "LinkedIn",
    Network.TIKTOK: "TikTok",
    Network.REDDIT: "Reddit",
    Network.X: "X",
    Network.SLACK: "Slack",
    Network.YOUTUBE: "YouTube",
    Network.BUFFER: "Buffer",
}

OUTLETS: dict[Outlet, str] = {
    Outlet.FACEBOOK: "Facebook",
    Outlet.INSTAGRAM: "Instagram",
    Outlet.LINKEDIN: "LinkedIn",
    Outlet.REDDIT: "Reddit",
    Outlet.X: "X",
    Outlet.BUFFER: "Buffer",
    Outlet.CHAT: "The team's chat",
    Outlet.CMS: "The content management system",
}

CAPABILITIES: dict[Capability, str] = {
    Capability.INSIGHTS: "Reads what advertising did",
    Capability.PUBLISH: "Publishes posts",
    Capability.ADS: "Changes advertising",
    Capability.MAIL: "Sends mail",
    Capability.LINKS: "Makes short links, and reads their clicks",
    Capability.WEBHOOKS: "Sends web hooks",
    Capability.CHAT: "Writes to the chat",
    Capability.CONVERSIONS: "Reports conversions back",
    Capability.BILLING: "Hears of bills and payments",
    Capability.TEXTS: "Sends text messages",
}

READINGS: dict[str, Label] = {
    "read": Label("Read", Tone.GOOD),
    "unchanged": Label("Nothing new", Tone.QUIET),
    Trouble.WRONG_ADDRESS: Label("Wrong address", Tone.BAD),
    Trouble.UNREACHABLE: Label("Not reached", Tone.BAD),
    Trouble.PRIVATE: Label("Private address", Tone.BAD),
    Trouble.UNTRUSTED: Label("Bad certificate", Tone.BAD),
    Trouble.INSECURE: Label("Led to http", Tone.BAD),
    Trouble.LOOP: Label("Led in a circle", Tone.BAD),
    Trouble.NOT_FOUND: Label("Not found", Tone.BAD),
    Trouble.GONE: Label("Gone for good", Tone.BAD),
    Trouble.REFUSED: Label("Refused", Tone.BAD),
    Trouble.BLOCKED: Label("Blocked by a guard", Tone.BAD),
    Trouble.ROBOTS: Label("Not by robots.txt", Tone.BAD),
    Trouble.BUSY: Label("Too busy", Tone.BAD),
    Trouble.SERVER: Label("Server error", Tone.BAD),
    Trouble.TOO_SLOW: Label("Too slow", Tone.BAD),
    Trouble.TOO_LARGE: Label("Too large", Tone.BAD),
    Trouble.DAMAGED: Label("Broken answer", Tone.BAD),
    Trouble.NOT_A_FEED: Label("No feed", Tone.BAD),
}

DEAD: dict[DeliveryState, Label] = {
    DeliveryState.FAILED: Label("Failed", Tone.BAD),
    DeliveryState.UNKNOWN: Label("Unknown", Tone.WAITING),
}

REQUESTED: dict[RunKind, str] = {
    RunKind.TAKE_IN_RECIPIENTS: "Take in a list of recipients",
    RunKind.FETCH_FEEDS: "Read the feeds",
    RunKind.VERIFY_AUDIT: "Verify the audit chain",
    RunKind.MAKE_EXPORT: "Make an export",
    RunKind.ADD_UPLOAD: "Add an upload",
}

REQUESTS: dict[RunState, Label] = {
    RunState.WAITING: Label("Waiting for a run", Tone.WAITING),
    RunState.RUNNING: Label("Under way", Tone.WAITING),
    RunState.DONE: Label("Done", Tone.GOOD),
    RunState.FAILED: Label("Failed", Tone.BAD),
}


EXPORTS: dict[ExportState, Label] = {
    ExportState.WAITING: Label("Waiting for a run", Tone.WAITING),
    ExportState.RUNNING: Label("Being made", Tone.WAITING),
    ExportState.READY: Label("Ready", Tone.GOOD),
    ExportState.FAILED: Label("Failed", Tone.BAD),
    ExportState.EXPIRED: Label("Deleted", Tone.QUIET),
}


UPLOADS: dict[UploadState, Label] = {
    UploadState.CHECKED: Label("Waits for a yes", Tone.WAITING),
    UploadState.WAITING: Label("Waiting for a run", Tone.WAITING),
    UploadState.RUNNING: Label("Being added", Tone.WAITING),
    UploadState.ADDED: Label("Added", Tone.GOOD),
    UploadState.FAILED: Label("Failed", Tone.BAD),
    UploadState.DISCARDED: Label("Discarded", Tone.QUIET),
}


def asked_of(arguments: Mapping[str, Any]) -> str:
    """What a report was asked for, its days first."""
    days = " to ".join(str(arguments[name]) for name in ("from", "to") if name in arguments)
    others = [
        f"{_ARGUMENTS.get(name, words(name).lower())} {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in arguments.items()
        if name not in ("from", "to") and value != ""
    ]
    return "; ".join(filter(None, [days, *others]))


_ARGUMENTS = {"gran": "step", "by": "each", "window_days": "within days"}


def outcome(request: RequestedRun) -> str:
    """What a run that was asked for has counted."""
    counts = {name: value for name, value in request.outcome.items() if isinstance(value, int)}
    return ", ".join(f"{name.replace('_', ' ')}: {count:,}" for name, count in counts.items()) or "Done."


ALERT_KINDS: dict[AlertKind, str] = {
    AlertKind.ACTION_FAILED: "Actions that failed",
    AlertKind.ACTION_PARTLY_FAILED: "Actions that reached only some",
    AlertKind.ACTION_EXPIRED: "Actions that expired",
    AlertKind.DELIVERIES_UNKNOWN: "Messages whose outcome is unknown",
    AlertKind.GATE_SILENT: "A silent gate",
    AlertKind.GLASS_BROKEN: "Broken glass",
    AlertKind.KILL_SWITCH_PULLED: "Pulled kill switches",
    AlertKind.CONNECTION_BROKEN: "Broken connections",
    AlertKind.CONNECTION_ENDS: "Connections that end",
    AlertKind.MAIL_UNWELCOME: "Mail that is not welcome",
}


def alert(seen: Seen) -> Label:
    """How bad it is, or that it is over."""
    match seen.state:
        case AlertState.OPEN:
            return Label("Open", ALERT_TONES.get(seen.alert.kind, Tone.BAD))
        case AlertState.ACKNOWLEDGED:
            return Label("Seen", Tone.QUIET)
        case AlertState.CLOSED:
            return Label("Over", Tone.GOOD)


def event(name: str) -> str:
    return EVENTS.get(name, name.replace("_", " "))


def weekdays(days: Iterable[int]) -> str:
    """Days of the week, which are numbered from Monday, 1."""
    return ", ".join(calendar.day_abbr[day - 1] for day in sorted(days))


def words(name: str) -> str:
    """A machine's name as people write it."""
    return name.replace("_", " ").capitalize()


def sentence(text: str) -> str:
    """The same with a capital at its start."""
    return text[:1].upper() + text[1:]


def reason(name: str) -> str:
    """Why something is risky: a finding by its code, or a number as it is."""
    return _FINDINGS.get(name, name)


def channel(name: str) -> str:
    known = name in set(Channel)
    return f"all {CHANNELS[Channel(name)].lower()} ({name})" if known else f"the channel {name}"


TURNS = {Turn.PULLED: "stopped", Turn.RELEASE_ASKED: "asked to release", Turn.RELEASED: "released"}


def reach(switch: KillSwitch | SwitchTurn, tenant_name: str) -> str:
    """What a kill switch stops."""
    subject = switch.subject
    match switch.scope:
        case Scope.GLOBAL:
            return "everything in this installation"
        case Scope.TENANT:
            return f"everything of {tenant_name}"
        case Scope.CHANNEL:
            return channel(subject)
        case Scope.TYPE:
            return f"every action of the type {subject.replace('_', ' ')}"
        case Scope.CAMPAIGN:
            return f"campaign {subject}"


def span(length: timedelta) -> str:
    """A length of time, rounded down, in hours up to four days and in days from then on."""
    seconds = max(0, int(length.total_seconds()))
    for unit, size, at_least in (("days", 86_400, 4), ("h", 3_600, 1), ("min", 60, 1)):
        if seconds >= size * at_least:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def ago(moment: datetime) -> str:
    passed = now() - moment
    return "just now" if passed < timedelta(seconds=5) else f"{span(passed)} ago"


def until(moment: datetime) -> str:
    left = moment - now()
    return f"in {span(left)}" if left > timedelta() else "lapsed"


def due(moment: datetime) -> str:
    """The same of what comes by itself."""
    return until(moment) if moment > now() else "any moment"


def clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%-d %b %Y, %H:%M %Z}"


def number(value: float) -> str:
    """Digits in groups, with decimals only where they matter."""
    whole = abs(value) >= 100 or float(value).is_integer()
    return f"{value:,.0f}" if whole else f"{value:,.2f}"


def money(value: float, currency: str) -> str:
    return f"{number(value)}\u00a0{currency}"


def share(ratio: float) -> str:
    """A part of a whole in per cent, with decimals only where they matter."""
    percent = ratio * 100
    return f"{percent:,.{0 if percent >= 100 else 1 if percent >= 10 or not percent else 2}f}\u202f%"


def change(ratio: float) -> str:
    """How a number moved, in whole per cent."""
    percent = round(ratio * 100)
    return f"{percent:+d}".replace("-", "\u2212") + "\u202f%" if percent else "unchanged"


def grouped(digits: str) -> str:
    """A hash in groups of four, so that two can be compared by eye."""
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def size(count: int) -> str:
    """How large a file is, in the unit that people would say."""
    if count < 1000:
        return f"{count} bytes"
    if count < 1_000_000:
        return f"{count / 1000:.0f} KB"
    return f"{count / 1_000_000:.1f} MB"


MEDIA = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WebP",
    "image/svg+xml": "SVG",
    "application/pdf": "PDF",
    "text/plain": "Text",
    "text/html": "HTML",
    "text/csv": "CSV",
}


def media(media_type: str) -> str:
    """What people call a type of file."""
    return MEDIA.get(media_type, media_type)


def shortened(address: str, longest: int) -> str:
    """An address as a line has room for it, without what every one begins with."""
    shown = address.removeprefix("https://")
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
