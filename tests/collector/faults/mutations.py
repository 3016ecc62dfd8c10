"""Bodies as senders mean them, and what a broken, odd or hostile one makes of them. Pure; chance is handed in."""

import gzip
import json
import uuid
from collections.abc import Callable
from random import Random

import msgspec
import zstandard

Headers = dict[str, str]
Mutation = Callable[[Random, bytes], bytes]

# What breaks lines, logs, terminals and parsers.
NASTY = [
    b"\n", b"\r\n", b"\x00", b"\x1b[31mred", b"\x1b]0;title\x07", b'"}\n{"level":"error","message":"forged"}',
    b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\\n{\\\"level\\\":1}", "\u2028\u2029\u202e".encode(),
    b"1e999", b"-0", b"9" * 400, b"NaN", b"Infinity", b"[" * 300, b'{"a":' * 300, b"null", b"true", b'""',
    b'"event":"x",', b'"events":', b"\xef\xbb\xbf", b"'", b"${jndi:ldap://x}", b"%n%s%x", b"../../etc", b"<script>",
]  # fmt: skip


def body(chance: Random) -> bytes:
    """A valid one: an event, a list, or an envelope; each event has an id of its own."""
    several = [_event(chance) for _ in range(chance.randint(1, 5))]
    made = chance.choice([several[0], several, {"events": several, "sent_at": 1_790_000_000_000}])
    return json.dumps(made, ensure_ascii=chance.random() < 0.5).encode()


def _event(chance: Random) -> dict[str, object]:
    every = {
        "event": chance.choice(["page_view", "lead", "purchase"]), "id": uuid.UUID(int=chance.getrandbits(128)).hex,
        "ts": 1_790_000_000_000 + chance.randrange(10**9), "url": "https://shop.example/a?b=ü&utm_source=x",
        "ref": "https://www.example.org/", "sid": "s" * chance.randint(1, 100), "utm_campaign": "frühling",
        "value": chance.choice([12.5, "12.50", 1]), "currency": "EUR", "consent": chance.choice([True, "granted"]),
        "user_id": "ann", "props": {"a": [1, {"b": None}], "text": "x" * chance.randint(0, 500)},
    }  # fmt: skip
    kept = {name for name in every if chance.random() < 0.7} | {"event", "id"}
    return {name: value for name, value in every.items() if name in kept}


def _flip(chance: Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(chance: Random, body: bytes) -> bytes:
    return body[: chance.randrange(len(body))]


def _splice(chance: Random, body: bytes) -> bytes:
    """A piece of it once more, somewhere else; so fields and brackets are doubled."""
    start, end = sorted(chance.randrange(len(body)) for _ in range(2))
    at = chance.randrange(len(body))
    return body[:at] + body[start:end] + body[at:]


def _drop(chance: Random, body: bytes) -> bytes:
    start, end = sorted(chance.randrange(len(body)) for _ in range(2))
    return body[:start] + body[end:]


def _insert(chance: Random, body: bytes) -> bytes:
    at = chance.randrange(len(body) + 1)
    return body[:at] + chance.choice(NASTY) + body[at:]


def _in_a_string(chance: Random, body: bytes) -> bytes:
    """What is nasty as the value of a field, so that it is valid more often."""
    name = chance.choice(
        [b"event", b"id", b"url", b"ref", b"sid", b"currency", b"key", b"user_id", b"click_id"]
    )
    nasty = chance.choice(NASTY).replace(b'"', b'\\"')
    return body.replace(b'{"event":', b'{"%b": "%b", "event":' % (name, nasty), 1)


def _as_a_value(chance: Random, body: bytes) -> bytes:
    name = chance.choice([b"value", b"ts", b"sent_at", b"consent", b"props", b"event", b"events"])
    return body.replace(b'{"event":', b'{"%b": %b, "event":' % (name, chance.choice(NASTY)), 1)


def _deepen(chance: Random, body: bytes) -> bytes:
    depth = chance.choice([10, 1000, 5000])
    opening, closing = chance.choice([(b"[", b"]"), (b'{"a":', b"}")])
    deep = opening * depth + b"1" + closing * depth
    return chance.choice([deep, body.replace(b'{"event":', b'{"props": {"deep": %b}, "event":' % deep, 1)])


def _nothing(_: Random, body: bytes) -> bytes:
    return body


MUTATIONS: list[Mutation] = [
    _nothing, _flip, _cut, _splice, _drop, _insert, _in_a_string, _as_a_value, _deepen,
]  # fmt: skip


def _packed(chance: Random, body: bytes) -> tuple[bytes, Headers]:
    """As it travels: plain, gzip or zstd, and now and then broken on the way or called what it is not."""
    kind = chance.choice(["", "", "gzip", "zstd"])
    packed = {"": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}[kind](body)
    if kind and chance.random() < 0.3 and packed:
        packed = chance.choice([_flip, _cut, _splice])(chance, packed)
    if chance.random() < 0.1:
        kind = chance.choice(["gzip", "zstd", "br", "gzip, zstd", "identity", "\t", "GZIP"])
    return packed, {"Content-Encoding": kind} if kind else {}


def _bomb(chance: Random) -> tuple[bytes, Headers]:
    """Small on the way, large when it is unpacked."""
    size = chance.choice([2**21 - 100, 2**21 + 1, 2**25])
    if chance.random() < 0.5:
        return gzip.compress(b" " * size), {"Content-Encoding": "gzip"}
    return zstandard.compress(b" " * size), {"Content-Encoding": "zstd"}


def _framed(chance: Random, body: bytes, headers: Headers) -> tuple[bytes, Headers, bool]:
    """With its length, in chunks, or in chunks that are not what they say and perhaps never end."""
    if chance.random() < 0.7:
        return body, {**headers, "Content-Length": str(len(body))}, True
    pieces, at = b"", 0
    while at < len(body):
        piece = body[at : at + chance.randint(1, max(1, len(body) // 2))]
        pieces += b"%x\r\n%b\r\n" % (len(piece), piece)
        at += len(piece)
    whole, ends = pieces + b"0\r\n\r\n", chance.random() > 0.1
    sent = whole if ends else chance.choice([_flip, _splice, _cut])(chance, whole)
    return sent, {**headers, "Transfer-Encoding": "chunked"}, ends


def request(chance: Random) -> tuple[bytes, bool]:
    """A request to the door for pages, as bytes on the wire, and whether it comes to an end."""
    if chance.random() < 0.01:
        packed, headers = _bomb(chance)
    else:
        meant = body(chance)
        for _ in range(chance.choice([1, 1, 2])):
            meant = chance.choice(MUTATIONS)(chance, meant) or b" "
        packed, headers = _packed(chance, meant)
    framed, headers, ends = _framed(chance, packed, headers)
    headers["Content-Type"] = chance.choice(
        ["application/json", "text/plain", "application/x-www-form-urlencoded"]
    )
    if chance.random() < 0.1:
        headers["X-Request-Id"] = chance.choice(["from-the-proxy", '"}forged{"', "\x1b[31m-red-id", "ü" * 20])
    if chance.random() < 0.1:
        headers["User-Agent"] = chance.choice(['a"b', "\x1b[31m", "é" * 600, "x" * 2000])
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = b"POST /collect HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n%b\r\n" % told.encode("latin-1")
    return head + framed, ends


def results_of(answer: bytes) -> tuple[int, list[dict[str, str]]]:
    """The status, and what became of each event."""
    head, _, told = answer.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    return status, msgspec.json.decode(told)["results"] if status == 200 else []
