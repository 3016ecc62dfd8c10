"""The hot doors: what is sent to each, and every status, header and media type of its answers."""

from typing import Any

from collector.answers import Problem, Results
from collector.hooks import LARGEST_BODY, Provider
from collector.incoming import Envelope, IncomingEvent
from collector.openapi.schemas import Schema, reference, texts_of_event
from collector.passwords import LONGEST_PASSWORD
from collector.redirecting import ENDINGS
from collector.redirecting import PREFIX as LINKS
from collector.refusals import Reason
from collector.unsubscribing import PREFIX as UNSUBSCRIBES
from store.settings import Settings

Described = dict[str, Any]

JSON, PROBLEM, GIF, PAGE, TEXT = (
    "application/json",
    "application/problem+json",
    "image/gif",
    "text/html",
    "text/plain",
)
TEXTUAL: Schema = {"type": "string"}
BINARY: Schema = {}

RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds after which the same request is welcome again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
NOT_STORED = {"Cache-Control": {"required": True, "schema": {"enum": ["private, no-store", "no-store"]}}}
FOR_PAGES = {
    "Access-Control-Allow-Origin": {
        "description": "The page's own origin, where a key or the lack of one lets it in; never a wildcard.",
        "schema": TEXTUAL,
    },
    "Access-Control-Expose-Headers": {"schema": {"const": "retry-after"}},
    "Vary": {"schema": {"const": "origin"}},
}
OF_A_PAGE = {
    **NOT_STORED,
    "Content-Security-Policy": {"required": True, "schema": TEXTUAL},
    "X-Content-Type-Options": {"required": True, "schema": {"const": "nosniff"}},
    "Referrer-Policy": {"required": True, "schema": TEXTUAL},
}
PLAIN = {"X-Content-Type-Options": {"required": True, "schema": {"const": "nosniff"}}}
LAST_OF_ITS_CONNECTION = {
    "Connection": {
        "description": "A body that is too long is not read to its end.",
        "schema": {"const": "close"},
    }
}

MEANINGS = {
    200: "Everything that is said to be `ok` is on disk.",
    204: "As 200, to a request with `Prefer: return=minimal` of which nothing was rejected.",
    503: "Not now: the edge log is full or cannot be written, the keys are not known yet, or there are too many "
    "connections (which is said in plain text, and without Retry-After).",
    500: "A fault of ours; the log has it under the request's id.",
}


def doors(settings: Settings) -> dict[str, Described]:
    """By path."""
    collect = _collect(settings)
    return {
        "/collect": collect,
        "/attribution/collect": {**collect, "summary": "The same door, as pixels in the wild call it."},
        "/events": _events(settings),
        "/pixel.gif": _pixel(),
        f"{LINKS}{{slug}}": _link(),
        f"{UNSUBSCRIBES}{{token}}": _unsubscribe(),
        "/hooks/{provider}": (hooks := _hooks()),
        "/webhooks/{provider}": {**hooks, "summary": "The same door by its other name."},
    }


def _collect(settings: Settings) -> Described:
    refusals = [400, 401, 403, 413, 415, 429]
    return {
        "summary": "Events of pages.",
        "parameters": [
            _in_query("key", "The site's key.", {**TEXTUAL, "maxLength": 128}),
            _in_header("Origin", "Names the tenant where there is no key."),
        ],
        "post": {
            "parameters": [
                _in_header("X-Write-Key", "The site's key."),
                _in_header("Sec-GPC", "Global Privacy Control: `1` objects."),
                _in_header("DNT", "Do Not Track: `1` objects."),
                *_how_it_travels(),
            ],
            "requestBody": _events_body(settings),
            "responses": _results(refusals, FOR_PAGES),
        },
        "options": {
            "summary": "What a browser asks before it sends a header of ours.",
            "parameters": [_in_header("Access-Control-Request-Method", "What it wants to do.")],
            "responses": {
                "204": _answer(
                    "The page may send, where its origin is named.",
                    headers={
                        **FOR_PAGES,
                        "Access-Control-Allow-Methods": {"schema": {"const": "POST"}},
                        "Access-Control-Allow-Headers": {"schema": TEXTUAL},
                        "Access-Control-Max-Age": {"schema": {"type": "integer"}},
                    },
                )
            },
        },
    }


