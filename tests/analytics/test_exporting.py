"""Exports: made once whatever is killed, kept for some days, and then gone; other tenants' are not there."""

import csv
import subprocess
import sys
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from marketing_pipelines.analytics import exporting, reports
from marketing_pipelines.analytics.asking import Question
from marketing_pipelines.attribution import Lot, Side
from marketing_pipelines.requests import working
from store import asset_files, events, records
from store.asset_files import Missing, Shelf
from store.audit import Actor, ActorKind
from store.records import audit_log, exports, requested_runs
from store.records.exports import MOST_OPEN, ExportFormat, ExportState, Followed, Wanted
from store.records.people import MemberRole
from store.records.schema import ExportId, NotUsable, TenantId, UserId
from store.settings import Role, Settings
from tests.analytics.marts import Marts
from tests.conftest import environment_of
from tests.outbound.office import member, wait_for
from tests.store.records.test_hold_outs import planned

DAYS = {"from": "2026-03-01", "to": "2026-03-10"}
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
ONE_RUN = """
import sys
from marketing_pipelines.analytics import exporting
from marketing_pipelines.requests import working
from store.settings import current

working.work_on(current(), int(sys.argv[1]), "a run that is killed", exporting.make)
"""


@pytest.fixture
def analyst(house: Settings, tenant: TenantId) -> UserId:
    return member(house, tenant, MemberRole.ANALYST)


@pytest.fixture
def nothing_over(house: Settings) -> None:
    """What other tests have left is let go of, so that this one counts its own."""
    exporting.let_go_of_expired(house)


def asked(
    house: Settings,
    tenant: TenantId,
    user: UserId,
    report: str = "conversions",
    format: ExportFormat = ExportFormat.CSV,
    **arguments: Any,
) -> Followed:
    actor = Actor(ActorKind.USER, str(user))
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        return exports.ask(session, tenant, actor, user, Wanted(report, days_of(report) | arguments, format))


def days_of(report: str) -> dict[str, str]:
    """The days to ask for, where a report is about days."""
    known = {known.name: known.asked for known in reports.reports()}
    return DAYS if issubclass(known.get(report, Question), Question) else {}


def run(house: Settings, made: Followed) -> Any:
    return working.work_on(house, made.request.id, f"run-{uuid.uuid4().hex[:8]}", exporting.make)


def now_of(house: Settings, tenant: TenantId, made: Followed) -> Followed:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        found = exports.followed(session, tenant, made.export.id)
        assert found is not None
        return found


def content(house: Settings, tenant: TenantId, made: Followed) -> bytes:
    digest = now_of(house, tenant, made).export.sha256
    assert digest is not None
    return asset_files.of(house, Shelf.EXPORTS).get(tenant, digest)


def files(house: Settings, tenant: TenantId) -> list[Path]:
    return [path for path in (house.assets_directory / "exports" / str(tenant)).rglob("*") if path.is_file()]


def past(house: Settings, table: str, column: str, number: int) -> None:
    """A clock has moved on: a lease has lapsed, or a file's time is over."""
    with records.session(house, Role.OWNER) as session:
        statement = f"update {table} set {column} = now() - interval '1 second' where id = :id"
        session.execute(text(statement), {"id": number})


def test_an_export_is_made_by_a_run_and_told_in_the_audit(
    settings: Settings, filled: Marts, tenant: TenantId, analyst: UserId
) -> None:
    touches = ("email", NOON - timedelta(days=1), 0), ("direct", NOON, 0)
    filled.path(tenant, NOON, *touches, value=12.5, conversion_id="o1")
    filled.path(TenantId(tenant + 1_000_000), NOON, ("social", NOON, 0))
    made = asked(settings, tenant, analyst)
    assert made.state is ExportState.WAITING
    outcome = run(settings, made)
    ready = now_of(settings, tenant, made)
    assert (ready.state, ready.export.rows) == (ExportState.READY, 1)
    assert outcome == {"rows": 1, "bytes": ready.export.size}
    [header, line] = content(settings, tenant, made).decode("utf-8-sig").splitlines()
    assert header.startswith("Converted (UTC),Conversion,Number,Value")
    assert line == "2026-03-05T12:00:00Z,purchase,o1,12.5,EUR,2,email,direct,email > direct"
    with records.session(settings, Role.CONSOLE, tenant=tenant) as session:
        chain = audit_log.of_entity(session, tenant, "export", made.export.id)
        assert [entry.action for entry in chain] == ["create", "make"]
        assert audit_log.verify(session, tenant) is None


