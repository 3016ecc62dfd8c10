"""How posts in Buffer's channels do: what Buffer has asked their services for, once a day."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated

import msgspec

from connectors.answers import canonical, shaped
from connectors.buffer_api import WHERE
from connectors.buffer_channels import Channels, PostId, Said
from connectors.posts import PostResult, beginning_of
from connectors.publishing import Network
from connectors.verbatim import fingerprint

_FIELDS = """id status via text createdAt dueAt sentAt externalLink channelId channelService
metrics{type value unit}"""
# What is sent has been due; as Buffer itself lists what was sent.
_NEWEST_BY = ("dueAt", "createdAt")
_PASSED_ON = ("shares", "reposts", "quotes")

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Metric(msgspec.Struct):
    type: str
    value: float
    unit: str = "count"


class _Shown(msgspec.Struct, rename="camel"):
    id: PostId
    created_at: Moment
    due_at: Moment | None = None
    sent_at: Moment | None = None
    text: str = ""
    external_link: str | None = None
    metrics: list[_Metric] | None = None

    @property
    def at(self) -> datetime:
        return self.sent_at or self.due_at or self.created_at

    @property
    def counted(self) -> Mapping[str, float]:
        """Without what is 0: Buffer says so, too, where a service has not told it anything."""
        metrics = (each for each in self.metrics or () if each.unit == "count")
        return {each.type: each.value for each in metrics if 0 < each.value < 2**63}


class PostResults:
    """What became of what was sent, whoever sent it."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def read(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        channel = self._channels.named(place, network)
        began = since.replace(microsecond=0)
        for page in self._channels.posts(channel, _FIELDS, {"status": ["sent"]}, _NEWEST_BY):
            shown = [(shaped(said, _Shown, where=WHERE), said) for said in page]
            young = [(each, said) for each, said in shown if each.at >= began]
            for each, said in sorted(young, key=lambda it: it[0].at, reverse=True):
                yield _result(place, each, said)
            if shown and not young:
                return


def _result(place: str, shown: _Shown, said: Said) -> PostResult:
    counted, words = shown.counted, canonical(said)
    passed_on = [counted[name] for name in _PASSED_ON if name in counted]
    watched = counted.get("totalTimeWatched")
    return PostResult(
        network=Network.BUFFER,
        place_id=place,
        post_id=shown.id,
        post_url=shown.external_link or "",
        published_at=shown.at,
        beginning=beginning_of(shown.text),
        impressions=_count(counted.get("impressions")),
        views=_count(counted.get("views")),
        reach=_count(counted.get("reach")),
        reactions=_count(counted.get("reactions")),
        comments=_count(counted.get("comments")),
        shares=_count(sum(passed_on) if passed_on else None),
        saves=_count(counted.get("saves")),
        clicks=_count(counted.get("clicks")),
        video_watch_seconds=_count(None if watched is None else watched * 60),
        raw=words.decode(),
        raw_hash=fingerprint(words),
    )


def _count(value: float | None) -> int | None:
    """What adds up to more than can be kept is not known."""
    return None if value is None or value >= 2**63 else int(value)
