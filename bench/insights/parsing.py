"""How fast the connectors make rows of answers that are there already, beside msgspec decoding the same bytes alone."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import httpx
import msgspec

from connectors import insights_reader
from connectors.face import Channel, Level, ReadsInsights, Wire
from connectors.sandbox import CREDENTIALS, endpoint

ROUNDS = 5
DAYS = 2  # LinkedIn cuts what is longer than 15,000 rows


@dataclass
class Tape(httpx.BaseTransport):
    """The answers to requests, asked for once and then played from memory."""

    asked_for: httpx.BaseTransport = field(default_factory=httpx.HTTPTransport)
    answers: dict[bytes, bytes] = field(default_factory=dict)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        key = str(request.url).encode() + request.read()
        if key not in self.answers:
            answer = self.asked_for.handle_request(request)
            self.answers[key] = answer.read()
        return httpx.Response(200, content=self.answers[key])


def quickest(work: Callable[[], object]) -> float:
    seconds = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        seconds = min(seconds, time.process_time() - began)
    return seconds


def rates(channel: Channel, address: str, account: str, last: date) -> tuple[int, float, float]:
    """So many rows, and how many of them a second by the connector and by msgspec alone."""
    tape = Tape()
    with httpx.Client(transport=tape) as http:
        wire = Wire(http=http, endpoint=endpoint(channel, address))
        reader = insights_reader(channel, CREDENTIALS[channel], wire)

        def read() -> int:
            return _count(reader, account, last)

        rows = read()
        ours = quickest(read)
    bodies = list(tape.answers.values())
    alone = quickest(lambda: [msgspec.json.decode(body) for body in bodies])
    return rows, rows / ours, rows / alone


def _count(reader: ReadsInsights, account: str, last: date) -> int:
    return sum(1 for _ in reader.insights(account, last - timedelta(days=DAYS - 1), last, Level.AD))
