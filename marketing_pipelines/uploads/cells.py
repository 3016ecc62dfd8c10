"""What the cells of a list say: a moment, an amount, a currency, a channel. What can be meant in two ways is refused. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from marketing_pipelines.events import campaigns, channels
from marketing_pipelines.events.channels import Arrival, Channel

# As the collector bounds what servers send.
LARGEST_VALUE = Decimal(10**14)
_NOON = time(12)
_ISO = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})(?:[T ](?P<clock>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(?P<offset> ?(?:Z|[+-]\d{2}:?\d{2}))?)?",
    re.ASCII,
)
# With dots between them, the day comes first everywhere; with slashes it depends on who reads it.
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?: (\d{2}:\d{2}(?::\d{2})?))?", re.ASCII)
_PLAIN = re.compile(r"\d+(?:[.,]\d{1,4})?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d{1,4})?|\d{1,3}(?:\.\d{3})+(?:,\d{1,4})?", re.ASCII)
_ADDRESS = re.compile(r"\S@\S")

# ISO 4217: what is paid with somewhere.
_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP
    CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD
    JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN
    NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB
    TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())


class Wrong(Exception):
    """What is wrong with a cell and what to do, to be read after the column's name."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened, and how that was said: a day alone stays the same row at any hour it is read."""

    at: datetime
    said: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A channel as links and pages would say it, so that one set of rules reads them all."""

    source: str
    medium: str

    @property
    def channel(self) -> Channel:
        """What the house's rules make of it, where there was no page."""
        source, medium = campaigns.source(self.source), campaigns.medium(self.medium)
        return channels.channel(Arrival(source=source, medium=medium, has_page=False))


def moment(cell: str, zone: ZoneInfo, now: datetime) -> Moment:
    """In UTC; without an offset it is meant by the tenant's clock. A day alone counts from noon, today's from now."""
    day, clock, offset = _parts(cell)
    try:
        if not clock:
            noon = datetime.combine(date.fromisoformat(day), _NOON, zone).astimezone(UTC)
            is_today = date.fromisoformat(day) == now.astimezone(zone).date()
            return Moment(min(noon, now) if is_today else noon, day)
        read = datetime.fromisoformat(f"{day}T{clock}{offset.strip()}")
        at = (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Wrong("is no day or time that there is; write it like 2026-03-05 14:30") from None
    return Moment(at, at.isoformat(timespec="milliseconds"))


def amount(cell: str) -> Decimal:
    """With a point or a comma before the decimals. What might be a thousand or one and a bit is refused."""
    if cell.startswith(("-", "(")) or cell.endswith("-"):
        raise Wrong("is negative; say what was given back as the event refund, without a sign")
    bare = cell.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("'", "")
    if re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", bare, re.ASCII):
        raise Wrong(f"can be read in two ways; write {bare[:-4]}{bare[-3:]}.00 or {bare[:-4]}.{bare[-3:]}0")
    if _PLAIN.fullmatch(bare):
        found = Decimal(bare.replace(",", "."))
    elif _GROUPED.fullmatch(bare):
        last = max(bare.rfind(","), bare.rfind("."))
        has_decimals = bare[last] not in bare[:last]
        whole, rest = (bare[:last], bare[last + 1 :]) if has_decimals else (bare, "")
        digits = whole.replace(",", "").replace(".", "")
        found = Decimal(f"{digits}.{rest}" if rest else digits)
    else:
        raise Wrong("is no amount; write it like 1234.50, without a currency's sign")
    if found >= LARGEST_VALUE:
        raise Wrong(f"is more than anything costs; the most is below {LARGEST_VALUE:,}")
    return found


def currency(cell: str) -> str:
    code = cell.upper()
    if code not in CURRENCIES:
        raise Wrong("is no currency's code; write three letters such as EUR (ISO 4217)")
    return code


def tag(cell: str) -> Tag:
    """A channel of ours under the tag that means it, or the word itself, of which the rules make what they can."""
    spelt = "_".join(cell.casefold().replace("-", " ").replace("_", " ").split())
    known = _TAGS.get(spelt)
    found = known or Tag("", " ".join(cell.split()).lower())
    if found.channel in _NOWHERE or spelt in _NOWHERE:
        raise Wrong("says of nobody how they came; write a channel such as referral, or a word of your own")
    return found


def identifier(cell: str, longest: int) -> str:
    """An id of the team's own. An address would stay in the warehouse, where nobody could erase it."""
    if _ADDRESS.search(cell):
        raise Wrong("holds a mail address, which the warehouse must not keep; put it into the column email")
    if len(cell) > longest:
        raise Wrong(f"is longer than {longest} characters; shorten it")
    return cell


def refuse_beyond(at: datetime, *, oldest: date, now: datetime, days: int) -> None:
    if at > now + timedelta(seconds=1):
        raise Wrong("lies in the future; upload it once it has happened")
    if at.date() < oldest:
        raise Wrong(
            f"is before {oldest}: the warehouse keeps events for {days} days and builds no older ones; leave the line out"
        )


def _parts(cell: str) -> tuple[str, str, str]:
    """Day, clock and offset, as ISO 8601 writes them."""
    if found := _ISO.fullmatch(cell):
        return found["day"], found["clock"] or "", (found["offset"] or "").replace("Z", "+00:00")
    if found := _DOTTED.fullmatch(cell):
        day, month, year, clock = found.groups()
        return f"{year}-{int(month):02}-{int(day):02}", clock or "", ""
    raise Wrong("is no date that only one day can be meant by; write it like 2026-03-05 or 2026-03-05 14:30")


_NOWHERE = frozenset({Channel.DIRECT, Channel.INTERNAL, Channel.UNKNOWN})
# Channels whose own name is no medium: what links say that come by them.
_TAGS = {
    Channel.PAID_SEARCH.value: Tag("", "cpc"),
    Channel.PAID_OTHER.value: Tag("offline", "cpc"),
    Channel.ORGANIC_SEARCH.value: Tag("", "organic"),
    Channel.ORGANIC_SOCIAL.value: Tag("", "social"),
    Channel.ORGANIC_VIDEO.value: Tag("", "video"),
    Channel.OTHER.value: Tag("offline", ""),
}
