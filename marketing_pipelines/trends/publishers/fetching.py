"""Fetching: one polite, bounded request for a feed; whatever a host does ends in an answer."""

import hashlib
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from connectors import public_network
from marketing_pipelines.trends.publishers import bodies, redirects, wishes
from marketing_pipelines.trends.publishers.troubles import Obstacle, Trouble
from store import clock

LARGEST_BODY = 16 * 2**20
LONGEST_FETCH = 45.0
LONGEST_CONTENT_TYPE = 200
LONGEST_SILENCE = httpx.Timeout(10.0, connect=5.0, pool=None)
KEPT_CONNECTIONS = 32
PRODUCT = "MarketingPipelines"
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, */*;q=0.5"
)

# By these headers guards against robots say that they, not the site behind them, have answered.
_GUARDS = ("cf-mitigated", "x-amzn-waf-action", "x-datadome", "x-sucuri-block")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer; `url` is where it was found after redirects.

    `moved_to` is to be remembered once the answer has turned out to be a feed. Who has read a body with the
    same hash before need not read it again.
    """

    body: bytes
    body_hash: str
    content_type: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str | None = None
    not_before: timedelta | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The publisher says that nothing is new; a validator that is told anew takes the place of the old."""

    etag: str | None = None
    last_modified: str | None = None
    moved_to: str | None = None
    not_before: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there is nothing to read and what to do; not to be asked for before `retry_after` has passed."""

    reason: str
    kind: Trouble
    retry_after: timedelta | None = None
    status: int | None = None

    @property
    def gone(self) -> bool:
        return self.kind is Trouble.GONE


def open_client(*, allow_private: bool, contact: str = "", tls: ssl.SSLContext | None = None) -> httpx.Client:
    """A client that says who asks, and where to write if it asks too much; it never goes inside unless allowed."""
    about = f"feed reader; {contact}" if contact else "feed reader"
    return public_network.client(
        allow_private=allow_private,
        user_agent=f"{PRODUCT}/0.1 ({about})",
        timeout=LONGEST_SILENCE,
        kept=KEPT_CONNECTIONS,
        tls=tls,
    )


def fetch(
    client: httpx.Client,
    url: str,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    largest_body: int = LARGEST_BODY,
    whole: bool = True,
    longest: float = LONGEST_FETCH,
    accept: str = ACCEPT,
) -> Fetched | NotModified | Failed:
    """Asks for a document unless it is unchanged; whatever goes wrong is an answer, never an exception.

    Of a document that is too large the beginning will do where it need not be whole.
    """
    headers = {"accept": accept, "accept-encoding": bodies.ACCEPTED}
    if etag:
        headers["if-none-match"] = etag
    if last_modified:
        headers["if-modified-since"] = last_modified
    try:
        with public_network.within(longest):
            response, moved_to = redirects.follow(client, client.build_request("GET", url, headers=headers))
            with closing(response):
                if response.status_code == httpx.codes.NOT_MODIFIED and (etag or last_modified):
                    return _not_modified(response, moved_to)
                if response.status_code != httpx.codes.OK:
                    return _refused(response)
                body = _document(response, largest_body) if whole else _beginning(response, largest_body)
                return _fetched(response, body, moved_to)
    except Obstacle as met:
        return _failed(met)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return _failed(_obstacle(error))


def host_of(url: str) -> str:
    """Whom a request presses on."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def server_of(url: str) -> str:
    """Who answers a request: the host, and the port where that is not the usual one."""
    try:
        host, port = host_of(url), urlsplit(url).port
    except ValueError:
        return ""
    return f"{host}:{port}" if port else host


def _document(response: httpx.Response, largest: int) -> bytes:
    length = response.headers.get("content-length", "")
    if length.isdigit() and int(length) > largest:
        raise bodies.TooLarge(largest)
    encoding = response.headers.get("content-encoding", "")
    return b"".join(bodies.unpacked(response.iter_raw(), encoding, largest))


def _beginning(response: httpx.Response, longest: int) -> bytes:
    """As much of a document as fits."""
    encoding, heard = response.headers.get("content-encoding", ""), bytearray()
    with suppress(bodies.TooLarge):
        for part in bodies.unpacked(response.iter_raw(), encoding, longest):
            heard += part
    return bytes(heard)


def _fetched(response: httpx.Response, body: bytes, moved_to: str | None) -> Fetched:
    return Fetched(
        body=body,
        body_hash=hashlib.sha256(body).hexdigest(),
        content_type=response.headers.get("content-type", "")[:LONGEST_CONTENT_TYPE],
        # Entries' links are resolved against it, and none of them may carry a log-in into the world.
        url=str(response.url.copy_with(userinfo=b"")),
        etag=wishes.etag(response.headers),
        last_modified=wishes.last_modified(response.headers),
        moved_to=moved_to,
        not_before=wishes.not_before(response.headers, clock.now()),
    )


def _not_modified(response: httpx.Response, moved_to: str | None) -> NotModified:
    redirects.finish(response)
    return NotModified(
        etag=wishes.etag(response.headers),
        last_modified=wishes.last_modified(response.headers),
        moved_to=moved_to,
        not_before=wishes.not_before(response.headers, clock.now()),
    )


def _refused(response: httpx.Response) -> Failed:
    redirects.finish(response)
    status = response.status_code
    what = f"The host answers {status} {httpx.codes.get_reason_phrase(status)}".rstrip()
    kind = _kind_of(status, response.headers)
    if kind is Trouble.BLOCKED:
        what += ", and it is a guard against robots that does"
    elif status == httpx.codes.NOT_MODIFIED:
        what += " though it was not told of an earlier copy"
    return _failed(
        Obstacle(kind, f"{what}."),
        status=status,
        retry_after=wishes.retry_after(response.headers, clock.now()),
    )


def _kind_of(status: int, headers: Mapping[str, str]) -> Trouble:
    """What an answer other than a document means; a guard may answer with any status."""
    if any(guard in headers for guard in _GUARDS):
        return Trouble.BLOCKED
    match status:
        case 404:
            return Trouble.NOT_FOUND
        case 410:
            return Trouble.GONE
        case 429 | 503:
            return Trouble.BUSY
        case 408 | 421 | 425:
            return Trouble.SERVER
        case _ if 400 <= status < 500:
            return Trouble.REFUSED
        case _ if status >= 500:
            return Trouble.SERVER
        case _:
            return Trouble.DAMAGED


def _failed(met: Obstacle, *, status: int | None = None, retry_after: timedelta | None = None) -> Failed:
    return Failed(f"{met.what} {met.trouble.advice}", met.trouble, retry_after, status)


def _obstacle(error: Exception) -> Obstacle:
    """An error of the client's in words; its own are only shown where they tell more than ours."""
    match error:
        case public_network.NotAllowed():
            return Obstacle(Trouble.PRIVATE, _one_line(error))
        case httpx.ConnectError() if untrusted := _certificate_error(error):
            return Obstacle(
                Trouble.UNTRUSTED, f"The host's certificate does not hold: {untrusted.verify_message}."
            )
        case httpx.ConnectError():
            return Obstacle(Trouble.UNREACHABLE, f"The host cannot be reached: {_one_line(error)}")
        case httpx.ConnectTimeout():
            return Obstacle(Trouble.UNREACHABLE, "The host does not take the call.")
        case httpx.TimeoutException():
            return Obstacle(Trouble.TOO_SLOW, "The host took too long to answer.")
        case httpx.NetworkError() | httpx.RemoteProtocolError():
            return Obstacle(Trouble.DAMAGED, f"The answer breaks off or is none: {_one_line(error)}")
        case _:
            return Obstacle(Trouble.WRONG_ADDRESS, f"The address cannot be asked: {_one_line(error)}")


def _certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    line = "".join(character for character in text if character.isprintable())[:300]
    return line if line.endswith((".", "!", "?")) else f"{line}."
