"""Outcomes reach ClickHouse once each, also when it was away or the loader died between the two stores."""

import dagster as dg
from pydantic import SecretStr

from marketing_pipelines.defs.outbound.assets import deliveries
from marketing_pipelines.defs.outbound.checks import no_outcome_twice
from marketing_pipelines.outbound import loading
from store import events
from store.records.schema import ActionId
from store.settings import Settings
from tests.outbound.office import MailServer, Office, house_resource

EVERYONE = [f"r{n}@example.com" for n in range(45)]


def loaded(office: Office, clickhouse: events.Client, action_id: ActionId) -> list[tuple[str, int]]:
    frame = events.read_for_tenant(
        clickhouse,
        office.tenant,
        """
        select state, toInt64(count()) as rows
        from raw.deliveries
        where tenant_id = {tenant:Int64} and action_id = {action:Int64}
        group by state
        order by state
        """,
        action=action_id,
    )
    return frame.rows()


def test_a_send_is_in_the_warehouse_as_soon_as_it_is_done(
    settings: Settings, office: Office, clickhouse: events.Client, mail_server_log: MailServer
) -> None:
    mail_server_log.refusals["r7@example.com"] = ["550 no"]
    action_id = office.approved(to=EVERYONE)
    office.send()
    assert loaded(office, clickhouse, action_id) == [("failed", 1), ("sent", 44)]
    rows = clickhouse.query(
        "select channel, version, run_id != '', uniqExact(contact_id), min(contact_id) > 0 "
        f"from raw.deliveries where action_id = {action_id} group by all"
    ).result_rows
    assert list(rows) == [("smtp", 1, True, 45, True)]


def test_what_could_not_be_loaded_is_loaded_later_and_once(
    settings: Settings, office: Office, clickhouse: events.Client
) -> None:
    action_id = office.approved(to=EVERYONE)
    office.send(clickhouse_url=_nobody_there())
    assert loaded(office, clickhouse, action_id) == []
    assert loading.load(office.settings, clickhouse) >= 45
    assert loaded(office, clickhouse, action_id) == [("sent", 45)]
    assert loading.load(office.settings, clickhouse) == 0


def test_a_loader_that_died_between_the_stores_leaves_no_copy(
    settings: Settings, office: Office, clickhouse: events.Client
) -> None:
    action_id = office.approved(to=EVERYONE)
    office.send()
    office.tamper("update deliveries set loaded_at = null where action_id = :id", action_id)
    assert loading.load(office.settings, clickhouse) == 45
    assert loaded(office, clickhouse, action_id) == [("sent", 45)]


def test_the_asset_loads_what_is_missing_and_the_check_sees_no_copies(
    settings: Settings, office: Office, clickhouse: events.Client
) -> None:
    action_id = office.approved(to=EVERYONE)
    office.send(clickhouse_url=_nobody_there())
    result = dg.materialize(
        [deliveries, no_outcome_twice], resources={"house": house_resource(office.settings)}
    )
    assert result.success
    assert loaded(office, clickhouse, action_id) == [("sent", 45)]
    (check,) = result.get_asset_check_evaluations()
    assert check.passed


def _nobody_there() -> SecretStr:
    return SecretStr("http://127.0.0.1:9/")
