"""Publishing through Buffer, which takes a post at once and hands it to its service by and by."""

from dataclasses import replace
from datetime import datetime

import msgspec

from connectors import buffer_refusals as refusals
from connectors import buffer_services as services
from connectors.answers import shaped
from connectors.buffer_api import WHERE, BufferApi
from connectors.buffer_channels import Channels, PostId, moment
from connectors.errors import ChannelError, Forbidden, NotReady, UnexpectedAnswer, UnknownOutcome
from connectors.face import Wire
from connectors.publishing import Network, Post, Published

_STANDING = "id status externalLink error{message}"
_CREATE = f"""mutation CreatePost($input:CreatePostInput!){{createPost(input:$input){{__typename
... on PostActionSuccess{{post{{{_STANDING}}}}}
... on RestProxyError{{code}}
... on MutationError{{message}}}}}}"""
_POST = f"query Post($input:PostInput!){{post(input:$input){{{_STANDING}}}}}"

_TAKEN = "PostActionSuccess"
# Until somebody lets it go there.
_WAITING = frozenset({"draft", "needs_approval"})
# Each look is one of the 250 calls of a day.
_MOST_LOOKS = 12
_LONGEST_SECONDS = 600.0


class _Trouble(msgspec.Struct):
    message: str = ""


class _Standing(msgspec.Struct, rename="camel"):
    """How a post stands; only what is `sent` is out."""

    id: PostId
    status: str
    external_link: str | None = None
    error: _Trouble | None = None
    text: str = ""

    @property
    def published(self) -> Published:
        return Published(id=self.id, url=self.external_link or "")


class _Answer(refusals.Said, rename={"typename": "__typename"}):
    post: _Standing | None = None


class _Created(msgspec.Struct, rename="camel"):
    create_post: _Answer


class _Asked(msgspec.Struct):
    post: _Standing


class BufferPosts:
    def __init__(self, api: BufferApi, channels: Channels, wire: Wire) -> None:
        self._api, self._channels = api, channels
        self._looking = replace(wire.patience, attempts=_MOST_LOOKS, total=_LONGEST_SECONDS)

    def publish(self, place: str, network: Network, post: Post) -> Published:
        """Sent once: whatever is not heard after it may have been published."""
        told = services.told_of(self._channels.named(place, network), post)
        said = self._api.told(_CREATE, {"input": told}, _Created).create_post
        if said.typename != _TAKEN:
            raise refusals.of_a_post(said, where=WHERE)
        if said.post is None:
            raise UnknownOutcome(what="taken, and nothing is said of the post", where=WHERE)
        try:
            standing = self._followed(said.post)
        except ChannelError as unheard:
            what = f"taken as {said.post.id}, but what became of it was not heard: {unheard.what}"
            raise UnknownOutcome(what=what, where=WHERE, code=unheard.code) from unheard
        if standing.status == "error":
            raise refusals.of_publishing(standing.error.message if standing.error else "", where=WHERE)
        return standing.published

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        """By words alone, whatever became of the white space between them; what is still under way is waited for."""
        channel = self._channels.named(place, network)
        wanted = services.words_of(channel, post).split()
        began = {"createdAt": {"start": moment(since)}}
        for page in self._channels.posts(channel, f"{_STANDING} text", began, ("createdAt",)):
            for standing in (shaped(node, _Standing, where=WHERE) for node in page):
                if standing.text.split() == wanted and (out := self._out(standing)):
                    return out.published
        return None

    def _out(self, standing: _Standing) -> _Standing | None:
        """What became of it where it is out; what is still under way is followed."""
        if standing.status in _WAITING:
            return None
        followed = self._followed(standing)
        return followed if followed.status == "sent" else None

    def _followed(self, standing: _Standing) -> _Standing:
        """Until it is over."""
        try:
            return _settled(standing)
        except NotReady:
            return self._looking.through(lambda: _settled(self._asked_for(standing.id)), (NotReady,))

    def _asked_for(self, number: str) -> _Standing:
        return self._api.asked(_POST, {"input": {"id": number}}, _Asked).post


def _settled(standing: _Standing) -> _Standing:
    match standing.status:
        case "sent" | "error":
            return standing
        case "scheduled" | "sending":
            raise NotReady(what=f"Buffer is still at it ({standing.status})", where=WHERE)
        case waiting if waiting in _WAITING:
            what = f"it waits at Buffer until somebody lets it go ({waiting})"
            raise Forbidden(what=what, where=WHERE)
        case other:
            raise UnexpectedAnswer(what=f"a post that is {other!r}", where=WHERE)
