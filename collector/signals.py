"""What the edge alone can see of a request, and the rules later make a verdict of: who asks again, ahead or in bulk."""

from collector.addresses import Whereabouts
from collector.requests import Request

# More from one address within a window of ten seconds is no person's.
BURST = 60

_PURPOSES = (b"sec-purpose", b"purpose", b"x-moz", b"x-purpose")


def signals_of(request: Request, where: Whereabouts, come: int) -> tuple[str, ...]:
    """In a fixed vocabulary: head, prefetch, preview, burst, verified_bot:<name>; `come` is the address's count."""
    found: tuple[str, ...] = ()
    if request.method == "HEAD":
        found += ("head",)
    for name in _PURPOSES:
        if name in request.headers and (purpose := _purpose(request.headers[name].lower())):
            found += (purpose,)
            break
    if come > BURST:
        found += ("burst",)
    if where.verified_bot:
        found += (f"verified_bot:{where.verified_bot}",)
    return found


def _purpose(said: bytes) -> str:
    """Whether the browser asked on its own, before the person did."""
    if b"prefetch" in said or b"prerender" in said:
        return "prefetch"
    return "preview" if b"preview" in said else ""
