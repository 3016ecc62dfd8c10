"""Row-level security: the console's log-in sees and writes one tenant's rows, in every table."""

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from store import records
from store.records import Record
from store.records.database import engine
from store.records.schema import TenantId
from store.records.tenants import Tenant
from store.settings import Role, Settings

OWNED = sorted(table.name for table in Record.metadata.tables.values() if "tenant_id" in table.columns)


@pytest.fixture(scope="module")
def other(house: Settings) -> TenantId:
    """A tenant with a row in every table."""
    with records.session(house, Role.OWNER) as session:
        row = Tenant(slug=f"o-{uuid.uuid4().hex[:12]}", name="other")
        session.add(row)
        session.flush()
        for statement in ONE_ROW_EACH:
            session.execute(text(statement), {"tenant": row.id, "unique": uuid.uuid4().hex})
        return row.id


ONE_ROW_EACH = (
    "insert into users (email, name, password_hash) values (:unique || '@x', 'x', 'x')",
    "insert into memberships (tenant_id, user_id, role) select :tenant, max(id), 'viewer' from users",
    "insert into collector_keys (tenant_id, kind, public_key) values (:tenant, 'browser', :unique)",
    "insert into contacts (tenant_id, email) values (:tenant, 'someone@x')",
    "insert into suppressions (tenant_id, address_hash) values (:tenant, '')",
    "insert into text_opt_outs (tenant_id, number_hash, reason) values (:tenant, '', 'x')",
    "insert into contact_groups (tenant_id, name) values (:tenant, 'x')",
    """insert into contact_group_members (tenant_id, group_id, contact_id)
       select :tenant, g.id, c.id from contact_groups g, contacts c where g.tenant_id = :tenant and c.tenant_id = :tenant""",
    "insert into projects (tenant_id, name) values (:tenant, 'x')",
    "insert into campaigns (tenant_id, name, utm_campaign) values (:tenant, 'x', 'x')",
    """insert into requested_runs (tenant_id, kind, asked_by, due_at)
       select :tenant, 'fetch_feeds', max(id), now() from users""",
    """insert into intakes (tenant_id, campaign_id, request_id, subject, message, addresses, lines)
       select :tenant, c.id, r.id, 'x', 'x', '{}', 0 from campaigns c, requested_runs r
       where c.tenant_id = :tenant and r.tenant_id = :tenant""",
    "insert into links (tenant_id, slug, target_url) values (:tenant, :unique, 'https://x')",
    "insert into experiments (tenant_id, name) values (:tenant, 'x')",
    """insert into variants (tenant_id, experiment_id, name, link_id)
       select :tenant, e.id, 'a', l.id from experiments e, links l where e.tenant_id = :tenant and l.tenant_id = :tenant""",
    "insert into link_targets (tenant_id, link_id, url) select :tenant, id, 'https://x' from links where tenant_id = :tenant",
    "insert into link_uses (tenant_id, link_id, used) select :tenant, id, 1 from links where tenant_id = :tenant",
    "insert into feeds (tenant_id, name, url) values (:tenant, 'x', 'https://x')",
    "insert into connections (tenant_id, channel, name) values (:tenant, 'x', 'x')",
    """insert into ad_accounts (tenant_id, channel, account_id, name, connection_id)
       select :tenant, 'x', 'x', 'x', id from connections where tenant_id = :tenant""",
    """insert into ad_campaigns (tenant_id, ad_account_id, external_id, name, status)
       select :tenant, id, 'x', 'x', 'paused' from ad_accounts where tenant_id = :tenant""",
    """insert into ad_sets (tenant_id, ad_account_id, ad_campaign_id, external_id, name, status)
       select :tenant, ad_account_id, id, 'x', 'x', 'paused' from ad_campaigns where tenant_id = :tenant""",
    """insert into ads (tenant_id, ad_account_id, ad_set_id, external_id, name, status)
       select :tenant, ad_account_id, id, 'x', 'x', 'paused' from ad_sets where tenant_id = :tenant""",
    """insert into daily_budgets (tenant_id, ad_account_id, of, external_id, day, amount)
       select :tenant, id, 'campaign', 'x', current_date, 1 from ad_accounts where tenant_id = :tenant""",
    """insert into places (tenant_id, connection_id, network, place_id, name)
       select :tenant, id, 'x', 'x', 'x' from connections where tenant_id = :tenant""",
    """insert into billing_events (tenant_id, connection_id, event_id, type, occurred_at, received_at, is_live, is_thin, stage, raw_hash)
       select :tenant, id, :unique, 'x', now(), now(), true, false, 1, '' from connections where tenant_id = :tenant""",
    "insert into kill_switches (tenant_id, scope, subject, engaged, changed_by, changed_at) values (:tenant, 'channel', 'nothing', false, 'x', now())",
    "insert into actions (tenant_id, type, channel, purpose, payload, updated_at) values (:tenant, 'email', 'smtp', 'contract', '{}', now())",
    """insert into standing_approvals (tenant_id, action_id, version, most, until)
       select :tenant, id, 1, 1, now() from actions where tenant_id = :tenant""",
    """insert into action_versions (tenant_id, action_id, version, manifest, manifest_hash)
       select :tenant, id, 1, '{}', '' from actions where tenant_id = :tenant""",
    """insert into action_recipients (tenant_id, action_id, version, recipient_key, contact_id, "values", leaf)
       select :tenant, a.id, 1, 'x', c.id, '{}', '' from actions a, contacts c where a.tenant_id = :tenant and c.tenant_id = :tenant""",
    """insert into approvals (tenant_id, action_id, version, manifest_hash, user_id, decision)
       select :tenant, a.id, 1, '', (select max(id) from users), 'denied' from actions a where tenant_id = :tenant""",
    "insert into kill_switch_turns (tenant_id, scope, subject, turn, turned_by) values (:tenant, 'tenant', '*', 'pulled', 'x')",
    """insert into action_comments (tenant_id, action_id, version, user_id, text)
       select :tenant, a.id, 1, (select max(id) from users), 'x' from actions a where tenant_id = :tenant""",
    """insert into slices (tenant_id, action_id, version, number, attempt, asked_at)
       select :tenant, id, 1, 1, 1, now() from actions where tenant_id = :tenant""",
    """insert into deliveries (tenant_id, action_id, version, recipient_key, message_id)
       select :tenant, id, 1, 'x', 'x' from actions where tenant_id = :tenant""",
    """insert into delivery_events (tenant_id, action_id, delivery_id, kind, occurred_at, provider, event_id)
       select :tenant, action_id, id, 'delivered', now(), 'x', :unique from deliveries where tenant_id = :tenant""",
    "insert into alerts (tenant_id, kind, subject, occurred_at, about) values (:tenant, 'glass_broken', 'x', now(), '{}')",
    """insert into alert_acknowledgements (tenant_id, alert_id, user_id)
       select :tenant, max(id), (select max(id) from users) from alerts where tenant_id = :tenant""",
    """insert into assets (tenant_id, kind, name, media_type, size, sha256)
       values (:tenant, 'text', 'x', 'text/plain', 1, '')""",
    """insert into exports (tenant_id, report, arguments, format, asked_by)
       select :tenant, 'channels', '{}', 'csv', max(id) from users""",
    """insert into uploads (tenant_id, file_name, uploaded_by, lines, right_lines, wrong_lines, expires_at)
       select :tenant, 'x', max(id), '[]', 0, 0, now() from users""",
    """insert into uploaded_events (tenant_id, event_id, upload_id)
       select :tenant, :unique, id from uploads where tenant_id = :tenant""",
    """insert into identity_splits (tenant_id, visitor_id, person_id, reason, decided_by)
       values (:tenant, 'x', 'x', 'x', 'x')""",
    """insert into asset_uses (tenant_id, asset_id, action_id)
       select :tenant, s.id, a.id from assets s, actions a where s.tenant_id = :tenant and a.tenant_id = :tenant""",
    "insert into idempotency_keys (tenant_id, owner, key, asked) values (:tenant, 'x', 'x', '')",
    """insert into api_keys (tenant_id, user_id, name, hint, secret_hash, scopes)
       select :tenant, max(id), 'x', 'x', decode(:unique, 'hex'), '[]' from users""",
    """insert into invitations (tenant_id, email, name, role, expires_at)
       values (:tenant, 'someone@x', 'x', 'viewer', now())""",
    """insert into system_mails (tenant_id, kind, recipient, invitation_id)
       select :tenant, 'invitation', 'someone@x', id from invitations where tenant_id = :tenant""",
    """insert into dead_letter_decisions (tenant_id, action_id, verdict, count, decided_by)
       select :tenant, id, 'requeued', 1, 'x' from actions where tenant_id = :tenant""",
    """insert into audit_entries (tenant_id, seq, at, actor, action, entity, entity_id, before, after, hash)
       values (:tenant, 1, now(), 'x', 'x', 'x', 'x', '{}', '{}', '')""",
    """insert into audited_entities (tenant_id, entity, entity_id, seq, hash)
       values (:tenant, 'x', 'x', 1, '')""",
    """insert into hook_secrets (tenant_id, provider, secret_sealed, fingerprint)
       values (:tenant, 'stripe', '', decode(:unique, 'hex'))""",
    """insert into hook_calls (tenant_id, provider, received_at, body, place)
       values (:tenant, 'stripe', now(), '', :unique)""",
    """insert into hold_outs (tenant_id, name, question, goal_id, share, first_day, last_day, lot_key)
       select :tenant, 'x', 'x', min(id), 0.1, current_date, current_date, decode(repeat('00', 16), 'hex')
       from conversion_goals where tenant_id = :tenant""",
)


