"""Troubles: what keeps a feed from being read, and what people can do about each."""

from enum import StrEnum


class Trouble(StrEnum):
    """Why there is nothing to read."""

    WRONG_ADDRESS = "wrong_address"
    UNREACHABLE = "unreachable"
    PRIVATE = "private"
    UNTRUSTED = "untrusted"
    INSECURE = "insecure"
    LOOP = "loop"
    NOT_FOUND = "not_found"
    GONE = "gone"
    REFUSED = "refused"
    BLOCKED = "blocked"
    ROBOTS = "robots"
    BUSY = "busy"
    SERVER = "server"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    DAMAGED = "damaged"
    NOT_A_FEED = "not_a_feed"

    @property
    def advice(self) -> str:
        """What is to be done, or that nothing is."""
        return _ADVICE[self]


_LATER = "It is asked for again by itself."
_ADVICE = {
    Trouble.WRONG_ADDRESS: "Enter a whole address that begins with https://.",
    Trouble.UNREACHABLE: f"Look for a slip in the address. {_LATER}",
    Trouble.PRIVATE: "Enter an address of the public web.",
    Trouble.UNTRUSTED: f"The publisher has to renew the certificate. {_LATER}",
    Trouble.INSECURE: "Enter the http:// address itself if the site has no other.",
    Trouble.LOOP: "Open it in a browser and enter the address at which it ends.",
    Trouble.NOT_FOUND: "Look on the site for where its feed is now.",
    Trouble.GONE: "It is not asked for again: enter where it is now, or remove it.",
    Trouble.REFUSED: "It may ask for a log-in or let no feed reader in: open it in a browser, or ask the publisher.",
    Trouble.BLOCKED: "Ask the publisher to let feed readers past the guard.",
    Trouble.ROBOTS: "Ask the publisher, or set the feed not to obey robots.txt if they have agreed.",
    Trouble.BUSY: "It is asked for again when the host allows.",
    Trouble.SERVER: f"The trouble is the publisher's. {_LATER}",
    Trouble.TOO_SLOW: _LATER,
    Trouble.TOO_LARGE: "Look on the site for a shorter feed, such as one for a single topic.",
    Trouble.DAMAGED: f"The trouble is the publisher's. {_LATER}",
    Trouble.NOT_A_FEED: "Enter the address of the feed itself, or of a page that names it.",
}


class Obstacle(Exception):
    """A trouble met on the way, and what exactly was met."""

    def __init__(self, trouble: Trouble, what: str) -> None:
        super().__init__(what)
        self.trouble = trouble
        self.what = what
