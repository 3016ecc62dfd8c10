"""What goes out: JSON, problems (RFC 9457), pages, pixels and redirects, as bytes."""

import html
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from collector.refusals import NotNow, Refused
from collector.requests import Headers, Send

HeaderList = list[tuple[bytes, bytes]]

JSON: HeaderList = [(b"content-type", b"application/json")]
PROBLEM: HeaderList = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store")]
PAGE: HeaderList = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"private, no-store"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
GIF: HeaderList = [(b"content-type", b"image/gif"), (b"cache-control", b"private, no-store")]
PIXEL = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"
)

_encode = msgspec.json.Encoder().encode


class Result(msgspec.Struct, frozen=True, gc=False):
    """What became of one event of a request."""

    id: str
    status: Literal["ok", "duplicate", "rejected", "retry"]
    reason: str = ""


class Results(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The answer to a request of which something was taken, event by event."""

    ok: bool = True
    results: list[Result]


class Problem(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Why nothing was taken (RFC 9457), under the id by which the log and raw.rejected have it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    reason: str
    request_id: str
    ok: bool = False
    results: list[Result] | UnsetType = UNSET


async def answer(out: Send, status: int, headers: HeaderList, body: bytes = b"") -> None:
    if status != 204:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await out({"type": "http.response.start", "status": status, "headers": headers})
    await out({"type": "http.response.body", "body": body})


def results(found: list[Result]) -> bytes:
    return _encode(Results(results=found))


async def answer_problem(
    out: Send, refused: Refused, request_id: str, cors: HeaderList, found: list[Result] | None = None
) -> None:
    body = problem(
        refused.reason.status, refused.reason.headline, refused.detail,
        reason=refused.reason, request_id=request_id, results=found,
    )  # fmt: skip
    headers = [*PROBLEM, *cors]
    if refused.reason.status == 413:
        headers.append((b"connection", b"close"))  # the rest of a body that is too long is not waited for
    if refused.retry_after:
        headers.append((b"retry-after", b"%d" % refused.retry_after))
    await answer(out, refused.reason.status, headers, body)


async def answer_not_now(
    out: Send, problem_now: NotNow, request_id: str, cors: HeaderList, found: list[Result] | None = None
) -> None:
    headers = [*PROBLEM, *cors, (b"retry-after", b"%d" % problem_now.retry_after)]
    body = problem(503, "Not now", problem_now.detail, reason="not_now", request_id=request_id, results=found)
    await answer(out, 503, headers, body)


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    reason: str,
    request_id: str,
    results: list[Result] | None = None,
) -> bytes:
    told = Problem(
        title=title, status=status, detail=detail, reason=reason, request_id=request_id,
        results=UNSET if results is None else results,
    )  # fmt: skip
    return _encode(told)


def page(title: str, text: str, *, button: str = "", password: str = "") -> bytes:
    """A page for a person who followed a link; its button posts to the page's own address.

    `password` is what stands beside a field for one, where the form has it.
    """
    title, text = html.escape(title), html.escape(text)
    field = (
        f'<label>{html.escape(password)} <input type="password" name="password" maxlength="200" '
        'autocomplete="off" autofocus required></label> '
        if password
        else ""
    )
    form = f'<form method="post">{field}<button>{html.escape(button)}</button></form>' if button else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/edge.css">'
        f"</head><body><main><h1>{title}</h1><p>{text}</p>{form}</main></body></html>"
    ).encode()


@lru_cache(maxsize=4096)
def cors(origin: str) -> HeaderList:
    """Lets the page read the answer: its own origin by name, and never with cookies."""
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", b"retry-after"),
        (b"vary", b"origin"),
    ]


def preflight(origin: str, headers: Headers) -> HeaderList:
    """What a browser asks before it sends a header of ours."""
    if b"access-control-request-method" not in headers:
        return cors(origin)
    return [
        *cors(origin),
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", b"content-type, content-encoding, prefer, x-write-key"),
        (b"access-control-max-age", b"600"),
    ]