@pytest.fixture
def as_console(house: Settings, tenant: TenantId) -> Iterator[Connection]:
    """A connection with the console's log-in that has entered a tenant of its own."""
    with engine(house, Role.CONSOLE).connect() as connection:
        connection.execute(text("select set_config('app.tenant_id', :id, true)"), {"id": str(tenant)})
        yield connection


def test_the_other_tenant_has_a_row_everywhere(house: Settings, other: TenantId) -> None:
    with records.session(house, Role.OWNER) as session:
        for table in OWNED:
            count = session.scalar(text(f'select count(*) from "{table}" where tenant_id = :t'), {"t": other})
            assert count == 1, table


@pytest.mark.parametrize("table", OWNED)
def test_a_row_of_another_tenant_is_not_seen(as_console: Connection, other: TenantId, table: str) -> None:
    query = text(f'select count(*) from "{table}" where tenant_id = :t')
    assert as_console.scalar(query, {"t": other}) == 0


@pytest.mark.parametrize("table", OWNED)
def test_a_row_of_another_tenant_is_not_changed(
    as_console: Connection, house: Settings, other: TenantId, table: str
) -> None:
    for statement in (
        f'update "{table}" set tenant_id = tenant_id where tenant_id = :t',
        f'delete from "{table}" where tenant_id = :t',
    ):
        with as_console.begin_nested() as attempt:
            assert changed_by(as_console, statement, other) == 0
            attempt.rollback()
    with records.session(house, Role.OWNER) as session:
        count = session.scalar(text(f'select count(*) from "{table}" where tenant_id = :t'), {"t": other})
    assert count == 1


