"""The pages, profiles and rooms of the sandbox, and what was published there."""

from dataclasses import dataclass
from datetime import datetime

from connectors.face import Channel
from connectors.publishing import Network
from connectors.sandbox.accepted import Accepted


@dataclass(frozen=True, slots=True)
class Place:
    channel: Channel
    network: Network
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as readers see it."""

    id: str
    text: str
    link: str
    image: str
    at: datetime


PLACES = (
    Place(Channel.META, Network.FACEBOOK, "333000111", "Lindgrün"),
    Place(Channel.META, Network.INSTAGRAM, "17841400000000111", "lindgruen"),
    Place(Channel.META, Network.FACEBOOK, "333000222", "Lindgrün Japan"),
    Place(Channel.LINKEDIN, Network.LINKEDIN, "900100", "Lindgrün"),
    Place(Channel.X, Network.X, "2244994945", "Lindgrün"),
    Place(Channel.SLACK, Network.SLACK, "C0123ABCDE", "marketing"),
    Place(Channel.SLACK, Network.SLACK, "G0456FGHIJ", "autumn-launch"),
    Place(Channel.TIKTOK_ACCOUNT, Network.TIKTOK, "_000Lindgruen-OpenId-4TikTok", "lindgruen"),
    Place(Channel.REDDIT, Network.REDDIT, "u_lindgruen", "u/lindgruen"),
    Place(Channel.REDDIT, Network.REDDIT, "Wollmantel", "r/Wollmantel"),
    Place(Channel.YOUTUBE, Network.YOUTUBE, "UCsandboxLindgruen000001", "Lindgrün"),
    Place(Channel.BUFFER, Network.BUFFER, "64c0ffee0000000000000001", "Lindgrün on Mastodon"),
    Place(Channel.BUFFER, Network.BUFFER, "64c0ffee0000000000000002", "Lindgrün on Facebook"),
)


def places_of(channel: Channel) -> tuple[Place, ...]:
    return tuple(place for place in PLACES if place.channel is channel)


class Walls:
    """By place, newest last; whatever is published is noted among what was accepted."""

    def __init__(self, channel: Channel, accepted: Accepted) -> None:
        self._channel, self._accepted = channel, accepted
        self._shown: dict[str, list[Shown]] = {place.id: [] for place in places_of(channel)}

    def of(self, place: str) -> list[Shown]:
        return list(self._shown[place])

    def show(self, place: str, post: Shown) -> None:
        self._shown[place].append(post)
        self._accepted.note(
            self._channel, "post", place=place, id=post.id, text=post.text, link=post.link, image=post.image
        )
