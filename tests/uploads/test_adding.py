"""Adding an upload: each event is in the warehouse once, whatever is killed, however often it is asked, in whatever file."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from marketing_pipelines.requests import working
from marketing_pipelines.uploads import adding
from store import events, records
from store.audit import Actor, ActorKind
from store.records import audit_log, requested_runs, uploads
from store.records.people import MemberRole
from store.records.schema import NotUsable, TenantId, UserId
from store.records.uploads import MOST_WAITING, Checked, Followed, UploadState
from store.settings import Role, Settings
from tests.conftest import environment_of
from tests.outbound.office import member, wait_for

YESTERDAY = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
SLOWLY = """
import sys
from marketing_pipelines.requests import working
from marketing_pipelines.uploads import adding
from store.settings import current

adding.AT_A_TIME = 50
working.work_on(current(), int(sys.argv[1]), "a run that is killed", adding.add)
"""


@pytest.fixture
def marketer(house: Settings, tenant: TenantId) -> UserId:
    return member(house, tenant, MemberRole.MARKETER)


def line(number: int, **said: Any) -> dict[str, Any]:
    at = int(YESTERDAY.timestamp() * 1000)
    return {
        "line": number,
        "event_id": f"upload-{number}",
        "event": "purchase",
        "at": at,
        "value": "3.0000",
        **said,
    }


def checked(house: Settings, tenant: TenantId, user: UserId, *lines: dict[str, Any]) -> Followed:
    actor = Actor(ActorKind.USER, str(user))
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        upload = uploads.keep(session, tenant, actor, user, Checked("sales.csv", lines, 0))
        return Followed(upload, None)


def decided(house: Settings, tenant: TenantId, user: UserId, made: Followed, *, confirm: bool) -> Followed:
    actor = Actor(ActorKind.USER, str(user))
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        found = uploads.locked(session, tenant, made.upload.id)
        assert found
        if confirm:
            return uploads.confirm(session, found, actor, user)
        return uploads.discard(session, found, actor)


def confirmed(house: Settings, tenant: TenantId, user: UserId, *lines: dict[str, Any]) -> Followed:
    return decided(house, tenant, user, checked(house, tenant, user, *lines), confirm=True)


def run(house: Settings, made: Followed) -> Any:
    assert made.request
    return working.work_on(house, made.request.id, f"run-{uuid.uuid4().hex[:8]}", adding.add)


def now_of(house: Settings, tenant: TenantId, made: Followed) -> Followed:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        found = uploads.followed(session, tenant, made.upload.id)
        assert found
        return found


def lease_is_over(house: Settings, made: Followed) -> None:
    assert made.request
    with records.session(house, Role.OWNER) as session:
        statement = "update requested_runs set due_at = now() - interval '1 second' where id = :id"
        session.execute(text(statement), {"id": made.request.id})


def there(client: events.Client, tenant: TenantId) -> list[str]:
    """The ids of all rows as they lie in the raw table, copies included."""
    query = "select event_id from raw.events where tenant_id = {tenant:Int64} order by event_id"
    return events.read_for_tenant(client, tenant, query)["event_id"].to_list()


def test_confirmed_lines_become_events_and_are_forgotten(
    settings: Settings, clickhouse: events.Client, tenant: TenantId, marketer: UserId
) -> None:
    made = confirmed(settings, tenant, marketer, line(2, user_id="u1"), line(3, contact_id=5))
    assert made.state is UploadState.WAITING
    assert run(settings, made) == {"lines": 2, "added": 2, "known": 0}
    assert there(clickhouse, tenant) == ["upload-2", "upload-3"]
    after = now_of(settings, tenant, made)
    assert (after.state, after.upload.added) == (UploadState.ADDED, 2)
    with records.session(settings, Role.OWNER) as session:
        kept = session.scalar(text("select lines from uploads where id = :id"), {"id": made.upload.id})
        assert kept == []
    with records.session(settings, Role.CONSOLE, tenant=tenant) as session:
        chain = audit_log.of_entity(session, tenant, "upload", made.upload.id)
        assert [entry.action for entry in chain] == ["check", "confirm", "add"]
        assert audit_log.verify(session, tenant) is None
    query = "select received_at, occurred_at, trust, props from raw.events where tenant_id = {tenant:Int64} order by event_id"
    rows = events.read_for_tenant(clickhouse, tenant, query).rows()
    assert made.upload.confirmed_at
    assert {abs(row[0] - made.upload.confirmed_at) < timedelta(milliseconds=2) for row in rows} == {True}
    assert {row[1] for row in rows} == {YESTERDAY}
    assert '"contact_id":5' in rows[1][3]


def test_the_same_list_again_and_one_that_overlaps_add_nothing_twice(
    settings: Settings, clickhouse: events.Client, tenant: TenantId, marketer: UserId
) -> None:
    lines = [line(number) for number in range(2, 6)]
    assert run(settings, confirmed(settings, tenant, marketer, *lines))["added"] == 4
    assert run(settings, confirmed(settings, tenant, marketer, *lines)) == {
        "lines": 4,
        "added": 0,
        "known": 4,
    }
    moved = line(5, at=0, value="4.0000")
    assert run(settings, confirmed(settings, tenant, marketer, moved, line(6)))["added"] == 1
    assert there(clickhouse, tenant) == [f"upload-{number}" for number in range(2, 7)]


def test_tenants_with_the_same_rows_have_each_their_own(
    settings: Settings, clickhouse: events.Client, tenant: TenantId, marketer: UserId
) -> None:
    run(settings, confirmed(settings, tenant, marketer, line(2)))
    with records.session(settings, Role.OWNER) as session:
        other = session.scalar(
            text(
                "insert into tenants (slug, name, suppression_salt) values (:slug, 'x', '\\x00') returning id"
            ),
            {"slug": f"t-{uuid.uuid4().hex[:12]}"},
        )
    other = TenantId(other)
    assert (
        run(settings, confirmed(settings, other, member(settings, other, MemberRole.ADMIN), line(2)))["added"]
        == 1
    )
    assert there(clickhouse, other) == there(clickhouse, tenant) == ["upload-2"]


def test_a_run_that_is_killed_is_gone_on_with_and_neither_loses_nor_doubles_a_row(
    settings: Settings, clickhouse: events.Client, tenant: TenantId, marketer: UserId
) -> None:
    made = confirmed(settings, tenant, marketer, *(line(number) for number in range(2, 10_002)))
    assert made.request
    with subprocess.Popen(
        [sys.executable, "-c", SLOWLY, str(made.request.id)], env=environment_of(settings)
    ) as child:
        wait_for(lambda: now_of(settings, tenant, made).upload.taken > 0)
        child.kill()
    half = now_of(settings, tenant, made)
    assert half.state is UploadState.RUNNING
    assert 0 < half.upload.taken < 10_000, "it was killed in the middle"
    assert run(settings, made) is None, "its lease still holds"
    lease_is_over(settings, made)
    assert run(settings, made) == {"lines": 10_000, "added": 10_000, "known": 0}
    rows = there(clickhouse, tenant)
    assert (len(rows), len(set(rows))) == (10_000, 10_000)
    assert run(settings, made) is None, "it is done"


@contextmanager
def no_note_is_taken(house: Settings, made: Followed) -> Iterator[None]:
    """While it lasts, the records refuse to hear how far the run is: as if it were cut off right before it says so."""
    refuse = "create function refuse_the_note() returns trigger language plpgsql as $$ begin raise 'cut off'; end $$"
    when = (
        "create trigger refuse_the_note before update of taken on uploads "
        f"for each row when (new.id = {made.upload.id}) execute function refuse_the_note()"
    )
    with records.session(house, Role.OWNER) as session:
        session.execute(text(refuse))
        session.execute(text(when))
    try:
        yield
    finally:
        with records.session(house, Role.OWNER) as session:
            session.execute(text("drop function refuse_the_note() cascade"))


def test_a_run_that_dies_before_it_says_what_it_has_added_adds_nothing_twice(
    settings: Settings, clickhouse: events.Client, tenant: TenantId, marketer: UserId
) -> None:
    made = confirmed(settings, tenant, marketer, *(line(number) for number in range(2, 12)))
    with no_note_is_taken(settings, made), pytest.raises(SQLAlchemyError, match="cut off"):
        run(settings, made)
    assert len(there(clickhouse, tenant)) == 10
    assert now_of(settings, tenant, made).upload.taken == 0
    lease_is_over(settings, made)
    assert run(settings, made)["added"] == 10
    assert len(there(clickhouse, tenant)) == 10


def test_a_run_that_dies_before_the_warehouse_has_its_rows_loses_none(
    settings: Settings, clickhouse: events.Client, tenant: TenantId, marketer: UserId
) -> None:
    made = confirmed(settings, tenant, marketer, *(line(number) for number in range(2, 12)))
    with records.session(settings, Role.PIPELINES) as session:
        assert made.request
        assert requested_runs.take(session, made.request.id, "a run that dies")
        upload = uploads.by_number(session, tenant, made.upload.id)
        assert upload
        uploads.claim(session, upload, [f"upload-{number}" for number in range(2, 12)])
    lease_is_over(settings, made)
    assert run(settings, made)["added"] == 10
    assert len(there(clickhouse, tenant)) == 10


def test_what_is_discarded_or_forgotten_is_no_event_and_holds_no_lines(
    settings: Settings, clickhouse: events.Client, tenant: TenantId, marketer: UserId
) -> None:
    dropped, late, waiting = (checked(settings, tenant, marketer, line(number)) for number in (2, 3, 4))
    decided(settings, tenant, marketer, dropped, confirm=False)
    with records.session(settings, Role.OWNER) as session:
        over = "update uploads set expires_at = now() - interval '1 second' where id = :id"
        session.execute(text(over), {"id": late.upload.id})
    assert now_of(settings, tenant, late).state is UploadState.DISCARDED
    adding.let_go_of_undecided(settings)
    states = [now_of(settings, tenant, made).state for made in (dropped, late, waiting)]
    assert states == [UploadState.DISCARDED, UploadState.DISCARDED, UploadState.CHECKED]
    with records.session(settings, Role.OWNER) as session:
        held = "select id from uploads where tenant_id = :tenant and lines != '[]'"
        assert session.scalars(text(held), {"tenant": tenant}).all() == [waiting.upload.id]
    for made in (dropped, late):
        with pytest.raises(NotUsable, match="upload the file again"):
            decided(settings, tenant, marketer, made, confirm=True)
    assert there(clickhouse, tenant) == []


def test_what_was_confirmed_once_is_not_confirmed_again_until_it_fails(
    settings: Settings, clickhouse: events.Client, tenant: TenantId, marketer: UserId
) -> None:
    made = confirmed(settings, tenant, marketer, line(2))
    for confirm in (True, False):
        with pytest.raises(NotUsable, match="confirmed already"):
            decided(settings, tenant, marketer, made, confirm=confirm)
    assert made.request
    with records.session(settings, Role.OWNER) as session:
        session.execute(
            text("update requested_runs set state = 'failed', ended_at = now() where id = :id"),
            {"id": made.request.id},
        )
        over = "update uploads set expires_at = now() - interval '1 second' where id = :id"
        session.execute(text(over), {"id": made.upload.id})
    adding.let_go_of_undecided(settings)
    assert now_of(settings, tenant, made).state is UploadState.FAILED, "it waits to be tried again"
    again = decided(settings, tenant, marketer, made, confirm=True)
    assert run(settings, again)["added"] == 1
    with pytest.raises(NotUsable, match="has been added"):
        decided(settings, tenant, marketer, made, confirm=True)


def test_only_so_many_wait_at_once_and_an_empty_one_is_never_confirmed(
    house: Settings, tenant: TenantId, marketer: UserId
) -> None:
    empty, *_ = [checked(house, tenant, marketer) for _ in range(MOST_WAITING)]
    with pytest.raises(NotUsable, match="decide on one of them first"):
        checked(house, tenant, marketer)
    with pytest.raises(NotUsable, match="No line of it is right"):
        decided(house, tenant, marketer, empty, confirm=True)
    decided(house, tenant, marketer, empty, confirm=False)
    checked(house, tenant, marketer)


def test_another_tenants_upload_is_not_there(house: Settings, tenant: TenantId, marketer: UserId) -> None:
    made = checked(house, tenant, marketer, line(2))
    with records.session(house, Role.CONSOLE, tenant=TenantId(tenant + 1)) as session:
        assert uploads.followed(session, TenantId(tenant + 1), made.upload.id) is None
        assert uploads.locked(session, tenant, made.upload.id) is None, "the wall stands by itself"
        assert uploads.known(session, tenant, ["upload-2"]) == set()