@pytest.mark.parametrize("format", list(ExportFormat))
@pytest.mark.parametrize("report", [report.name for report in reports.reports()])
def test_every_report_becomes_a_file(
    settings: Settings,
    filled: Marts,
    tenant: TenantId,
    analyst: UserId,
    report: str,
    format: ExportFormat,
) -> None:
    filled.channel_day(tenant, date(2026, 3, 5), spend=5, conversions=1, conversions_value=9)
    filled.campaign_day(tenant, date(2026, 3, 5), "=cmd()", spend=5)
    filled.path(tenant, NOON, ("email", NOON, 0), goal_id=1)
    filled.event(tenant, "page_view", NOON)
    filled.cohort_week(tenant, date(2026, 3, 2), 0, cohort_people=1, people=1)
    filled.lifetime(tenant, date(2026, 3, 2), "email", 7, people=1, revenue=9)
    filled.post_day(tenant, date(2026, 3, 5), "7_1", impressions=3, total_impressions=9)
    for as_of in (date(2026, 3, 5), date(2026, 2, 5)):
        filled.results(tenant, 1, as_of, [(["email"], 1, 9.0, 2)])
    filled.goal(tenant, 1, is_headline=True)
    for number in range(60):
        filled.owner(tenant, f"phone {number}", f"user:{number}")
    planned(settings, tenant, share=Decimal("0.5"))
    made = asked(settings, tenant, analyst, report, format)
    assert run(settings, made)["rows"] > 0
    given = content(settings, tenant, made)
    if format is ExportFormat.CSV:
        titles = [column.title for column in reports.named(report).columns]
        assert next(csv.reader(given.decode("utf-8-sig").splitlines())) == titles
        assert "\n=cmd" not in given.decode()
        assert ",=cmd" not in given.decode()
        assert report != "campaign_days" or "2026-03-05,,'=cmd(),EUR,5.0," in given.decode().replace('""', "")
    else:
        assert given.startswith(b"PK")


def test_a_run_that_is_killed_is_gone_on_with_and_leaves_one_file(
    settings: Settings, filled: Marts, tenant: TenantId, analyst: UserId
) -> None:
    filled.client.command(
        "insert into intermediate.int_paths (tenant_id, conversion_id, conversion, converted_at, converted_on, value, channels) "
        "select {tenant:Int64}, toString(number), 'purchase', toDateTime64('2026-03-05 12:00:00', 3, 'UTC'), '2026-03-05', "
        "number, ['email', 'direct'] from numbers(300000)",
        parameters={"tenant": tenant},
    )
    made = asked(settings, tenant, analyst, format=ExportFormat.XLSX)
    environment = environment_of(settings)
    with subprocess.Popen([sys.executable, "-c", ONE_RUN, str(made.request.id)], env=environment) as child:
        wait_for(lambda: now_of(settings, tenant, made).state is ExportState.RUNNING)
        began = now_of(settings, tenant, made).request.due_at
        wait_for(lambda: now_of(settings, tenant, made).request.due_at > began)
        child.kill()
    assert now_of(settings, tenant, made).state is ExportState.RUNNING
    assert run(settings, made) is None, "its lease still holds"
    past(settings, "requested_runs", "due_at", made.request.id)
    assert run(settings, made)["rows"] == 300_000
    ready = now_of(settings, tenant, made)
    assert (ready.state, ready.request.attempts) == (ExportState.READY, 2)
    assert len(files(settings, tenant)) == 1
    assert run(settings, made) is None, "it is done"


