"""What stands out in an action before anyone signs it: findings for its author and approver, and the risk they make."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

from connectors.publishing import Post, PostLimits
from marketing_pipelines.links.targets import BlockList
from store.records.action_states import State
from store.records.policies import Risk

MEDIUM_AUDIENCE = 500
HIGH_AUDIENCE = 5_000
# In whatever the tenant reckons in.
MEDIUM_COST = 1_000
HIGH_COST = 10_000
LONGEST_SHOWN_SUBJECT = 78

_PLACEHOLDER = re.compile(
    r"\{\{.*?\}\}|\[(?:first ?name|name|company)\]|\blorem ipsum\b|\bTODO\b|\bXXX\b", re.I
)
_HASHTAG = re.compile(r"(?<![\w#])#\w")
_MENTION = re.compile(r"(?<![\w@])@\w")
_HOST_IN_WORDS = re.compile(r"^\s*(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})(?:[/?#]\S*)?\s*$", re.I)


class Severity(StrEnum):
    WARNING = "warning"
    SERIOUS = "serious"


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """How risky an action is, and why."""

    risk: Risk
    reasons: Sequence[str]


def findings(
    subject: str, text: str, html: str, links: Sequence[str], block_list: BlockList
) -> list[Finding]:
    """Everything that stands out in the words and in where their links lead."""
    found: list[Finding] = []
    if left := _PLACEHOLDER.search(f"{subject}\n{text}\n{html}"):
        found.append(Finding("placeholder", Severity.WARNING, f"{left[0][:40]!r} was left in it."))
    if len(subject) > LONGEST_SHOWN_SUBJECT:
        told = f"The subject has {len(subject)} characters; readers show some {LONGEST_SHOWN_SUBJECT}."
        found.append(Finding("long_subject", Severity.WARNING, told))
    if subject.isupper() and len(subject) > 8:
        found.append(Finding("shouting", Severity.WARNING, "The subject is all capitals."))
    for link in links:
        scheme = link.partition(":")[0].lower()
        if scheme == "http":
            told = f"{link[:200]} is not encrypted; use https."
            found.append(Finding("insecure_link", Severity.WARNING, told))
        if scheme in ("http", "https") and block_list.blocks(link):
            told = f"{link[:200]} leads to a blocked host."
            found.append(Finding("blocked_host", Severity.SERIOUS, told))
    found += [
        Finding("disguised_link", Severity.SERIOUS, f"A link that reads {words!r} leads to {host}.")
        for words, host in _disguised(html)
    ]
    return found


def in_another_currency(own: str, currency: str, amount: Decimal) -> list[Finding]:
    """Whoever signs reads sums in the tenant's currency all day; what is less than one of anything misleads nobody."""
    if currency in ("", own) or amount < 1:
        return []
    told = f"This account reckons in {currency}, not in {own}."
    return [Finding("foreign_currency", Severity.WARNING, told)]


def said_already(twins: Sequence[tuple[int, State]]) -> list[Finding]:
    """Readers see it twice, and some networks refuse it."""
    return [
        Finding(
            "said_already", Severity.WARNING, f"Action {number} says the very same there ({state.value})."
        )
        for number, state in twins
    ]


def why_not_posted(limits: PostLimits, post: Post) -> str:
    """Why a network would not take a post, or nothing where it would."""
    text = post.text
    hashtags, mentions = len(_HASHTAG.findall(text)), len(_MENTION.findall(text))
    media = "a video" if limits.shows_video else "an image"
    if (length := limits.taken_by(text, post.link)) > limits.longest_text:
        return f"takes {limits.longest_text:,} {limits.unit}, this has {length:,}"
    if limits.longest_title is None and post.title:
        return "shows no titles: leave it out"
    if limits.longest_title is not None and len(post.title) > limits.longest_title:
        return f"takes a title of {limits.longest_title} characters, this has {len(post.title)}"
    if refused := sorted(set(limits.refused) & set(f"{post.title}{text}{''.join(post.tags)}")):
        return f"takes no {' and no '.join(refused)} in words"
    if limits.most_hashtags is not None and hashtags > limits.most_hashtags:
        return f"takes {limits.most_hashtags} hashtags, this has {hashtags}"
    if limits.most_mentions is not None and mentions > limits.most_mentions:
        return f"takes {limits.most_mentions} mentions, this has {mentions}"
    if limits.needs_image and not post.image:
        return f"takes no post without {media}"
    if post.image and not limits.takes_image:
        return "takes no image"
    if limits.needs_declared and post.declared is None:
        return "asks whether it is made for kids, and whether it shows what was altered or made up: say both"
    return "lets nobody follow a link: leave it out" if post.link and not limits.takes_link else ""


def is_untracked(link: str) -> bool:
    """Whether nobody could tell where those who follow it came from."""
    parts = urlsplit(link)
    said = parse_qs(parts.query)
    return parts.scheme in ("http", "https") and not (said.get("utm_source") and said.get("utm_medium"))


def assess(recipients: int, cost: Decimal, found: Sequence[Finding]) -> Assessment:
    """The highest of what audience, cost and findings ask for."""
    risks = [(Risk.LOW, "")]
    if cost >= MEDIUM_COST:
        risks.append((Risk.HIGH if cost >= HIGH_COST else Risk.MEDIUM, f"costs {cost:,}"))
    if recipients >= HIGH_AUDIENCE:
        risks.append((Risk.HIGH, f"{recipients:,} recipients"))
    elif recipients >= MEDIUM_AUDIENCE:
        risks.append((Risk.MEDIUM, f"{recipients:,} recipients"))
    risks += [
        (Risk.HIGH if finding.severity is Severity.SERIOUS else Risk.MEDIUM, finding.code)
        for finding in found
    ]
    order = list(Risk)
    highest = max((risk for risk, _ in risks), key=order.index)
    return Assessment(highest, [reason for risk, reason in risks if reason and risk is highest])


class _Anchors(HTMLParser):
    """The words of each link and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._href: str | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href, self._words = dict(attrs).get("href"), []

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href:
            self.found.append(("".join(self._words), self._href))
            self._href = None


def _disguised(html: str) -> list[tuple[str, str]]:
    """Links whose words name one host and whose target is another."""
    anchors = _Anchors()
    anchors.feed(html)
    anchors.close()
    disguised = []
    for words, href in anchors.found:
        read, host = _HOST_IN_WORDS.match(words), _host(href)
        if read and host and not _is_below(host, read[1].lower()) and not _is_below(read[1].lower(), host):
            disguised.append((words.strip()[:80], host))
    return disguised


def _host(href: str) -> str:
    try:
        return (urlsplit(href).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_below(host: str, other: str) -> bool:
    return host == other or host.endswith(f".{other}")
