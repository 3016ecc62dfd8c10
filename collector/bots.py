"""Whether a person or a program asked: a thin rule on the user agent; what it says is stored, never dropped."""

import re
from functools import lru_cache

_PROGRAMS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|monitor|scan|fetch"
    r"|^curl|^wget|python-|^go-http-client|^java/|okhttp|libwww|axios",
    re.IGNORECASE,
)


@lru_cache(maxsize=65536)
def is_program(user_agent: str) -> bool:
    """A missing user agent counts as a program: browsers always name themselves."""
    return not user_agent or _PROGRAMS.search(user_agent) is not None


def is_prefetch(headers: dict[bytes, bytes]) -> bool:
    """Whether the browser asked on its own, before the person did."""
    purpose = headers.get(b"sec-purpose") or headers.get(b"purpose") or headers.get(b"x-moz") or b""
    return b"prefetch" in purpose.lower() or b"preview" in purpose.lower()
