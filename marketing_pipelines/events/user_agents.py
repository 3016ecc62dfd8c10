"""User agents: device, system and browser, and whether the agent calls itself a program.

`ua-parser` names what it is, `crawler-user-agents` lists crawlers, and the expressions below tell what both leave out:
link previewers, mail scanners, libraries, headless browsers. What an agent claims is all there is to go by here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from marketing_pipelines.events import bots
from marketing_pipelines.events.bots import Reason

if TYPE_CHECKING:
    from ua_parser import OS, UserAgent
    from ua_parser.core import Device as ParsedDevice
    from ua_parser.regex import Resolver

LONGEST_USER_AGENT = 512

Finder = Callable[[str], str]


class Device(StrEnum):
    DESKTOP = "desktop"
    MOBILE = "mobile"
    TABLET = "tablet"
    TV = "tv"
    CONSOLE = "console"
    BOT = "bot"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One user agent; `score` is what its reasons weigh, before anything else about the event is known."""

    device: Device
    os: str
    os_version: str
    browser: str
    browser_version: str
    score: int
    reasons: tuple[Reason, ...]

    @property
    def is_program(self) -> bool:
        return self.score >= bots.THRESHOLD


# Expressions of Rust's engine, all of which run in time that is linear in the agent's length.
TELLS = {
    # Programs that fetch a link because a person sent or wrote it. The apps' own browsers (FBAN, Instagram,
    # LinkedInApp, Pinterest for iOS …) are people and say other words.
    Reason.PREVIEW: (
        r"facebookexternalhit|facebookcatalog|Facebot|meta-externalfetcher|^WhatsApp/|Slackbot|Slack-ImgProxy"
        r"|Twitterbot|Discordbot|TelegramBot|LinkedInBot|SkypeUriPreview|Pinterestbot|redditbot|vkShare"
        r"|line-poker|kakaotalk-scrap|Snap URL Preview|Cardyb|Mastodon/|Iframely|Embedly|BingPreview"
        r"|MicrosoftPreview|Google-PageRenderer|ms-office|^Microsoft Office|^Tumblr/|Bitlybot|LinkPreview"
        r"|Synapse \(bot|Mattermost-Bot"
    ),
    # Mail gateways and image proxies, which open what a mail holds before or instead of its reader. An agent that
    # is nothing but a bare `Mozilla/5.0` is one of them.
    Reason.SCANNER: (
        r"(?i)GoogleImageProxy|YahooMailProxy|YahooCacheSystem|Barracuda|Proofpoint|Mimecast|SafeLinks|IronPort"
        r"|FireEye|Symantec|Forcepoint|TrendMicro|TMASE|Sophos|Fortinet|FortiGuard|Google-Safety|urlscan"
        r"|CheckPhish|VirusTotal|BitSight|^Mozilla/[45]\.0$"
    ),
    Reason.HTTP_LIBRARY: (
        r"(?i)^(?:curl|wget|libwww-perl|lwp|python|aiohttp|httpx|urllib|scrapy|go-http-client|java|okhttp"
        r"|apache-httpclient|apache-httpasyncclient|jakarta|axios|node|node-fetch|undici|got|superagent|request"
        r"|ruby|faraday|rest-client|typhoeus|http\.rb|php|guzzlehttp|guzzle|symfony|wordpress|dart|reqwest|hyper"
        r"|httpie|postmanruntime|insomnia|winhttp|powershell|libcurl|pycurl|lua-resty-http|elixir|hackney|finch"
        r"|ktor|unirest|vertx)(?:[/ ;(]|-requests|-urllib|-httpx|$)|python-requests|WindowsPowerShell"
    ),
    Reason.HEADLESS: (
        r"(?i)headless|phantomjs|slimerjs|puppeteer|playwright|selenium|webdriver|cypress/|htmlunit"
        r"|Chrome-Lighthouse"
    ),
}

