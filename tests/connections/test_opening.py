"""Opening connections: one worker renews a token, the others find the new one, and nobody uses what is not kept."""

import threading
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.errors import AuthRevoked
from connectors.face import Channel, ReadsInsights
from connectors.retries import Patience
from connectors.sandbox import CREDENTIALS
from marketing_pipelines.connections import opening
from store import records
from store.records import connections
from store.records.accounts import AccountStatus
from store.records.connections import ConnectionStatus
from store.settings import Role
from tests.insights.advertiser import SOMEBODY, Advertiser

DAY = datetime.now(UTC).date() - timedelta(days=3)
GOOGLE, META = "1112223333", "555000111"
WORKERS = 6


def test_many_workers_renew_one_token_once(advertiser: Advertiser):
    stale = {**CREDENTIALS[Channel.GOOGLE_ADS], "access_token": "stale"}
    number = advertiser.connect(Channel.GOOGLE_ADS, GOOGLE, secrets=stale)
    row = advertiser.connection(number)
    asked: list[str] = []
    together = threading.Barrier(WORKERS)
    rows: list[int] = []

    def note(request: httpx.Request) -> None:
        if request.url.path.endswith("/token"):
            asked.append(request.url.path)

    def work() -> None:
        with httpx.Client(timeout=30, event_hooks={"request": [note]}) as http:
            patience = Patience(sleep=lambda _: None)
            reader = opening.open_connection(advertiser.settings, row, http, patience)
            assert isinstance(reader, ReadsInsights)
            together.wait()
            rows.append(len(list(reader.insights(GOOGLE, DAY, DAY))))

    advertiser.sandbox.order(Channel.GOOGLE_ADS, "expired_token", times=WORKERS)
    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows) == WORKERS
    assert min(rows) > 0
    assert len(asked) == 1
    assert advertiser.kept(number)["access_token"] not in ("", "stale")


def test_a_renewed_token_says_how_long_it_holds(advertiser: Advertiser):
    without = {**CREDENTIALS[Channel.GOOGLE_ADS], "access_token": ""}
    number = advertiser.connect(Channel.GOOGLE_ADS, GOOGLE, secrets=without)
    advertiser.sync(Channel.GOOGLE_ADS, DAY, DAY)
    held = advertiser.kept(number)
    assert held["expires_at"] > datetime.now(UTC).timestamp() + 3000
    assert advertiser.connection(number).ends_at is None, "it is renewed without anybody"


def test_a_grant_that_was_taken_back_needs_a_person(advertiser: Advertiser):
    without = {**CREDENTIALS[Channel.GOOGLE_ADS], "access_token": "", "refresh_token": "withdrawn"}
    number = advertiser.connect(Channel.GOOGLE_ADS, GOOGLE, secrets=without)
    (synced,) = advertiser.sync(Channel.GOOGLE_ADS, DAY, DAY)
    assert synced.status is AccountStatus.NEEDS_RECONNECT
    row = advertiser.connection(number)
    assert row.status is ConnectionStatus.NEEDS_RECONNECT
    assert row.last_error is not None
    assert "expired or revoked" in row.last_error


def test_what_is_disconnected_or_switched_off_is_not_read(advertiser: Advertiser):
    numbers = [advertiser.connect(Channel.META, each) for each in (META, "555000222")]
    with records.session(advertiser.settings, Role.PIPELINES) as session:
        disconnected, switched_off = (session.merge(advertiser.connection(each)) for each in numbers)
        connections.disconnect(session, SOMEBODY, disconnected)
        connections.switch(session, SOMEBODY, switched_off, ["insights"])
    assert advertiser.sync(Channel.META, DAY, DAY) == []
    assert advertiser.sandbox.requests(Channel.META) == 0


def test_a_token_is_not_renewed_for_what_was_disconnected_meanwhile(advertiser: Advertiser):
    number = advertiser.connect(Channel.GOOGLE_ADS, GOOGLE)
    row = advertiser.connection(number)
    with httpx.Client(timeout=30) as http:
        reader = opening.open_connection(advertiser.settings, row, http, Patience(sleep=lambda _: None))
        assert isinstance(reader, ReadsInsights)
        with records.session(advertiser.settings, Role.PIPELINES) as session:
            connections.disconnect(session, SOMEBODY, session.merge(row))
        advertiser.sandbox.order(Channel.GOOGLE_ADS, "expired_token")
        with pytest.raises(AuthRevoked, match="disconnected meanwhile"):
            list(reader.insights(GOOGLE, DAY, DAY))
