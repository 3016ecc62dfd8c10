"""What the sandbox's providers have taken: mail, posts, campaigns, conversions and messages, in the order in which they came."""

from collections import defaultdict
from typing import Any

from connectors.face import Channel


class Accepted:
    """By channel, each thing with its kind."""

    def __init__(self) -> None:
        self._by_channel: dict[Channel, list[dict[str, Any]]] = defaultdict(list)

    def note(self, channel: Channel, kind: str, **told: Any) -> None:
        self._by_channel[channel].append({"kind": kind, **told})

    def of(self, channel: Channel) -> list[dict[str, Any]]:
        return list(self._by_channel[channel])

    def reset(self) -> None:
        self._by_channel.clear()