def changed_by(connection: Connection, statement: str, tenant: TenantId) -> int:
    """How many rows a statement changes; none where it is refused outright."""
    try:
        return connection.execute(text(statement), {"t": tenant}).rowcount
    except DBAPIError:
        return 0


def test_a_row_cannot_be_written_for_another_tenant(as_console: Connection, other: TenantId) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"):
        as_console.execute(
            text("insert into contacts (tenant_id, email) values (:t, 'smuggled@x')"), {"t": other}
        )


def test_a_foreign_key_does_not_reach_another_tenant(
    as_console: Connection, tenant: TenantId, other: TenantId, house: Settings
) -> None:
    """Foreign keys look past row-level security, so they name the tenant themselves."""
    with records.session(house, Role.PIPELINES) as session:
        theirs = session.scalar(text("select id from campaigns where tenant_id = :t"), {"t": other})
    with pytest.raises(DBAPIError, match="foreign key"):
        as_console.execute(
            text(
                "insert into links (tenant_id, slug, target_url, campaign_id) values (:t, :slug, 'https://x', :c)"
            ),
            {"t": tenant, "slug": uuid.uuid4().hex, "c": theirs},
        )


def test_without_a_tenant_nothing_is_seen(house: Settings, other: TenantId) -> None:
    with engine(house, Role.CONSOLE).connect() as connection:
        for table in OWNED:
            query = text(f'select count(*) from "{table}" where tenant_id = :t')
            assert connection.scalar(query, {"t": other}) == 0


