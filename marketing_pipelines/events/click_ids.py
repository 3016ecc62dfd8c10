"""Click ids: what ad platforms and networks append to an address, and what each of them proves.

Kept are ids of one click. Left out on purpose: what says how an ad was tagged (gclsrc, gad_source), ids of a share
(igshid), and what names the reader of a mail (mc_eid, _hsenc, mkt_tok, _kx), which is personal and no click.
"""

from dataclasses import dataclass
from functools import cache

from marketing_pipelines.events.channels import Channel

LONGEST_VALUE = 512
MOST_IDS = 10


@dataclass(frozen=True, slots=True)
class ClickId:
    """An id as its platform spells it; `channel` is None where the platform also puts it on links nobody paid for."""

    name: str
    channel: Channel | None


# TikTok, LinkedIn, X, Reddit, Snapchat and Nextdoor document theirs as appended when an ad is clicked, so they prove
# a paid click. Meta appends fbclid to every link that leaves it, and epik has been seen on plain pins.
CLICK_IDS = (
    ClickId("gclid", Channel.PAID_SEARCH),
    ClickId("gbraid", Channel.PAID_SEARCH),
    ClickId("wbraid", Channel.PAID_SEARCH),
    ClickId("dclid", Channel.DISPLAY),
    ClickId("msclkid", Channel.PAID_SEARCH),
    ClickId("yclid", Channel.PAID_SEARCH),
    ClickId("sznclid", Channel.PAID_SEARCH),
    ClickId("qclid", Channel.PAID_SOCIAL),
    ClickId("vmcid", Channel.DISPLAY),
    ClickId("fbclid", None),
    ClickId("ttclid", Channel.PAID_SOCIAL),
    ClickId("li_fat_id", Channel.PAID_SOCIAL),
    ClickId("twclid", Channel.PAID_SOCIAL),
    ClickId("rdt_cid", Channel.PAID_SOCIAL),
    ClickId("ScCid", Channel.PAID_SOCIAL),
    ClickId("ndclid", Channel.PAID_SOCIAL),
    ClickId("epik", None),
    ClickId("tblci", Channel.DISPLAY),
    ClickId("dicbo", Channel.DISPLAY),
    ClickId("irclickid", Channel.AFFILIATE),
    ClickId("cjevent", Channel.AFFILIATE),
    ClickId("awc", Channel.AFFILIATE),
    ClickId("sscid", Channel.AFFILIATE),
    ClickId("ranSiteID", Channel.AFFILIATE),
    ClickId("tduid", Channel.AFFILIATE),
)


@cache
def by_name() -> dict[str, ClickId]:
    """The ids by their names in lower case, since links are retyped and lower-cased on their way."""
    return {click_id.name.lower(): click_id for click_id in CLICK_IDS}