def test_bytes_of_a_run_that_died_before_it_said_so_are_cleared_up(
    settings: Settings, filled: Marts, tenant: TenantId, analyst: UserId
) -> None:
    made = asked(settings, tenant, analyst)
    shelf = asset_files.of(settings, Shelf.EXPORTS)
    with records.session(settings, Role.PIPELINES) as session:
        taken = requested_runs.take(session, made.request.id, "a run that died")
        export = exports.by_number(session, tenant, made.export.id)
        assert taken
        assert export
        exports.note_bytes(session, export, shelf.put(tenant, b"half-way"))
    past(settings, "requested_runs", "due_at", made.request.id)
    filled.path(tenant, NOON, ("email", NOON, 0))
    assert run(settings, made)["rows"] == 1
    assert [path.read_bytes()[:3] for path in files(settings, tenant)] == [b"\xef\xbb\xbf"]


def test_a_run_that_died_after_its_file_was_ready_makes_no_second_one(
    settings: Settings, filled: Marts, tenant: TenantId, analyst: UserId
) -> None:
    made = asked(settings, tenant, analyst)

    def and_dies(turn: working.Turn) -> working.Outcome:
        exporting.make(turn)
        raise ConnectionError("lost")

    with pytest.raises(ConnectionError):
        working.work_on(settings, made.request.id, "a run", and_dies)
    first = now_of(settings, tenant, made).export
    past(settings, "requested_runs", "due_at", made.request.id)
    filled.path(tenant, NOON, ("email", NOON, 0))
    assert run(settings, made) == {"rows": 0, "bytes": first.size}
    assert now_of(settings, tenant, made).export.ready_at == first.ready_at


def test_what_cannot_be_made_fails_and_says_why(
    settings: Settings, clickhouse: events.Client, tenant: TenantId, analyst: UserId
) -> None:
    too_early = asked(settings, tenant, analyst)
    unknown = asked(settings, tenant, analyst, report="horoscope")
    wrong = asked(settings, tenant, analyst, report="funnel", steps="click")
    for made, reason in (
        (too_early, "has not been built yet"),
        (unknown, "there are channels, timeseries"),
        (wrong, "cannot be asked like this any more: steps"),
    ):
        with pytest.raises(NotUsable, match=reason):
            run(settings, made)
        failed = now_of(settings, tenant, made)
        assert failed.state is ExportState.FAILED
        assert reason in failed.request.reason


def test_more_than_the_bounds_allow_fails_in_words(
    settings: Settings, filled: Marts, tenant: TenantId, analyst: UserId
) -> None:
    for number in range(3):
        filled.path(tenant, NOON, ("email", NOON, 0), conversion_id=str(number))
    narrow = settings.model_copy(update={"export_max_rows": 2})
    made = asked(settings, tenant, analyst)
    with pytest.raises(NotUsable, match="more than 2 rows; ask for fewer days"):
        run(narrow, made)
    assert files(settings, tenant) == []


def test_only_so_many_are_in_the_making_at_once(house: Settings, tenant: TenantId, analyst: UserId) -> None:
    for _ in range(MOST_OPEN):
        asked(house, tenant, analyst)
    with pytest.raises(NotUsable, match="5 exports are being made already"):
        asked(house, tenant, analyst)
    with records.session(house, Role.OWNER) as session:
        session.execute(
            text("update requested_runs set state = 'failed', ended_at = now() where tenant_id = :tenant"),
            {"tenant": tenant},
        )
    asked(house, tenant, analyst)


