"""Tokens in links that let somebody in: to a tenant by invitation, to an account by mail, to an empty house.

None is kept anywhere. Each is drawn from a key of the installation, from what the link is for and from the number of
its issue, so that a newer one voids the older; whoever reads the records cannot make one.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode

_FORM = re.compile(r"(?:[0-9]{1,19}\.){0,3}[A-Za-z0-9_-]{43}")


def token(key: bytes, *names: int, issue: int) -> str:
    """The token of this issue of what the numbers name."""
    said = ".".join(map(str, (*names, issue))).encode()
    proof = urlsafe_b64encode(hmac.new(key, said, hashlib.sha256).digest()).rstrip(b"=").decode()
    return ".".join((*map(str, names), proof))


def names(text: str) -> tuple[int, ...]:
    """What a token claims to be for; nothing of it is proven yet."""
    if not _FORM.fullmatch(text):
        return ()
    return tuple(int(part) for part in text.split(".")[:-1])


def fits(text: str, key: bytes, *named: int, issue: int) -> bool:
    return hmac.compare_digest(token(key, *named, issue=issue).encode(), text.encode(errors="replace"))
