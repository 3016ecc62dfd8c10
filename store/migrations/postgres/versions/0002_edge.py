"""What a tenant wants kept of its visitors, keys whose secret can be changed, daily visitor ids, and web hooks."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0002_edge.sql")


def upgrade() -> None:
    op.add_column(
        "tenants", sa.Column("consent_rule", sa.String(length=20), server_default="opt_out", nullable=False)
    )
    op.add_column(
        "tenants", sa.Column("visitor_ids", sa.String(length=20), server_default="stored", nullable=False)
    )
    op.add_column(
        "tenants",
        sa.Column("stored_addresses", sa.String(length=20), server_default="shortened", nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_tenants_consent_rule"), "tenants", "consent_rule in ('opt_out', 'opt_in')"
    )
    op.create_check_constraint(
        op.f("ck_tenants_visitor_ids"), "tenants", "visitor_ids in ('stored', 'daily')"
    )
    op.create_check_constraint(
        op.f("ck_tenants_stored_addresses"), "tenants", "stored_addresses in ('shortened', 'none')"
    )
    op.add_column("collector_keys", sa.Column("retiring_secret_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("collector_keys", sa.Column("retires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("collector_keys", sa.Column("events_a_second", sa.BigInteger(), nullable=True))
    op.create_table(
        "visitor_salts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_visitor_salts")),
    )
    op.create_table(
        "hook_secrets",
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=100), server_default="", nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        *_owned("hook_secrets"),
        sa.UniqueConstraint("provider", "fingerprint", name=op.f("uq_hook_secrets_provider_fingerprint")),
    )
    op.create_index(op.f("ix_hook_secrets_tenant_id"), "hook_secrets", ["tenant_id"])
    op.create_table(
        "hook_calls",
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=512), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("interpreted_at", sa.DateTime(timezone=True), nullable=True),
        *_owned("hook_calls"),
        sa.UniqueConstraint("place", name=op.f("uq_hook_calls_place")),
        sa.UniqueConstraint(
            "tenant_id", "provider", "event_id", name=op.f("uq_hook_calls_tenant_id_provider_event_id")
        ),
    )
    op.create_index(op.f("ix_hook_calls_tenant_id"), "hook_calls", ["tenant_id"])
    op.create_index(op.f("ix_hook_calls_provider"), "hook_calls", ["provider"])
    op.execute(WALLS.read_text())


def _owned(table: str) -> list[sa.schema.SchemaItem]:
    """What every table of a tenant's has."""
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def downgrade() -> None:
    op.execute("drop trigger announce_tenants on tenants")
    op.execute("drop policy edge on contacts")
    op.execute("revoke all on contacts from mp_edge")
    op.drop_table("hook_calls")
    op.drop_table("hook_secrets")
    op.drop_table("visitor_salts")
    op.drop_column("collector_keys", "events_a_second")
    op.drop_column("collector_keys", "retires_at")
    op.drop_column("collector_keys", "retiring_secret_sealed")
    op.drop_constraint(op.f("ck_tenants_stored_addresses"), "tenants")
    op.drop_constraint(op.f("ck_tenants_visitor_ids"), "tenants")
    op.drop_constraint(op.f("ck_tenants_consent_rule"), "tenants")
    op.drop_column("tenants", "stored_addresses")
    op.drop_column("tenants", "visitor_ids")
    op.drop_column("tenants", "consent_rule")