# The first that is found says what the device is.
DEVICES = (
    # What Windows called a computer with a pen.
    (r"Tablet PC", Device.DESKTOP),
    (
        r"(?i)smart-?tv|\btv\b|web0s|netcast|hbbtv|bravia|viera|roku|crkey|appletv|\baft[a-z]{1,6}\b|googletv"
        r"|vidaa",
        Device.TV,
    ),
    (r"(?i)playstation|\bxbox|nintendo", Device.CONSOLE),
    (r"(?i)ipad|tablet|playbook|kindle", Device.TABLET),
    (r"(?i)mobi|iphone|ipod|dalvik|opera mini|blackberry|\bbb10|kaios|symbian", Device.MOBILE),
    # An Android that does not call itself mobile.
    (r"(?i)android", Device.TABLET),
    (r"(?i)windows|macintosh|mac os x|linux|x11|cros\b|freebsd|openbsd", Device.DESKTOP),
)


def verdict(user_agent: str) -> Verdict:
    """What the head of an agent says; agents that are asked for again are answered out of memory."""
    return _verdict(user_agent[:LONGEST_USER_AGENT])


def is_program(user_agent: str) -> bool:
    """Whether a request with this agent is no person's; browsers always name themselves."""
    return not user_agent or verdict(user_agent).is_program


def prepare() -> None:
    """Builds the parsers now: for a server, before its first request waits for them."""
    _parser()
    _tells()
    _device_of()


@lru_cache(maxsize=32768)
def _verdict(user_agent: str) -> Verdict:
    browser, os, hardware = _parsed(user_agent)
    reasons = tuple(_reasons(user_agent, hardware))
    score = bots.score(reasons)
    return Verdict(
        device=Device.BOT if score >= bots.THRESHOLD else Device(_device_of()(user_agent) or Device.OTHER),
        os=os.family if os else "",
        os_version=_version(os.major, os.minor) if os else "",
        browser=browser.family if browser else "",
        browser_version=_version(browser.major) if browser else "",
        score=score,
        reasons=reasons,
    )


def _reasons(user_agent: str, hardware: "ParsedDevice | None") -> Iterator[Reason]:
    if hardware and hardware.family == "Spider":
        yield Reason.SPIDER_CLASS
    for reason, is_told_by in _tells().items():
        if is_told_by(user_agent):
            yield reason


def _version(*parts: str | None) -> str:
    """`17.5` of 17 and 5, `17` where the rest is not known."""
    known = [part for part in parts if part]
    return ".".join(known) if parts[0] else ""


def _parsed(user_agent: str) -> "tuple[UserAgent | None, OS | None, ParsedDevice | None]":
    from ua_parser import Domain

    result = _parser()(user_agent, Domain.ALL)
    return result.user_agent, result.os, result.device


@cache
def _parser() -> "Resolver":
    """The parser without a cache of its own: verdicts are what is kept."""
    from ua_parser import load_lazy_builtins
    from ua_parser.regex import Resolver

    return Resolver(load_lazy_builtins())


@cache
def _tells() -> dict[Reason, Finder]:
    """Our own tells and the list of crawlers."""
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    ours = {reason: _finder([(pattern, reason)]) for reason, pattern in TELLS.items()}
    listed = _finder([(str(crawler["pattern"]), Reason.CRAWLER_LIST) for crawler in CRAWLER_USER_AGENTS_DATA])
    return {Reason.CRAWLER_LIST: listed, **ours}


@cache
def _device_of() -> Finder:
    return _finder(DEVICES)


def _finder(lines: Iterable[tuple[str, str]]) -> Finder:
    """Names the first line whose expression is found in an agent, or "".

    ua-parser's engine looks for all lines in one pass, a hundred times faster than `re` does in the list of crawlers.
    """
    from ua_parser_rs import UserAgentExtractor

    engine = UserAgentExtractor((pattern, name, None, None, None, None) for pattern, name in lines)

    def find(user_agent: str) -> str:
        found = engine.extract(user_agent)
        return found.family if found else ""

    return find
