"""Connections: one grant, many ad accounts; sealed with keys that are wrapped and can be changed."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0025_connections.sql")
NOW = sa.text("now()")
FORMER_ALERTS = (
    "kind in ('action_failed', 'action_partly_failed', 'action_expired', 'deliveries_unknown', 'gate_silent', "
    "'glass_broken', 'kill_switch_pulled')"
)
ALERTS = FORMER_ALERTS[:-1] + ", 'connection_broken', 'connection_ends')"


def upgrade() -> None:
    op.create_table(
        "sealing_keys",
        sa.Column("master", sa.String(length=200), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealing_keys")),
    )
    op.create_table(
        "connections",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "credentials_sealed", sa.LargeBinary(), server_default=sa.text("''::bytea"), nullable=False
        ),
        sa.Column("sealed_with", sa.BigInteger(), nullable=True),
        sa.Column("options", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("scopes", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("switched_off", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("status", sa.String(length=20), server_default="connected", nullable=False),
        sa.Column("last_error", sa.String(length=1000), nullable=True),
        sa.Column("tested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("access_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "status in ('connected', 'needs_reconnect', 'disconnected')", name=op.f("ck_connections_status")
        ),
        sa.ForeignKeyConstraint(
            ["sealed_with"],
            ["sealing_keys.id"],
            name=op.f("fk_connections_sealed_with"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_connections_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_connections_tenant_id_id")),
    )
    op.create_index(op.f("ix_connections_tenant_id"), "connections", ["tenant_id"])
    op.create_index(op.f("ix_connections_sealed_with"), "connections", ["sealed_with"])
    op.add_column("ad_accounts", sa.Column("connection_id", sa.BigInteger(), nullable=True))
    op.execute(WALLS.read_text())
    op.alter_column("ad_accounts", "connection_id", nullable=False)
    op.create_index(op.f("ix_ad_accounts_connection_id"), "ad_accounts", ["connection_id"])
    op.create_foreign_key(
        op.f("fk_ad_accounts_tenant_id_connection_id"),
        "ad_accounts",
        "connections",
        ["tenant_id", "connection_id"],
        ["tenant_id", "id"],
        ondelete="CASCADE",
    )
    op.drop_column("ad_accounts", "credentials_sealed")
    op.drop_column("ad_accounts", "options")
    _limit_alerts_to(ALERTS)


def downgrade() -> None:
    op.execute("delete from alerts where kind in ('connection_broken', 'connection_ends')")
    _limit_alerts_to(FORMER_ALERTS)
    op.add_column(
        "ad_accounts", sa.Column("options", postgresql.JSONB(), server_default="{}", nullable=False)
    )
    op.add_column(
        "ad_accounts",
        sa.Column(
            "credentials_sealed", sa.LargeBinary(), server_default=sa.text("''::bytea"), nullable=False
        ),
    )
    op.alter_column("ad_accounts", "credentials_sealed", server_default=None)
    op.drop_constraint(op.f("fk_ad_accounts_tenant_id_connection_id"), "ad_accounts", type_="foreignkey")
    op.drop_index(op.f("ix_ad_accounts_connection_id"), table_name="ad_accounts")
    op.drop_column("ad_accounts", "connection_id")
    op.drop_table("connections")
    op.drop_table("sealing_keys")


def _limit_alerts_to(kinds: str) -> None:
    op.drop_constraint(op.f("ck_alerts_kind"), "alerts", type_="check")
    op.create_check_constraint(op.f("ck_alerts_kind"), "alerts", kinds)
