"""Channel groups: one word for how somebody came, decided as GA4's default groups and Plausible's do, first rule first.

| # | What is seen                                                                   | Channel                    |
|---|--------------------------------------------------------------------------------|----------------------------|
| 1 | a tag's medium `paid_social`, `paid_video`, `display`, `email`, `sms`, `push`, `affiliate`, `audio` | that channel |
| 2 | a tag's medium `cpc` or `paid`, by its source: network, video, search engine, any other | paid_social, paid_video, paid_search, paid_other |
| 3 | a tag's medium `cpm`, by its source: network, video, any other                 | paid_social, paid_video, display |
| 4 | the last click id in the address, where only ads carry it                      | what that id proves        |
| 5 | an assistant, a video site, a network, a search engine, a mailbox, as source or as medium | ai_assistant, organic_video, organic_social, organic_search, email |
| 6 | a medium `referral`, or a referrer that no list knows                          | referral                   |
| 7 | any other tag                                                                  | other                      |
| 8 | nothing, and the page before was of the same site                              | internal                   |
| 9 | nothing at all, on a page                                                      | direct                     |
|10 | nothing at all, and no page either (a server's event)                          | unknown                    |

Where we differ from GA4: `cpc` without a source is paid search; shopping ads count as the search they are part of;
Google alone can see cross-network campaigns. The last click id decides, because platforms append theirs: a link that
somebody copied with its gclid and posted on Facebook ends in fbclid, and nobody paid for that click.
"""

from dataclasses import dataclass
from enum import StrEnum

from marketing_pipelines.events import referrers


class Channel(StrEnum):
    DIRECT = "direct"
    ORGANIC_SEARCH = "organic_search"
    PAID_SEARCH = "paid_search"
    ORGANIC_SOCIAL = "organic_social"
    PAID_SOCIAL = "paid_social"
    ORGANIC_VIDEO = "organic_video"
    PAID_VIDEO = "paid_video"
    AI_ASSISTANT = "ai_assistant"
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    DISPLAY = "display"
    AFFILIATE = "affiliate"
    AUDIO = "audio"
    PAID_OTHER = "paid_other"
    REFERRAL = "referral"
    INTERNAL = "internal"
    OTHER = "other"
    UNKNOWN = "unknown"


# Mediums that say by themselves how somebody came.
OUTRIGHT = {
    "paid_social": Channel.PAID_SOCIAL,
    "paid_video": Channel.PAID_VIDEO,
    "display": Channel.DISPLAY,
    "email": Channel.EMAIL,
    "sms": Channel.SMS,
    "push": Channel.PUSH,
    "affiliate": Channel.AFFILIATE,
    "audio": Channel.AUDIO,
}
PAID = {
    "search": Channel.PAID_SEARCH,
    "social": Channel.PAID_SOCIAL,
    "video": Channel.PAID_VIDEO,
}
# Bought by the view, and named as what is spent there, so that an account's credit meets its cost.
PAID_BY_VIEW = {
    "social": Channel.PAID_SOCIAL,
    "video": Channel.PAID_VIDEO,
}
# In this order: an assistant stays one though it tags its links `organic`, and YouTube though a list calls it social.
UNPAID = {
    "ai_assistant": Channel.AI_ASSISTANT,
    "video": Channel.ORGANIC_VIDEO,
    "social": Channel.ORGANIC_SOCIAL,
    "search": Channel.ORGANIC_SEARCH,
    "organic": Channel.ORGANIC_SEARCH,
    "email": Channel.EMAIL,
    "sms": Channel.SMS,
}
# Networks to the lists of referrers, but what people do there is watch.
VIDEO_SOURCES = frozenset(
    {"youtube", "vimeo", "dailymotion", "dailymotion.com", "twitch", "twitch.tv", "bilibili"}
)
# What many write as a source says by itself what it is.
KINDS_BY_NAME = {"email": "email", "newsletter": "email", "sms": "sms", "paid_search": "search"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """How somebody came to a page, in the names that `campaigns` gives."""

    source: str = ""
    medium: str = ""
    proven: Channel | None = None
    """What the last click id proves."""
    is_same_site: bool = False
    has_page: bool = True


def channel(arrival: Arrival) -> Channel:
    kind = kind_of(arrival.source)
    if outright := OUTRIGHT.get(arrival.medium):
        return outright
    if arrival.medium in ("cpc", "paid"):
        is_plain_cpc = arrival.medium == "cpc" and not arrival.source
        return Channel.PAID_SEARCH if is_plain_cpc else PAID.get(kind, Channel.PAID_OTHER)
    if arrival.medium == "cpm":
        return PAID_BY_VIEW.get(kind, Channel.DISPLAY)
    if arrival.proven:
        return arrival.proven
    for what, unpaid in UNPAID.items():
        if what in (kind, arrival.medium):
            return unpaid
    if arrival.medium == referrers.REFERRAL:
        return Channel.REFERRAL
    return Channel.OTHER if arrival.source or arrival.medium else _untold(arrival)


def kind_of(source: str) -> str:
    """What a source is: search, social, video, ai_assistant, email, sms, or "" where nothing knows it."""
    if source in VIDEO_SOURCES:
        return "video"
    return KINDS_BY_NAME.get(source) or referrers.medium_of_source(source)


def _untold(arrival: Arrival) -> Channel:
    if arrival.is_same_site:
        return Channel.INTERNAL
    return Channel.DIRECT if arrival.has_page else Channel.UNKNOWN
