"""How organisations' posts on LinkedIn do, and who follows the organisations.

Posts are listed without counters, which are asked for in lists. What LinkedIn counts is organic: advertising has its own figures.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from connectors import little_text, restli
from connectors.answers import canonical, shaped
from connectors.errors import ChannelError, Forbidden, Invalid
from connectors.linkedin_api import WHERE, LinkedInApi
from connectors.linkedin_entities import Number
from connectors.linkedin_organizations import FINDER, POST, Organizations, Posted, address_of, author_of
from connectors.posts import PostResult, beginning_of
from connectors.publishing import Network
from connectors.verbatim import fingerprint

# So few that their URNs go into an address.
_MOST_LISTED = 50
_UGC = "urn:li:ugcPost:"
# Of one post among those that were asked about; of a missing permission LinkedIn speaks otherwise.
_OF_ONE = ("[/shares", "[/ugcPosts")

Said = dict[str, Any]


class _Counted(msgspec.Struct, rename="camel"):
    impression_count: int | None = None
    unique_impressions_count: int | None = None
    click_count: int | None = None
    like_count: int | None = None
    comment_count: int | None = None
    share_count: int | None = None


class _Statistics(msgspec.Struct, rename="camel"):
    share: str = ""
    ugc_post: str = ""
    total_share_statistics: _Counted = msgspec.field(default_factory=_Counted)

    @property
    def of(self) -> str:
        return self.share or self.ugc_post


class _Answered(msgspec.Struct):
    elements: list[Said]


class _Network(msgspec.Struct, rename="camel"):
    first_degree_size: Number | None = None


class LinkedInPostResults:
    """What became of what organisations have posted."""

    def __init__(self, api: LinkedInApi, organizations: Organizations) -> None:
        self._api, self._organizations = api, organizations

    def read(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        return self._rows(place, author_of(place, network), since)

    def followers(self, place: str, network: Network) -> int | None:
        organization = restli.text(author_of(place, network))
        asked = {"edgeType": restli.text("COMPANY_FOLLOWED_BY_MEMBER")}
        said = self._api.ask(f"networkSizes/{organization}", asked)
        return shaped(said, _Network, where=WHERE).first_degree_size

    def _rows(self, place: str, author: str, since: datetime) -> Iterator[PostResult]:
        """Posts that are refused stay without counters; where nothing is told at all, it is no matter of single posts."""
        has_told = False
        seen: set[str] = set()
        for page in self._organizations.posted_since(author, since):
            # What is posted while the list is read moves the others on, so that some come twice.
            new = [(posted, said) for posted, said in page if posted.id not in seen]
            seen.update(posted.id for posted, _ in new)
            for start in range(0, len(new), _MOST_LISTED):
                some = new[start : start + _MOST_LISTED]
                refusals: list[ChannelError] = []
                posts = [posted.id for posted, _ in some if POST.fullmatch(posted.id)]
                told = self._told(author, posts, refusals)
                has_told |= bool(told)
                if refusals and not has_told:
                    raise refusals[0]
                for posted, said in some:
                    yield _result(place, posted, said, told.get(posted.id))

    def _told(self, author: str, posts: Sequence[str], refusals: list[ChannelError]) -> dict[str, Said]:
        """By post. One that is refused refuses the whole list, which is then asked for by halves."""
        try:
            return self._listed(author, posts)
        except (Forbidden, Invalid) as refusal:
            if not any(of_one in refusal.what for of_one in _OF_ONE):
                raise
            if len(posts) == 1:
                refusals.append(refusal)
                return {}
        half = len(posts) // 2
        return {
            **self._told(author, posts[:half], refusals),
            **self._told(author, posts[half:], refusals),
        }

    def _listed(self, author: str, posts: Sequence[str]) -> dict[str, Said]:
        """Until each is told of, or nothing new is: an answer may have pages, and leaves out what nobody saw."""
        told: dict[str, Said] = {}
        start = 0
        while len(told) < len(posts):
            asked = {
                "q": restli.text("organizationalEntity"),
                "organizationalEntity": restli.text(author),
                "start": restli.text(start),
                "count": restli.text(len(posts)),
            }
            for name, urns in {
                "shares": [urn for urn in posts if not urn.startswith(_UGC)],
                "ugcPosts": [urn for urn in posts if urn.startswith(_UGC)],
            }.items():
                if urns:
                    asked[name] = restli.listed(urns)
            said = self._api.ask("organizationalEntityShareStatistics", asked, FINDER)
            elements = shaped(said, _Answered, where=WHERE).elements
            new = {shaped(each, _Statistics, where=WHERE).of: each for each in elements}
            if not new.keys() - told.keys():
                break
            told |= new
            start += len(elements)
        return told


def _result(place: str, posted: Posted, said: Any, told: Said | None) -> PostResult:
    counted = shaped(told or {}, _Statistics, where=WHERE).total_share_statistics
    words = canonical({"post": said, "statistics": told})
    return PostResult(
        network=Network.LINKEDIN,
        place_id=place,
        post_id=posted.id,
        post_url=address_of(posted.id),
        published_at=posted.at,
        beginning=beginning_of(little_text.plain(posted.commentary)),
        impressions=_count(counted.impression_count),
        reach=_count(counted.unique_impressions_count),
        reactions=_count(counted.like_count),
        comments=_count(counted.comment_count),
        shares=_count(counted.share_count),
        clicks=_count(counted.click_count),
        raw=words.decode(),
        raw_hash=fingerprint(words),
    )


def _count(told: int | None) -> int | None:
    """Likes fall below nought where people take back what they liked as an advertisement, which was not counted here."""
    return None if told is None or not 0 <= told < 2**63 else told
