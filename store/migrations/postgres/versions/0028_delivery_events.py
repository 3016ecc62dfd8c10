"""Delivery events: what became of messages after a provider took them, and which hook calls wait to be read."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0028_delivery_events.sql")
NOW = sa.text("now()")
KINDS = (
    "kind in ('processed', 'deferred', 'delivered', 'machine_open', 'open', 'click', 'blocked', 'dropped', 'bounce', "
    "'group_resubscribe', 'group_unsubscribe', 'unsubscribe', 'spam_report')"
)
FORMER_ALERTS = (
    "kind in ('action_failed', 'action_partly_failed', 'action_expired', 'deliveries_unknown', 'gate_silent', "
    "'glass_broken', 'kill_switch_pulled', 'connection_broken', 'connection_ends')"
)
ALERTS = FORMER_ALERTS[:-1] + ", 'mail_unwelcome')"


def upgrade() -> None:
    op.create_unique_constraint(
        op.f("uq_deliveries_tenant_id_message_id"), "deliveries", ["tenant_id", "message_id"]
    )
    op.create_unique_constraint(op.f("uq_deliveries_tenant_id_id"), "deliveries", ["tenant_id", "id"])
    op.create_table(
        "delivery_events",
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_delivery_events_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "action_id"],
            ["actions.tenant_id", "actions.id"],
            name=op.f("fk_delivery_events_tenant_id_action_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "delivery_id"],
            ["deliveries.tenant_id", "deliveries.id"],
            name=op.f("fk_delivery_events_tenant_id_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_delivery_events_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_events")),
        sa.UniqueConstraint(
            "tenant_id",
            "provider",
            "event_id",
            name=op.f("uq_delivery_events_tenant_id_provider_event_id"),
        ),
    )
    op.create_index(op.f("ix_delivery_events_tenant_id"), "delivery_events", ["tenant_id"])
    op.create_index("ix_delivery_events_delivery_id", "delivery_events", ["tenant_id", "delivery_id"])
    op.create_index(
        "ix_delivery_events_action_id", "delivery_events", ["tenant_id", "action_id", "kind", "delivery_id"]
    )
    op.create_index(
        "ix_delivery_events_alarming",
        "delivery_events",
        ["created_at"],
        postgresql_where=sa.text("kind in ('bounce', 'spam_report')"),
    )
    op.add_column("hook_calls", sa.Column("trouble", sa.String(length=500), nullable=True))
    op.create_index(
        "ix_hook_calls_waiting",
        "hook_calls",
        ["provider", "id"],
        postgresql_where=sa.text("interpreted_at is null"),
    )
    _limit_alerts_to(ALERTS)
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.execute("delete from alerts where kind = 'mail_unwelcome'")
    _limit_alerts_to(FORMER_ALERTS)
    op.drop_index("ix_hook_calls_waiting", table_name="hook_calls")
    op.drop_column("hook_calls", "trouble")
    op.drop_table("delivery_events")
    op.drop_constraint(op.f("uq_deliveries_tenant_id_id"), "deliveries", type_="unique")
    op.drop_constraint(op.f("uq_deliveries_tenant_id_message_id"), "deliveries", type_="unique")


def _limit_alerts_to(kinds: str) -> None:
    op.drop_constraint(op.f("ck_alerts_kind"), "alerts", type_="check")
    op.create_check_constraint(op.f("ck_alerts_kind"), "alerts", kinds)
