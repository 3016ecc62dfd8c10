"""How likely a program sent an event: the reasons there are, what each weighs, and from which score on we say bot."""

from collections.abc import Iterable
from enum import StrEnum

MOST = 100
THRESHOLD = 50


class Reason(StrEnum):
    """Why an event looks like a program's; those of the edge are spelt as the edge writes its signals."""

    CRAWLER_LIST = "crawler_list"
    SPIDER_CLASS = "spider_class"
    HTTP_LIBRARY = "http_library"
    HEADLESS = "headless"
    PREVIEW = "preview"
    SCANNER = "scanner"
    NO_USER_AGENT_NO_REFERRER = "no_user_agent_no_referrer"
    HEAD = "head"
    PREFETCH = "prefetch"
    BURST = "burst"
    VERIFIED_BOT = "verified_bot"


# Whatever says program by itself reaches the threshold. A burst does not: a school or an office has one address too.
SCORES = {
    Reason.CRAWLER_LIST: 80,
    Reason.SPIDER_CLASS: 70,
    Reason.HTTP_LIBRARY: 80,
    Reason.HEADLESS: 80,
    Reason.PREVIEW: 90,
    Reason.SCANNER: 90,
    Reason.NO_USER_AGENT_NO_REFERRER: 60,
    Reason.HEAD: 60,
    Reason.PREFETCH: 60,
    Reason.BURST: 30,
    Reason.VERIFIED_BOT: 100,
}
_KINDS = frozenset(reason.value for reason in Reason)


def score(reasons: Iterable[str]) -> int:
    """The sum of what the reasons weigh, 0 to 100; what follows a colon (a verified bot's name) weighs nothing."""
    kinds = {reason.partition(":")[0] for reason in reasons}
    return min(MOST, sum(SCORES[Reason(kind)] for kind in kinds & _KINDS))
