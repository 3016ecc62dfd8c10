"""Redirects: followed for a while to where a document is, and told apart by whether they are for good."""

from contextlib import closing, suppress

import httpx

from marketing_pipelines.trends.publishers.troubles import Obstacle, Trouble

MOST = 5

_PERMANENT = frozenset({httpx.codes.MOVED_PERMANENTLY, httpx.codes.PERMANENT_REDIRECT})
# As much is read to its end for nothing, so that the connection can serve the next request.
_LITTLE = 16 * 2**10


def follow(client: httpx.Client, request: httpx.Request) -> tuple[httpx.Response, str | None]:
    """The answer at the end of the redirects, and the address that the first ones give for good."""
    log_in, been, moved_to, for_good = request.url.userinfo, {request.url}, None, True
    for _ in range(MOST + 1):
        try:
            response = _send(client, request)
        except httpx.InvalidURL as error:  # nothing is left to find out about the request's own
            raise _leads_nowhere() from error
        if response.next_request is None:
            return response, moved_to
        finish(response)
        request = _onward(request, response.next_request, been)
        for_good = for_good and response.status_code in _PERMANENT
        if for_good:
            moved_to = str(_with_what_it_was_asked(request, log_in))
    raise Obstacle(Trouble.LOOP, f"The address redirects more than {MOST} times.")


def finish(response: httpx.Response) -> None:
    """Takes what little is left of an answer that is of no more use, and leaves what is not little."""
    length = response.headers.get("content-length", "")
    bodiless = response.status_code == httpx.codes.NOT_MODIFIED
    with closing(response), suppress(httpx.HTTPError):
        if bodiless or (length.isdigit() and int(length) <= _LITTLE):
            for _ in response.iter_raw():
                pass


def _send(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Sends once, and once more where a connection had been kept and the host closed it meanwhile."""
    events: list[str] = []
    request.extensions = {**request.extensions, "trace": lambda event, _: events.append(event)}
    try:
        return client.send(request, stream=True, follow_redirects=False)
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
        if "connection.connect_tcp.started" in events:
            raise
        return client.send(request, stream=True, follow_redirects=False)


def _onward(request: httpx.Request, onward: httpx.Request, been: set[httpx.URL]) -> httpx.Request:
    """The next request, unless it goes in a circle, nowhere, or where anybody on the way can listen.

    httpx takes a log-in along to the same host only; one that stands in a redirect is none of ours.
    """
    onward.url = onward.url.copy_with(userinfo=b"")
    if onward.url.scheme not in {"http", "https"} or not onward.url.host:
        raise _leads_nowhere()
    if request.url.scheme == "https" and onward.url.scheme == "http":
        raise Obstacle(
            Trouble.INSECURE,
            "The address redirects from https to http, where anybody on the way can change what is read.",
        )
    if onward.url in been:
        raise Obstacle(
            Trouble.LOOP, "The address redirects in a circle; some hosts do so until a cookie is kept."
        )
    been.add(onward.url)
    return onward


def _with_what_it_was_asked(request: httpx.Request, log_in: bytes) -> httpx.URL:
    """The address of a request together with the log-in that it carries, which it will need the next time."""
    return request.url.copy_with(userinfo=log_in) if "authorization" in request.headers else request.url


def _leads_nowhere() -> Obstacle:
    return Obstacle(Trouble.DAMAGED, "The address redirects to something that is no web address.")
