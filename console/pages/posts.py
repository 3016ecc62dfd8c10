"""Posts: which of them people answered, how each stands, and who follows the pages and profiles they are in."""

from datetime import datetime, timedelta
from enum import IntEnum
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from connectors.publishing import Network
from console.door.admission import SignedIn
from console.frame import rendering, wording
from console.frame.lineage import Asset
from console.watching import marts_read, post_reading
from marketing_pipelines.analytics import reports
from marketing_pipelines.analytics.posts import PostsAsked, posts

router = APIRouter(include_in_schema=False)


class LookBack(IntEnum):
    WEEK = 7
    MONTH = 28
    QUARTER = 90


@router.get("/posts")
def how_they_do(
    visitor: SignedIn, days: LookBack = LookBack.MONTH, platform: Network | None = None
) -> HTMLResponse:
    today = datetime.now(visitor.time_zone).date()
    asked = PostsAsked(first=today - timedelta(days=days - 1), last=today, platform=platform)
    found = marts_read.read(visitor, Asset.ORGANIC_PERFORMANCE, posts, asked)
    known = found.answer
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "posts.html",
            found=found,
            best=post_reading.best(known.posts) if known else None,
            days=days,
            platform=platform,
            looks_back=[(_address(each, platform), f"{each} days") for each in LookBack],
            networks=[
                (_address(days, None), "All"),
                *((_address(days, it), wording.NETWORKS[it]) for it in _READ),
            ],
            here_back=_address(days, platform),
            export=marts_read.export_of(reports.named("posts"), asked),
        )


# Rooms of a chat have no counters.
_READ = tuple(network for network in Network if network is not Network.SLACK)


def _address(days: LookBack, platform: Network | None) -> str:
    return f"/posts?{urlencode({'days': int(days), **({'platform': platform.value} if platform else {})})}"
