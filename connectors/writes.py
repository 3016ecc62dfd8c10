"""What changes something at a provider: sent once, and honest about what may have become of it."""

from collections.abc import Callable
from typing import Any

import httpx

from connectors.answers import LARGEST_ANSWER, Answer, refusal_by_status
from connectors.errors import ChannelError, Forbidden, Transient, UnknownOutcome
from connectors.public_network import NotAllowed

# With these answers a provider has looked at the request and not taken it.
_NOT_TAKEN = frozenset({429, 503})


def whole(response: httpx.Response) -> bytes:
    """All of an answer; one beyond all bounds is cut off, and will not be read as what it should be."""
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > LARGEST_ANSWER:
            break
    return bytes(body)


def once(
    http: httpx.Client,
    method: str,
    url: str,
    *,
    where: str,
    heard: Callable[[httpx.Response], bytes] = whole,
    **request: Any,
) -> Answer:
    """Sends a request once; from its first byte on a lost answer may hide that it was taken."""
    try:
        with http.stream(method, url, follow_redirects=False, **request) as response:
            return Answer(response.status_code, response.headers, heard(response))
    except NotAllowed as inside:
        raise Forbidden(what=str(inside), where=where) from inside
    except (
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.UnsupportedProtocol,
        httpx.InvalidURL,
    ) as away:
        raise Transient(what=f"cannot be reached: {type(away).__name__}", where=where) from away
    except httpx.TimeoutException as slow:
        raise UnknownOutcome(what="took too long to answer", where=where) from slow
    except httpx.RequestError as broken:
        raise UnknownOutcome(what=f"no whole answer: {type(broken).__name__}", where=where) from broken


def doubted(refusal: ChannelError, answer: Answer) -> ChannelError:
    """The refusal of a write: a server that broke down over it may have taken it before."""
    breakdown = answer.status == 408 or (answer.status >= 500 and answer.status not in _NOT_TAKEN)
    if isinstance(refusal, Transient) and breakdown:
        return UnknownOutcome(
            what=refusal.what, where=refusal.where, code=refusal.code, request_id=refusal.request_id
        )
    return refusal


def refusal_of_a_write(answer: Answer, *, where: str, what: str = "") -> ChannelError:
    return doubted(refusal_by_status(answer, where=where, what=what), answer)
