"""Buffer's channels, each of which is an account at some service, and the posts that stand in one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from connectors.buffer_api import WHERE, BufferApi
from connectors.buffer_services import BufferChannel
from connectors.errors import Invalid, TooMuchData, UnexpectedAnswer
from connectors.publishing import FoundPlace, Network

_ORGANIZATIONS = "query Organizations{account{organizations{id}}}"
_CHANNELS = """query Channels($input:ChannelsInput!){channels(input:$input){id name displayName service}}"""
_CHANNEL = """query Channel($input:ChannelInput!){channel(input:$input){
id name displayName service organizationId isDisconnected isLocked
metadata{... on PinterestMetadata{boards{serviceId name}}}}}"""
_POSTS = """query Posts($input:PostsInput!,$first:Int,$after:String){posts(input:$input,first:$first,after:$after){
edges{node{%s}}
pageInfo{hasNextPage endCursor}}}"""

_PAGE = 50
_MOST_PAGES = 200
_NUMBER = re.compile(r"[0-9a-fA-F]{24}")
# A page of the account itself, and no service that people read.
_START_PAGE = "startPage"

PostId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F]{24}\Z")]
Said = dict[str, Any]


class _Organization(msgspec.Struct):
    id: str


class _Account(msgspec.Struct):
    organizations: list[_Organization]


class _Mine(msgspec.Struct):
    account: _Account


class _Found(msgspec.Struct):
    channels: list[BufferChannel]


class _Named(msgspec.Struct):
    channel: BufferChannel


class _Edge(msgspec.Struct):
    node: Said


class _PageInfo(msgspec.Struct, rename="camel"):
    has_next_page: bool = False
    end_cursor: str | None = None


class _Page(msgspec.Struct, rename="camel"):
    edges: list[_Edge] | None = None
    page_info: _PageInfo = msgspec.field(default_factory=_PageInfo)


class _Posts(msgspec.Struct):
    posts: _Page


class Channels:
    """What one connection may see; each channel is asked for once."""

    def __init__(self, api: BufferApi) -> None:
        self._api = api
        self._known: dict[str, BufferChannel] = {}

    def found(self) -> list[FoundPlace]:
        mine = self._api.asked(_ORGANIZATIONS, {}, _Mine)
        return [
            FoundPlace(id=channel.id, name=channel.called, network=Network.BUFFER)
            for organization in mine.account.organizations
            for channel in self._of(organization.id)
            if channel.service != _START_PAGE and _NUMBER.fullmatch(channel.id)
        ]

    def named(self, place: str, network: Network) -> BufferChannel:
        require_named(place, network)
        if place not in self._known:
            channel = self._api.asked(_CHANNEL, {"input": {"id": place}}, _Named).channel
            if channel.id != place:
                raise UnexpectedAnswer(what="another channel than was asked for", where=WHERE)
            self._known[place] = channel
        return self._known[place]

    def posts(
        self, channel: BufferChannel, fields: str, narrowed: Mapping[str, Any], newest_by: Sequence[str]
    ) -> Iterator[list[Said]]:
        """What stands in the channel, newest first, page by page and each post once."""
        asked: Said = {
            "input": {
                "organizationId": channel.organization_id,
                "filter": {"channelIds": [channel.id], **narrowed},
                "sort": [{"field": field, "direction": "desc"} for field in newest_by],
            },
            "first": _PAGE,
            "after": None,
        }
        cursors: set[str] = set()
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            page = self._api.asked(_POSTS % fields, asked, _Posts).posts
            # What is published meanwhile moves the others on, so that some come twice.
            nodes = [edge.node for edge in page.edges or () if edge.node.get("id") not in seen]
            seen.update(str(node.get("id")) for node in nodes)
            yield nodes
            if not page.page_info.has_next_page:
                return
            cursor = page.page_info.end_cursor
            if not cursor or cursor in cursors:
                raise UnexpectedAnswer(what="a next page without a new cursor", where=WHERE)
            cursors.add(cursor)
            asked["after"] = cursor
        raise TooMuchData(what=f"more than {_MOST_PAGES} pages of posts", where=WHERE)

    def _of(self, organization: str) -> list[BufferChannel]:
        return self._api.asked(_CHANNELS, {"input": {"organizationId": organization}}, _Found).channels


def require_named(place: str, network: Network) -> None:
    if network is not Network.BUFFER:
        raise Invalid(what=f"Buffer's channels are not those of {network}", where=WHERE, field="network")
    if not _NUMBER.fullmatch(place):
        raise Invalid(
            what="a channel is named by its id of 24 hexadecimal digits", where=WHERE, field="place"
        )


def moment(at: datetime) -> str:
    """As Buffer takes moments, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