def _events(settings: Settings) -> Described:
    return {
        "summary": "Events of servers, signed.",
        "post": {
            "parameters": [
                _in_header("X-Write-Key", "The server key's public half.", required=True),
                _in_header("X-Timestamp", "Seconds since 1970; five minutes are tolerated.", required=True),
                _in_header(
                    "X-Signature",
                    "hex(HMAC-SHA256(secret, timestamp + `.` + body)); several may stand there, with commas between.",
                    required=True,
                ),
                *_how_it_travels(),
            ],
            "requestBody": _events_body(settings),
            "responses": _results([400, 401, 413, 415, 429], {}),
        },
        "options": {"responses": {"204": _answer("Nothing: this door is not for pages.")}},
    }


def _pixel() -> Described:
    def image(meaning: str) -> Described:
        return _answer(meaning, GIF, BINARY, NOT_STORED)

    parameters = [
        {"name": name, "in": "query", "required": False, "description": text["description"], "schema": text}
        for name, text in texts_of_event().items()
    ]
    refusals = {str(status): image(_refusals(status)) for status in (400, 401, 403, 413, 429)}
    return {
        "summary": "An event without script; whatever becomes of it, the page gets its image.",
        "get": {
            "parameters": [*parameters, _in_header("Referer", "The page, whose origin names the tenant.")],
            "responses": {
                "200": image("The event is on disk."),
                **refusals,
                "500": _problem(MEANINGS[500]),
                "503": image("The event could not be written down."),
            },
        },
    }


def _link() -> Described:
    def page(meaning: str, more: Described | None = None) -> Described:
        return _answer(meaning, PAGE, TEXTUAL, {**OF_A_PAGE, **(more or {})})

    endings: dict[int, str] = {404: "There is no such link.", 503: "The links are being read."}
    for status, title, text in ENDINGS.values():
        endings[status] = f"{endings.get(status, '')} {title}: {text}".strip()
    ended = {
        str(status): page(meaning, RETRY_AFTER if status == 503 else None)
        for status, meaning in endings.items()
    }
    location = {"Location": {"required": True, "schema": TEXTUAL}, **NOT_STORED}
    answers = {
        "200": page("The form that asks for the link's password."),
        "302": _answer("To the record's target; the click is on disk.", headers=location),
        **ended,
        "500": _problem(MEANINGS[500]),
    }
    return {
        "summary": "A short link.",
        "parameters": [_in_path("slug", {**TEXTUAL, "minLength": 1})],
        "get": {"responses": answers},
        "head": {"responses": {status: _without_body(told) for status, told in answers.items()}},
        "post": {
            "summary": "The password of a link that has one.",
            "requestBody": {
                "content": {
                    "application/x-www-form-urlencoded": {
                        "schema": {
                            "type": "object",
                            "required": ["password"],
                            "properties": {"password": {**TEXTUAL, "maxLength": LONGEST_PASSWORD}},
                        }
                    }
                }
            },
            "responses": {
                **ended,
                "303": _answer("It fits: to the record's target; the click is on disk.", headers=location),
                "400": page("The form came only in part."),
                "403": page(f"It does not fit. {endings[403]}"),
                "405": page("The link has no password.", {"Allow": {"schema": {"const": "GET, HEAD"}}}),
                "413": page("The form is too long."),
                "429": page("Too many passwords were tried."),
                "500": _problem(MEANINGS[500]),
            },
        },
    }


def _unsubscribe() -> Described:
    def page(meaning: str) -> Described:
        return _answer(meaning, PAGE, TEXTUAL, OF_A_PAGE)

    shown = {
        "200": page("A page with a button; nothing is changed."),
        "404": page("The link is not complete."),
        "500": _problem(MEANINGS[500]),
    }
    return {
        "summary": "The end of marketing mail.",
        "parameters": [_in_path("token", {**TEXTUAL, "minLength": 1})],
        "get": {"responses": shown},
        "head": {"responses": {status: _without_body(told) for status, told in shown.items()}},
        "post": {
            "summary": "At once (RFC 8058): no log-in, cookie or question.",
            "responses": {
                **shown,
                "200": page("The address gets no more marketing mail."),
                "503": page("It could not be written down.") | {"headers": {**OF_A_PAGE, **RETRY_AFTER}},
            },
        },
    }