def test_bytes_are_deleted_when_their_time_is_over_and_only_then(
    settings: Settings, filled: Marts, tenant: TenantId, analyst: UserId, nothing_over: None
) -> None:
    short, long = asked(settings, tenant, analyst), asked(settings, tenant, analyst)
    for made in (short, long):
        run(settings, made)
    [same] = files(settings, tenant)
    assert exporting.let_go_of_expired(settings) == 0
    past(settings, "exports", "expires_at", short.export.id)
    assert now_of(settings, tenant, short).state is ExportState.EXPIRED
    assert exporting.let_go_of_expired(settings) == 1
    assert same.exists(), "the other export has the same bytes"
    assert content(settings, tenant, long)
    digest = now_of(settings, tenant, long).export.sha256
    past(settings, "exports", "expires_at", long.export.id)
    assert exporting.let_go_of_expired(settings) == 1
    assert files(settings, tenant) == []
    with pytest.raises(Missing):
        asset_files.of(settings, Shelf.EXPORTS).get(tenant, digest or b"")
    assert {now_of(settings, tenant, made).state for made in (short, long)} == {ExportState.EXPIRED}
    with records.session(settings, Role.CONSOLE, tenant=tenant) as session:
        chain = audit_log.of_entity(session, tenant, "export", short.export.id)
        assert [entry.action for entry in chain] == ["create", "make", "let_go"]


def test_what_failed_runs_have_left_is_deleted_too(
    settings: Settings, clickhouse: events.Client, tenant: TenantId, analyst: UserId, nothing_over: None
) -> None:
    made = asked(settings, tenant, analyst)
    shelf = asset_files.of(settings, Shelf.EXPORTS)
    with records.session(settings, Role.PIPELINES) as session:
        export = exports.by_number(session, tenant, made.export.id)
        assert export
        exports.note_bytes(session, export, shelf.put(tenant, b"half-way"))
    assert exporting.let_go_of_expired(settings) == 0, "a run may still be at it"
    with pytest.raises(NotUsable):
        run(settings, made)
    assert exporting.let_go_of_expired(settings) == 1
    assert files(settings, tenant) == []
    assert now_of(settings, tenant, made).state is ExportState.FAILED


def test_an_asset_of_the_same_bytes_outlives_the_export(house: Settings, tenant: TenantId) -> None:
    assets, shelf = asset_files.of(house), asset_files.of(house, Shelf.EXPORTS)
    digest = assets.put(tenant, b"the same")
    assert shelf.put(tenant, b"the same") == digest
    shelf.remove(tenant, digest)
    assert assets.get(tenant, digest) == b"the same"


def test_another_tenants_export_is_not_there(house: Settings, tenant: TenantId, analyst: UserId) -> None:
    made = asked(house, tenant, analyst)
    with records.session(house, Role.CONSOLE, tenant=TenantId(tenant + 1)) as session:
        assert exports.followed(session, TenantId(tenant + 1), made.export.id) is None
        assert exports.followed(session, tenant, made.export.id) is None, "the wall stands by itself"
        assert exports.by_number(session, tenant, ExportId(made.export.id)) is None


def test_people_to_leave_out_are_those_of_the_hold_out_that_is_named(
    settings: Settings, filled: Marts, tenant: TenantId, analyst: UserId
) -> None:
    """And of the newest where none is; one that is not there is said to be missing."""
    people = [f"user:{number}" for number in range(60)]
    for person in people:
        filled.owner(tenant, f"phone of {person}", person)
    holds = [planned(settings, tenant, share=Decimal("0.5")) for _ in range(2)]
    asked_for: list[dict[str, Any]] = [{"hold_out_id": holds[0].id}, {"hold_out_id": holds[1].id}, {}]
    files = [
        content(settings, tenant, made).decode("utf-8-sig").splitlines()[1:]
        for said in asked_for
        for made in [asked(settings, tenant, analyst, "held_out", **said)]
        if run(settings, made)
    ]
    lots = [Lot(each.lot_key, each.share) for each in holds]
    told = [{line.split(",")[2] for line in lines} for lines in files]
    wanted = [{person for person in people if lot.side(person) is Side.HELD_OUT} for lot in lots]
    assert told == [*wanted, wanted[1]]
    gone = asked(settings, tenant, analyst, "held_out", hold_out_id=holds[1].id + 999_999)
    with pytest.raises(NotUsable):
        run(settings, gone)
    failed = now_of(settings, tenant, gone)
    assert (failed.state, "names no hold-out of yours" in failed.request.reason) == (ExportState.FAILED, True)