EDGE_READS = {
    "links", "link_targets", "link_uses", "blocked_hosts", "variants", "campaigns", "collector_keys", "tenants",
    "visitor_salts", "hook_secrets",
}  # fmt: skip
# Of these it sees the columns that it needs for writing, and no others.
EDGE_WRITES = {"contacts": "email", "hook_calls": "body"}


def test_the_edge_reads_what_requests_name_and_no_more(house: Settings) -> None:
    with engine(house, Role.EDGE).connect() as connection:
        for table in EDGE_READS:
            connection.scalar(text(f"select count(*) from {table}"))
        for table in sorted(set(Record.metadata.tables) - EDGE_READS):
            with connection.begin_nested() as attempt:
                with pytest.raises(ProgrammingError, match="permission denied"):
                    connection.scalar(text(f'select count({EDGE_WRITES.get(table, "*")}) from "{table}"'))
                attempt.rollback()


def test_the_edge_ends_marketing_and_cannot_begin_it_again(house: Settings, other: TenantId) -> None:
    with engine(house, Role.EDGE).connect() as connection:
        ended = "update contacts set unsubscribed_at = now() where tenant_id = :t and unsubscribed_at is null"
        assert connection.execute(text(ended), {"t": other}).rowcount == 1
        with pytest.raises(ProgrammingError, match="row-level security"):
            connection.execute(
                text("update contacts set unsubscribed_at = null where tenant_id = :t"), {"t": other}
            )


def test_the_edge_counts_the_uses_of_links_and_changes_nothing_else_of_them(
    house: Settings, other: TenantId
) -> None:
    with engine(house, Role.EDGE).connect() as connection:
        counted = "update link_uses set used = used + 1 where tenant_id = :t"
        assert connection.execute(text(counted), {"t": other}).rowcount == 1
        for statement in (
            "update link_uses set tenant_id = 1",
            "delete from link_uses",
            "update links set target_url = 'https://evil.example'",
            "update link_targets set url = 'https://evil.example'",
            "delete from blocked_hosts",
        ):
            with connection.begin_nested() as attempt:
                with pytest.raises(ProgrammingError, match="permission denied"):
                    connection.execute(text(statement))
                attempt.rollback()


def test_the_warehouse_reads_links_without_the_proof_of_their_passwords(house: Settings) -> None:
    with engine(house, Role.DIMENSIONS).connect() as connection:
        connection.execute(text("select slug, target_url, title from links"))
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text("select password_hash from links"))


@pytest.mark.parametrize("role", [Role.EDGE, Role.DIMENSIONS])
def test_what_hides_who_was_erased_is_read_by_those_who_erase_alone(house: Settings, role: Role) -> None:
    with engine(house, role).connect() as connection:
        connection.execute(text("select slug, currency from tenants"))
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text("select suppression_salt from tenants"))


def test_nobody_rewrites_the_audit(house: Settings, other: TenantId) -> None:
    for role in (Role.CONSOLE, Role.PIPELINES, Role.OWNER):
        for statement in (
            "update audit_entries set actor = 'x'",
            "delete from audit_entries",
            "truncate audit_entries",
            "delete from audited_entities",
            "truncate audited_entities",
        ):
            with engine(house, role).connect() as connection, pytest.raises(DBAPIError):
                connection.execute(text(statement))


@pytest.mark.parametrize("role", [Role.PIPELINES, Role.OWNER])
def test_nobody_makes_a_thing_forget_its_last_entry(house: Settings, other: TenantId, role: Role) -> None:
    with engine(house, role).connect() as connection, pytest.raises(DBAPIError, match="forgets none"):
        connection.execute(
            text("update audited_entities set seq = seq - 1 where tenant_id = :t"), {"t": other}
        )
