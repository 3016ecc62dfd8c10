"""The audit chain can be browsed, and people ask for its verification."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# The column that is looked for; the number behind it gives the order in which the page shows what was found.
LOOKED_FOR = ("entity", "entity_id", "actor", "action", "at")
FORMER_KINDS = "kind in ('take_in_recipients', 'fetch_feeds')"
KINDS = "kind in ('take_in_recipients', 'fetch_feeds', 'verify_audit')"


def upgrade() -> None:
    op.drop_index("ix_audit_entries_entity_id", "audit_entries")
    for column in LOOKED_FOR:
        op.create_index(f"ix_audit_entries_{column}", "audit_entries", ["tenant_id", column, "seq"])
    _allow(KINDS)


def downgrade() -> None:
    op.execute("delete from requested_runs where kind = 'verify_audit'")
    _allow(FORMER_KINDS)
    for column in LOOKED_FOR:
        op.drop_index(f"ix_audit_entries_{column}", "audit_entries")
    op.create_index("ix_audit_entries_entity_id", "audit_entries", ["entity_id"])


def _allow(kinds: str) -> None:
    op.drop_constraint(op.f("ck_requested_runs_kind"), "requested_runs", type_="check")
    op.create_check_constraint(op.f("ck_requested_runs_kind"), "requested_runs", kinds)
