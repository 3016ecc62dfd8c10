"""The brief: a digest as text that can be sent, in Markdown, in HTML and as a chat reads it.

Titles are what publishers wrote: none of the three forms lets one become markup, a mention of people, or a link of its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from urllib.parse import quote, urlsplit

MOST_SOURCES = 4
# What a chat turns into a mention, a link or emphasis, and what Markdown turns into anything at all.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&])")
_CHAT = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# A sign without width, behind which a chat sees no mention and no emphasis.
_APART = "\N{WORD JOINER}"


@dataclass(frozen=True, slots=True)
class Source:
    """Who tells a story, and where."""

    name: str
    link: str


@dataclass(frozen=True, slots=True)
class Item:
    """One story as a brief tells it; `link` is empty where it leads to no web page."""

    title: str
    link: str
    said: str
    because: str
    sources: Sequence[Source]
    like: str = ""


@dataclass(frozen=True, slots=True)
class Brief:
    """The best stories of a day, of one topic or of all."""

    day: date
    topic: str
    items: Sequence[Item]

    @property
    def heading(self) -> str:
        of = f" in {self.topic}" if self.topic else ""
        return f"What spreads{of}, {self.day:%-d %B %Y}"


def markdown(brief: Brief) -> str:
    """As documents and repositories read it."""
    told = [f"# {_plain_markdown(brief.heading)}"]
    for item in brief.items:
        lines = [
            f"## {_linked_markdown(item.title, item.link)}",
            f"**{_plain_markdown(item.said)}.** {_plain_markdown(item.because)}",
        ]
        named = [_linked_markdown(it.name, it.link) for it in item.sources[:MOST_SOURCES]]
        lines += [f"Told by {', '.join(named)}{_others(item)}."] if named else []
        lines += [f"Like an earlier story: {_plain_markdown(item.like)}"] if item.like else []
        told.append("\n\n".join(lines))
    if not brief.items:
        told.append(_nothing(brief))
    return "\n\n".join(told) + "\n"


def html(brief: Brief) -> str:
    """As a mail reads it: plain elements, and nothing that loads."""
    told = [f"<h1>{escape(brief.heading)}</h1>"]
    for item in brief.items:
        told += [
            f"<h2>{_linked(item.title, item.link)}</h2>",
            f"<p><strong>{escape(item.said)}.</strong> {escape(item.because)}</p>",
        ]
        named = ", ".join(_linked(it.name, it.link) for it in item.sources[:MOST_SOURCES])
        told += [f"<p>Told by {named}{_others(item)}.</p>"] if named else []
        told += [f"<p>Like an earlier story: {escape(item.like)}</p>"] if item.like else []
    if not brief.items:
        told.append(f"<p>{escape(_nothing(brief))}</p>")
    return "\n".join(told) + "\n"


def chat(brief: Brief) -> str:
    """As Slack and its like read it."""
    told = [f"*{_plain_chat(brief.heading)}*", *map(_told_in_chat, brief.items)]
    if not brief.items:
        told.append(_nothing(brief))
    return "\n\n".join(told)


def _told_in_chat(item: Item) -> str:
    return f"• {_linked_chat(item.title, item.link)}\n{_plain_chat(item.said)}. {_plain_chat(item.because)}"


def _nothing(brief: Brief) -> str:
    return f"On {brief.day:%-d %B %Y} nothing was told by more feeds than before."


def _others(item: Item) -> str:
    left = len(item.sources) - MOST_SOURCES
    return f" and {left} more" if left > 0 else ""


def _linked(words: str, link: str) -> str:
    address = _address(link)
    return f'<a href="{escape(address)}">{escape(words)}</a>' if address else escape(words)


def _linked_markdown(words: str, link: str) -> str:
    address = _address(link)
    return f"[{_plain_markdown(words)}](<{address}>)" if address else _plain_markdown(words)


def _linked_chat(words: str, link: str) -> str:
    address = _address(link).replace("|", "%7C").replace("&", "&amp;")
    return f"<{address}|{_plain_chat(words).replace('|', '¦')}>" if address else _plain_chat(words)


def _address(link: str) -> str:
    """An address in which nothing ends the place that it stands in; none where it leads to no web page."""
    try:
        leads_to_a_page = urlsplit(link).scheme in {"http", "https"}
    except ValueError:
        return ""
    return quote(link, safe=":/?#[]@!$&'()*+,;=%~-._") if leads_to_a_page else ""


def _plain_markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _plain_chat(text: str) -> str:
    safe = "".join(_CHAT.get(sign, sign) for sign in " ".join(text.split()))
    return re.sub(r"([*_~`@#!])", rf"\1{_APART}", safe)
