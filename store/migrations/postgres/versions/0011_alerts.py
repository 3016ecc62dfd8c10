"""What failed is put back by people; nobody finds out late; campaigns have creatives."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent
KINDS = (
    "kind in ('action_failed', 'action_partly_failed', 'action_expired', 'deliveries_unknown', 'gate_silent', "
    "'glass_broken', 'kill_switch_pulled')"
)
WATCHED = (
    "actions",
    "deliveries",
    "approvals",
    "kill_switch_turns",
    "tenants",
    "memberships",
    "gate_watchers",
)
VERDICTS = "verdict in ('requeued', 'arrived', 'did_not_arrive')"


def upgrade() -> None:
    op.create_index(
        "ix_deliveries_dead",
        "deliveries",
        ["state", "tenant_id", "action_id", "id"],
        postgresql_where=sa.text("state in ('failed', 'unknown')"),
    )
    _create_decisions()
    _create_alerts()
    _create_assets()
    for walls in ("0011_moves.sql", "0011_alerts.sql"):
        op.execute((HERE / walls).read_text())


def downgrade() -> None:
    for watched in WATCHED:
        op.execute(f"drop policy if exists watch on {watched}")
    op.execute("revoke all on all tables in schema public from mp_watch_all_tenants")
    for table in ("alert_notices", "alert_acknowledgements", "alerts"):
        op.drop_table(table)
    op.drop_table("assets")
    op.drop_table("dead_letter_decisions")
    op.execute("drop trigger sent_stays_sent on deliveries")
    op.execute("drop function refuse_unsending")
    op.execute((HERE / "0011_former_moves.sql").read_text())
    op.drop_index("ix_deliveries_dead", "deliveries")


def _create_decisions() -> None:
    op.create_table(
        "dead_letter_decisions",
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        *_numbered(),
        *_tenant("dead_letter_decisions"),
        sa.CheckConstraint(VERDICTS, name=op.f("ck_dead_letter_decisions_verdict")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "action_id"],
            ["actions.tenant_id", "actions.id"],
            name=op.f("fk_dead_letter_decisions_tenant_id_action_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letter_decisions")),
    )
    for column in ("tenant_id", "action_id"):
        op.create_index(op.f(f"ix_dead_letter_decisions_{column}"), "dead_letter_decisions", [column])


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("tenant_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=True),
        sa.Column("about", postgresql.JSONB(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        *_numbered(),
        sa.CheckConstraint(KINDS, name=op.f("ck_alerts_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_alerts_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "action_id"],
            ["actions.tenant_id", "actions.id"],
            name=op.f("fk_alerts_tenant_id_action_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint(
            "tenant_id",
            "kind",
            "subject",
            "occurred_at",
            name=op.f("uq_alerts_tenant_id_kind_subject_occurred_at"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "alert_acknowledgements",
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        *_numbered(),
        *_tenant("alert_acknowledgements"),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_alert_acknowledgements_alert_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_alert_acknowledgements_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_acknowledgements")),
        sa.UniqueConstraint(
            "tenant_id", "alert_id", name=op.f("uq_alert_acknowledgements_tenant_id_alert_id")
        ),
    )
    for column in ("tenant_id", "alert_id"):
        op.create_index(op.f(f"ix_alert_acknowledgements_{column}"), "alert_acknowledgements", [column])
    op.create_table(
        "alert_notices",
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("sink", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=500), server_default="", nullable=False),
        *_numbered(),
        sa.CheckConstraint("sink in ('log', 'mail', 'web_hook')", name=op.f("ck_alert_notices_sink")),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_alert_notices_alert_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_alert_notices_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_notices")),
        sa.UniqueConstraint(
            "alert_id",
            "sink",
            "user_id",
            name=op.f("uq_alert_notices_alert_id_sink_user_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "ix_alert_notices_waiting",
        "alert_notices",
        ["next_attempt_at"],
        postgresql_where=sa.text("told_at is null and given_up_at is null"),
    )


def _create_assets() -> None:
    op.create_table(
        "assets",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=True),
        *_numbered(),
        *_tenant("assets"),
        sa.CheckConstraint("kind in ('image', 'text', 'html', 'document')", name=op.f("ck_assets_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id"],
            ["campaigns.tenant_id", "campaigns.id"],
            name=op.f("fk_assets_tenant_id_campaign_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["uploaded_by"], ["users.id"], name=op.f("fk_assets_uploaded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assets")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_assets_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "sha256", "media_type", name=op.f("uq_assets_tenant_id_sha256_media_type")
        ),
    )
    for column in ("tenant_id", "campaign_id"):
        op.create_index(op.f(f"ix_assets_{column}"), "assets", [column])


def _numbered() -> list[sa.Column]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    ]


def _tenant(table: str) -> list[sa.Column | sa.ForeignKeyConstraint]:
    return [
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
        ),
    ]
