"""While a store is away the edge goes on, and nothing is lost when it comes back."""

import signal
import uuid
from pathlib import Path

from sqlalchemy import text

from store import events, records
from store.records.collector_keys import CollectorKey, KeyKind
from store.settings import Role, Service, Settings
from tests.collector.conftest import SHOP, Collector, Site, arrived, environment, running_collector, stored
from tests.collector.relay import relay_to
from tests.conftest import wait_until


def send_some(collector: Collector, count: int = 5) -> list[str]:
    ids = [uuid.uuid4().hex for _ in range(count)]
    for event_id in ids:
        assert collector.collect({"event": "lead", "id": event_id}).status_code == 200
    return ids


def each_arrives_once(warehouse: events.Client, site: Site, ids: list[str]) -> None:
    for event_id in ids:
        arrived(warehouse, site.tenant, event_id)


def is_degraded(collector: Collector, part: str) -> bool:
    return part in collector.http.get("/readyz").json()["degraded"]


def test_clickhouse_away_and_back(
    settings: Settings, site: Site, warehouse: events.Client, tmp_path: Path
) -> None:
    with relay_to(settings.port(Service.CLICKHOUSE)) as wire:
        through_wire = settings.clickhouse_address().replace(
            f":{settings.port(Service.CLICKHOUSE)}", f":{wire.port}"
        )
        given = environment(settings, tmp_path, DEFAULT_TENANT=site.slug, CLICKHOUSE_URL=through_wire)
        with running_collector(given) as collector:
            before = send_some(collector)
            each_arrives_once(warehouse, site, before)
            wire.cut()
            meanwhile = send_some(collector)
            wait_until("the cut to be seen", lambda: is_degraded(collector, "clickhouse"), 30)
            meanwhile += send_some(collector)
            assert collector.metric("collector_backlog_bytes") > 0
            assert collector.http.get("/readyz").status_code == 200
            wire.mend()
            each_arrives_once(warehouse, site, meanwhile)
            wait_until("the backlog", lambda: collector.metric("collector_backlog_bytes") == 0, 60)
            assert not is_degraded(collector, "clickhouse")


def test_the_next_process_ships_what_the_last_one_could_not(
    settings: Settings, site: Site, warehouse: events.Client, tmp_path: Path
) -> None:
    nowhere = {"DEFAULT_TENANT": site.slug, "CLICKHOUSE_URL": "http://127.0.0.1:1/"}
    with running_collector(environment(settings, tmp_path, **nowhere)) as collector:
        ids = send_some(collector)
        collector.process.send_signal(signal.SIGTERM)
        assert collector.process.wait(20) == 0
    assert not stored(warehouse, site.tenant, ids[0])
    with running_collector(environment(settings, tmp_path, DEFAULT_TENANT=site.slug)) as collector:
        each_arrives_once(warehouse, site, ids)
        wait_until("the backlog", lambda: collector.metric("collector_backlog_bytes") == 0, 30)
    assert len(list((tmp_path / "spool").glob("*/*.loaded"))) >= 1


def test_known_links_redirect_while_postgres_is_away(
    settings: Settings, site: Site, warehouse: events.Client, tmp_path: Path
) -> None:
    port = settings.port(Service.POSTGRES)
    with relay_to(port) as wire:
        given = environment(settings, tmp_path, DEFAULT_TENANT=site.slug)
        given["DATABASE_URL"] = given["DATABASE_URL"].replace(f":{port}/", f":{wire.port}/")
        with running_collector(given) as collector:
            wire.cut()
            wait_until("the cut to be seen", lambda: is_degraded(collector, "postgres"), 30)
            answer = collector.http.get(f"/r/{site.link}")
            assert answer.status_code == 302
            click = answer.headers["location"].split("mp_cid=")[1].partition(".")[0]
            assert arrived(warehouse, site.tenant, click)["link_id"] == site.link_id
            each_arrives_once(warehouse, site, send_some(collector))
            wire.mend()
            wait_until("Postgres to be seen again", lambda: not is_degraded(collector, "postgres"), 60)


def test_without_keys_and_links_nothing_is_promised(settings: Settings, tmp_path: Path) -> None:
    """A process that starts while Postgres is away asks to come again, rather than to call keys unknown."""
    given = environment(settings, tmp_path, DATABASE_URL="postgresql://mp_edge:none@127.0.0.1:1/none")
    with running_collector(given, takes_events=False) as collector:
        answer = collector.collect({"event": "page_view"})
        assert (answer.status_code, answer.json()["reason"]) == (503, "not_now")
        assert int(answer.headers["retry-after"]) > 0
        assert collector.http.get("/r/anything").status_code == 503
        assert collector.http.get("/readyz").status_code == 503


def test_keys_change_while_links_are_still_being_read(settings: Settings, site: Site, tmp_path: Path) -> None:
    new_key = CollectorKey(
        tenant_id=site.tenant, kind=KeyKind.BROWSER, public_key=f"pk_{uuid.uuid4().hex}", origins=[SHOP]
    )
    with records.session(settings, Role.OWNER) as reader:
        reader.execute(text("lock table links in access exclusive mode"))
        with running_collector(environment(settings, tmp_path)) as collector:
            event = {"event": "lead", "key": new_key.public_key}
            assert collector.collect(event, Origin=SHOP).status_code == 401
            with records.session(settings, Role.OWNER) as session:
                session.add(new_key)
            wait_until("the key", lambda: collector.collect(event, Origin=SHOP).status_code == 200, 20)
            assert is_degraded(collector, "links")
            assert collector.http.get(f"/r/{site.link}").status_code == 503
            reader.rollback()
            wait_until("the links", lambda: collector.http.get(f"/r/{site.link}").status_code == 302, 20)


def test_a_full_spool_asks_to_come_again_and_recovers(
    settings: Settings, site: Site, warehouse: events.Client, tmp_path: Path
) -> None:
    port = settings.port(Service.CLICKHOUSE)
    with relay_to(port) as wire:
        wire.cut()
        through_wire = settings.clickhouse_address().replace(f":{port}", f":{wire.port}")
        limits = {"SPOOL_MAX_BYTES": str(2**20), "CLICKHOUSE_URL": through_wire}
        given = environment(settings, tmp_path, DEFAULT_TENANT=site.slug, **limits)
        with running_collector(given) as collector:
            ids = fill(collector)
            assert "spool" in collector.http.get("/readyz").json()["degraded"]
            redirect = collector.http.get(f"/r/{site.link}")
            assert redirect.status_code == 302
            assert "mp_cid" not in redirect.headers["location"]
            assert collector.metric("collector_clicks_not_recorded_total") == 1
            wire.mend()
            each_arrives_once(warehouse, site, ids)
            wait_until("room", lambda: collector.http.get("/readyz").status_code == 200, 60)
            each_arrives_once(warehouse, site, send_some(collector))


def fill(collector: Collector) -> list[str]:
    """Sends until the collector asks to come again; what it took before is promised."""
    taken: list[str] = []
    for _ in range(20):
        answer = collector.collect([{"event": "lead", "props": {"text": "x" * 15_000}}] * 10)
        if answer.status_code == 503:
            assert answer.json()["reason"] == "not_now"
            assert int(answer.headers["retry-after"]) > 0
            return taken
        taken += [result["id"] for result in answer.json()["results"]]
    raise AssertionError("the spool was never full")
