"""How an account's posts on X do, and who follows it: each post comes with what everybody may see of it, a hundred to a page."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from connectors.answers import canonical, shaped
from connectors.posts import PostResult, beginning_of
from connectors.publishing import Network
from connectors.verbatim import fingerprint
from connectors.x_credentials import WHERE
from connectors.x_timeline import Count, Posted, Said, Speaker, Timeline


class _Counted(msgspec.Struct):
    impression_count: Count | None = None
    like_count: Count | None = None
    reply_count: Count | None = None
    retweet_count: Count | None = None
    quote_count: Count | None = None
    bookmark_count: Count | None = None

    @property
    def shared(self) -> int | None:
        """Passed on as it is, or with words of one's own."""
        told = [count for count in (self.retweet_count, self.quote_count) if count is not None]
        return sum(told) if told else None


class _Measured(msgspec.Struct):
    public_metrics: _Counted = msgspec.field(default_factory=_Counted)


class XPostResults:
    """What became of what the account has posted."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def read(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        return self._rows(self._timeline.speaker(place, network), since)

    def followers(self, place: str, network: Network) -> int | None:
        return self._timeline.speaker(place, network).public_metrics.followers_count

    def _rows(self, speaker: Speaker, since: datetime) -> Iterator[PostResult]:
        for page in self._timeline.posted_since(speaker, since, "public_metrics"):
            for posted, said in page:
                yield _result(speaker, posted, said)


def _result(speaker: Speaker, posted: Posted, said: Said) -> PostResult:
    counted = shaped(said, _Measured, where=WHERE).public_metrics
    words = canonical(said)
    return PostResult(
        network=Network.X,
        place_id=speaker.id,
        post_id=posted.id,
        post_url=speaker.address_of(posted.id),
        published_at=posted.created_at,
        beginning=beginning_of(posted.words),
        impressions=counted.impression_count,
        reactions=counted.like_count,
        comments=counted.reply_count,
        shares=counted.shared,
        saves=counted.bookmark_count,
        raw=words.decode(),
        raw_hash=fingerprint(words),
    )
