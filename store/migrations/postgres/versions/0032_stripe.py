"""Billing events, and which connection's secret has proven a call."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0032_stripe.sql")
NOW = sa.text("now()")


def upgrade() -> None:
    op.add_column("hook_secrets", sa.Column("connection_id", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_hook_secrets_connection_id"), "hook_secrets", ["connection_id"])
    op.create_foreign_key(
        op.f("fk_hook_secrets_tenant_id_connection_id"),
        "hook_secrets",
        "connections",
        ["tenant_id", "connection_id"],
        ["tenant_id", "id"],
        ondelete="CASCADE",
    )
    op.add_column("hook_calls", sa.Column("secret_id", sa.BigInteger(), nullable=True))
    op.create_table(
        "billing_events",
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=200), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("is_thin", sa.Boolean(), nullable=False),
        _words("api_version", 100),
        _words("account", 255),
        _words("object_kind", 255),
        _words("object_id", 255),
        sa.Column("stage", sa.SmallInteger(), nullable=False),
        _words("status", 60),
        _words("customer_id", 255),
        _words("subscription_id", 255),
        sa.Column("coins", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.Numeric(20, 3), nullable=True),
        _words("currency", 8),
        sa.Column("period_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed", JSONB(), server_default="[]", nullable=False),
        sa.Column("raw_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_billing_events_tenant_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_events_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_events")),
        sa.UniqueConstraint(
            "tenant_id",
            "connection_id",
            "event_id",
            name=op.f("uq_billing_events_tenant_id_connection_id_event_id"),
        ),
    )
    op.create_index(op.f("ix_billing_events_tenant_id"), "billing_events", ["tenant_id"])
    op.create_index(
        "ix_billing_events_object_id",
        "billing_events",
        ["tenant_id", "connection_id", "is_live", "object_id", "occurred_at"],
    )
    op.create_index(
        "ix_billing_events_latest",
        "billing_events",
        ["tenant_id", "connection_id", "is_live", "received_at"],
    )
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.drop_table("billing_events")
    op.drop_column("hook_calls", "secret_id")
    op.drop_constraint(op.f("fk_hook_secrets_tenant_id_connection_id"), "hook_secrets", type_="foreignkey")
    op.drop_index(op.f("ix_hook_secrets_connection_id"), "hook_secrets")
    op.drop_column("hook_secrets", "connection_id")


def _words(name: str, longest: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=longest), server_default="", nullable=False)