def _hooks() -> Described:
    taken = _answer(
        "The call is proven and on disk, or was before; or a challenge is echoed.", TEXT, TEXTUAL, PLAIN
    )
    refusals = {str(status): _problem(_refusals(status)) for status in (400, 401, 413, 429)}
    answers = {
        "200": taken,
        **refusals,
        "404": _problem("There is no such provider."),
        "500": _problem(MEANINGS[500]),
        "503": _not_now({}),
    }
    return {
        "summary": "A provider's web hook, proven by the provider's own scheme.",
        "parameters": [_in_path("provider", {"enum": [provider.value for provider in Provider]})],
        "get": {"summary": "Challenges.", "responses": answers},
        "post": {
            "requestBody": {
                "description": f"As the provider sends it, at most {LARGEST_BODY // 2**20} MB.",
                "content": {"*/*": {"schema": BINARY}},
            },
            "responses": answers,
        },
    }


def _events_body(settings: Settings) -> Described:
    event = reference(IncomingEvent)
    several = {"type": "array", "items": event, "minItems": 1, "maxItems": settings.collect_max_batch}
    return {
        "required": True,
        "description": "One event, a list of events, or an envelope around such a list; JSON whatever the content "
        f"type says. At most {settings.collect_max_body_bytes:,} bytes as it travels and "
        f"{settings.collect_max_unpacked_bytes:,} unpacked. An event that is wrong does not cost the others.",
        "content": {JSON: {"schema": {"anyOf": [event, several, reference(Envelope)]}}},
    }


def _how_it_travels() -> list[Described]:
    encodings = {"enum": ["gzip", "zstd", "identity"]}
    return [
        _in_header("Content-Encoding", "How the body is packed.", schema=encodings),
        _in_header("Prefer", "`return=minimal` asks for 204.", schema={"const": "return=minimal"}),
        _in_header("X-Request-Id", "The proxy's own id of the request.", schema={**TEXTUAL, "maxLength": 64}),
    ]


def _results(refusals: list[int], headers: Described) -> Described:
    return {
        "200": _answer(MEANINGS[200], JSON, reference(Results), headers),
        "204": _answer(MEANINGS[204], headers=headers),
        **{str(status): _problem(_refusals(status), headers, status) for status in refusals},
        "500": _problem(MEANINGS[500]),
        "503": _not_now(headers),
    }


def _refusals(status: int) -> str:
    """The reasons that have this status."""
    reasons = ", ".join(f"`{reason}`" for reason in Reason if reason.status == status)
    return f"Nothing was taken: {reasons}."


def _problem(meaning: str, headers: Described | None = None, status: int = 0) -> Described:
    told = {**NOT_STORED, **(headers or {})}
    if status == 413:
        told |= LAST_OF_ITS_CONNECTION
    if status == 429:
        told |= RETRY_AFTER
    return _answer(meaning, PROBLEM, reference(Problem), told)


def _not_now(headers: Described) -> Described:
    told = _problem(MEANINGS[503], {**headers, **RETRY_AFTER})
    told["content"][TEXT] = {"schema": TEXTUAL}
    return told


def _answer(
    meaning: str, media_type: str = "", schema: Schema | None = None, headers: Described | None = None
) -> Described:
    told: Described = {"description": meaning}
    if headers:
        told["headers"] = headers
    if media_type:
        told["content"] = {media_type: {"schema": schema}}
    return told


def _without_body(answer: Described) -> Described:
    return {part: told for part, told in answer.items() if part != "content"}


def _in_header(name: str, meaning: str, *, required: bool = False, schema: Schema | None = None) -> Described:
    return {
        "name": name, "in": "header", "required": required, "description": meaning, "schema": schema or TEXTUAL,
    }  # fmt: skip


def _in_query(name: str, meaning: str, schema: Schema) -> Described:
    return {"name": name, "in": "query", "description": meaning, "schema": schema}


def _in_path(name: str, schema: Schema) -> Described:
    return {"name": name, "in": "path", "required": True, "schema": schema}
