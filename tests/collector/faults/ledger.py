"""The books of a fault: what was answered, what stands in the log, and what is in ClickHouse. They must agree."""

import os
import subprocess
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec

from collector.edge_log import EVENTS, Volume, lines, volumes
from collector.edge_log.lines import Whole
from store import events
from store.settings import Settings
from tests.collector.conftest import PERSON, Site, environment, started
from tests.conftest import wait_until

BATCH = 5
SENDERS = 4


def busy_edge(settings: Settings, data: Path, site: Site, **given: str) -> dict[str, str]:
    """A collector's environment: keyless events are the site's, in any number."""
    return environment(settings, data, DEFAULT_TENANT=site.slug, COLLECT_MAX_ADDRESS_RATE="0", **given)


@dataclass
class Ledger:
    """What senders were told of each event, by the event's id."""

    answered: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    not_now: list[str] = field(default_factory=list)

    def send(self, http: httpx.Client, ids: Sequence[str], text: str = "") -> None:
        """One request, and what became of it; the text makes its events as large as wanted."""
        told = [{"event": "lead", "id": each, "props": {"text": text}} for each in ids]
        try:
            answer = http.post("/collect", json=told)
        except httpx.TransportError:
            self.unanswered += ids
            return
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            self.not_now += ids
            return
        assert answer.status_code == 200, answer.text
        self.answered += [each["id"] for each in answer.json()["results"] if each["status"] == "ok"]

    @contextmanager
    def load(self, address: httpx.URL) -> Iterator[None]:
        """Several senders who do not rest as long as the block lasts."""
        end = threading.Event()

        def keep_sending() -> None:
            with httpx.Client(base_url=address, headers={"User-Agent": PERSON}, timeout=30) as http:
                while not end.is_set():
                    answered = len(self.answered)
                    self.send(http, [uuid.uuid4().hex for _ in range(BATCH)])
                    if len(self.answered) == answered:
                        end.wait(0.05)

        senders = [threading.Thread(target=keep_sending) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        try:
            yield
        finally:
            end.set()
            for sender in senders:
                sender.join()

    def wait_for_answers(self, requests: int = 20) -> None:
        before = len(self.answered)
        wait_until("answers", lambda: len(self.answered) >= before + requests * BATCH, every=0.01)


class Line(msgspec.Struct):
    log: str
    tenant_id: int = 0
    event_id: str = ""


def in_the_log(spool: Path, tenant: int) -> Counter[str]:
    """How often each event of a tenant stands in the log, as its own reader finds it; every writer is gone."""
    found: Counter[str] = Counter()
    for path in volumes.all_in(spool):
        lock = volumes.locked(path / volumes.LOCK)
        assert lock is not None, f"{path.name} is still being written"
        for segment in Volume(path, lock).segments():
            log = memoryview(segment.path.read_bytes())
            for whole in (each for each in lines.read(log) if isinstance(each, Whole)):
                said = msgspec.json.decode(
                    b"[" + bytes(log[whole.start : whole.end - 1]).replace(b"\n", b",") + b"]",
                    type=list[Line],
                )
                found.update(
                    each.event_id
                    for each in said
                    if each.log[0] == EVENTS.decode() and each.tenant_id == tenant
                )
        os.close(lock)
    return found


def in_clickhouse(warehouse: events.Client, tenant: int) -> Counter[str]:
    """How often each event of a tenant is there, as it is and not deduplicated."""
    query = "select event_id, count() from raw.events where tenant_id = {tenant:Int64} group by event_id"
    rows = warehouse.query(query, parameters={"tenant": tenant}).named_results()
    return Counter({row["event_id"]: row["count()"] for row in rows})


def wait_for_rows(warehouse: events.Client, tenant: int) -> None:
    """Returns when more of a tenant's events are in ClickHouse than before."""
    before = in_clickhouse(warehouse, tenant).total()
    wait_until("rows", lambda: in_clickhouse(warehouse, tenant).total() > before, 60)


@contextmanager
def shipping(given: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The spool's shipper alone."""
    with (Path(given["DATA_DIR"]) / "shipper.log").open("ab") as output:
        process = started("collector.shipping", given, output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def ship_everything(given: dict[str, str]) -> None:
    """Loads what is left when all collectors of a spool are gone."""
    spool = Path(given["DATA_DIR"]) / "spool"
    with shipping(given):
        wait_until("everything to be loaded", lambda: not list(spool.glob("*/*.segment")), 180)


def reckon(
    ledger: Ledger,
    given: dict[str, str],
    warehouse: events.Client,
    tenant: int,
    *,
    damaged: Sequence[str] = (),
    all_known: bool = True,
) -> None:
    """Ships what is left, and compares: each answered event once in the log and once in ClickHouse.

    Of a request whose answer was lost, nobody can know; but what of it is in the log is in ClickHouse too, once.
    Not all ids are known where senders do not choose them and some have not waited for the answer.
    """
    ship_everything(given)
    records = in_the_log(Path(given["DATA_DIR"]) / "spool", tenant)
    rows = in_clickhouse(warehouse, tenant)
    promised = Counter(ledger.answered) - Counter(damaged)
    unsure = {*ledger.unanswered, *ledger.not_now}
    print(
        f"{len(ledger.answered)} answers, {_of(promised, records)} log records, {_of(promised, rows)} rows"
        f" ({len(damaged)} damaged); of {len(unsure)} events whose answer was lost or `not now`: "
        f"{_of(unsure, records)} log records, {_of(unsure, rows)} rows"
    )
    assert promised, "nothing was ever answered"
    assert set(promised.values()) == {1}
    assert rows == records
    assert set(rows.values()) == {1}
    assert promised.keys() <= rows.keys()
    assert not all_known or rows.keys() <= promised.keys() | unsure


def _of(ids: Counter[str] | set[str], found: Counter[str]) -> int:
    return sum(found[each] for each in ids)
