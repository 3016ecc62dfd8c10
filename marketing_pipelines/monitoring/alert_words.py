"""What an alert says to people: ids, counts and reasons of programs, never an address and never what people typed."""

import logging
import re
from dataclasses import dataclass
from typing import Any

from connectors import CONNECTORS
from connectors.face import Channel
from store.records.alerts import Alert, AlertKind
from store.records.deliveries import DeliveryState

LONGEST_REASON = 300
_ADDRESS = re.compile(r"[^\s<>]+@[^\s<>]+")
_LEVELS: dict[AlertKind, int] = dict.fromkeys(
    (AlertKind.ACTION_EXPIRED, AlertKind.ACTION_PARTLY_FAILED, AlertKind.CONNECTION_ENDS), logging.WARNING
)


@dataclass(frozen=True, slots=True)
class Words:
    """A line, what there is to know, and what to do."""

    title: str
    text: str
    what_to_do: str


def level_of(kind: AlertKind) -> int:
    """How loud it is in the log."""
    return _LEVELS.get(kind, logging.ERROR)


def words_of(alert: Alert) -> Words:
    about, action = alert.about, f"Action {alert.action_id}"
    match alert.kind:
        case AlertKind.ACTION_FAILED:
            return Words(
                f"{action} failed",
                _outcome(about),
                "Mend the cause and put it back, or edit it and submit it again.",
            )
        case AlertKind.ACTION_PARTLY_FAILED:
            return Words(
                f"{action} reached only some",
                _outcome(about),
                "What failed can be put back: Dead letters in the console.",
            )
        case AlertKind.ACTION_EXPIRED:
            text = f"Nobody decided on version {about.get('version')} in time, or it was not sent in time."
            return Words(f"{action} expired", text, "Submit it again if it is still wanted.")
        case AlertKind.DELIVERIES_UNKNOWN:
            text = f"{about.get('unknown')} of its messages may have arrived, or not: the answer was lost."
            return Words(
                f"{action} has messages whose outcome is unknown",
                text,
                "Find out, and settle them: Dead letters in the console.",
            )
        case AlertKind.GATE_SILENT:
            return Words(
                "The gate is silent", _silence(alert), "See whether Dagster's daemon runs: make status."
            )
        case AlertKind.GLASS_BROKEN:
            text = f"User {about.get('user')} approved version {about.get('version')} alone."
            return Words(
                f"The glass was broken for action {alert.action_id}",
                text,
                "Read why, and whether it was right.",
            )
        case AlertKind.KILL_SWITCH_PULLED:
            text = f"{str(about.get('by')).replace(':', ' ').capitalize()} stopped {_reach(about)}."
            return Words(
                "The kill switch was pulled", text, "What is approved waits until two people release it."
            )
        case AlertKind.CONNECTION_BROKEN:
            return Words(
                f"{_channel(about)} has to be connected again",
                f"Connection {about.get('connection')} does not open any more, so that nothing is read or sent through it.",
                "Connect it again: Connections in the console, which says why.",
            )
        case AlertKind.CONNECTION_ENDS:
            return Words(
                f"The connection to {_channel(about)} ends",
                f"What was granted to connection {about.get('connection')} holds until {alert.occurred_at:%-d %B %Y}.",
                "Connect it again before: Connections in the console.",
            )
        case AlertKind.MAIL_UNWELCOME:
            return Words(
                f"The mail of {action.lower()} is not welcome",
                f"Of {about.get('sent'):,} messages {about.get('bounced'):,} bounced for good, and "
                f"{about.get('complained'):,} were reported as spam.",
                "See where these addresses came from before anything more goes to the like: mailbox providers keep count.",
            )


def _channel(about: dict[str, Any]) -> str:
    named = str(about.get("channel"))
    return CONNECTORS[Channel(named)].title if named in CONNECTORS else named


def _outcome(about: dict[str, Any]) -> str:
    outcome = about.get("outcome") or {}
    counts = [f"{outcome[state]:,} {state}" for state in DeliveryState if isinstance(outcome.get(state), int)]
    said = ", ".join(counts) or "nothing was sent"
    reason = _ADDRESS.sub("(an address)", str(outcome.get("reason", "")))[:LONGEST_REASON]
    return f"Version {about.get('version')}: {said}{f'; {reason}' if reason else ''}."


def _silence(alert: Alert) -> str:
    last = f"No sensor has looked for work since {alert.occurred_at:%Y-%m-%d %H:%M:%S} UTC, so that nothing is sent."
    return f"{last} It was seen again." if alert.closed_at else last


def _reach(about: dict[str, Any]) -> str:
    scope, subject = about.get("scope"), about.get("subject")
    return {"global": "everything", "tenant": "everything of the tenant"}.get(
        str(scope), f"the {scope} {subject}"
    )
