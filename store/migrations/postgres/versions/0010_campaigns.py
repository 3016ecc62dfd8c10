"""Campaigns come in projects, are scheduled, and move only as they may; people ask for runs, and bring recipients along."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0010_campaigns.sql")
STATUSES = "status in ('draft', 'scheduled', 'running', 'paused', 'completed')"
FORMER_STATUSES = "status in ('draft', 'running', 'paused', 'completed')"


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(length=500), server_default="", nullable=False),
        *_of_a_tenant("projects"),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_projects_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_projects_tenant_id_name")),
    )
    op.create_index(op.f("ix_projects_tenant_id"), "projects", ["tenant_id"])
    op.add_column("campaigns", sa.Column("project_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "campaigns", sa.Column("pause_reason", sa.String(length=500), server_default="", nullable=False)
    )
    op.create_foreign_key(
        op.f("fk_campaigns_tenant_id_project_id"),
        "campaigns",
        "projects",
        ["tenant_id", "project_id"],
        ["tenant_id", "id"],
        ondelete="RESTRICT",
    )
    op.create_index(op.f("ix_campaigns_status"), "campaigns", ["status"])
    op.create_index(op.f("ix_actions_campaign_id"), "actions", ["campaign_id"])
    op.create_check_constraint(op.f("ck_campaigns_end_date"), "campaigns", "end_date > start_date")
    _check_status(STATUSES)
    _requested_runs()
    _intakes()
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.drop_table("intakes")
    op.drop_table("requested_runs")
    op.execute("drop function forget_list")
    op.execute("drop trigger legal_moves on campaigns")
    op.execute("drop function refuse_illegal_campaign_move")
    op.execute("update campaigns set status = 'draft' where status = 'scheduled'")
    _check_status(FORMER_STATUSES)
    op.drop_constraint(op.f("ck_campaigns_end_date"), "campaigns")
    op.drop_index(op.f("ix_actions_campaign_id"), "actions")
    op.drop_index(op.f("ix_campaigns_status"), "campaigns")
    op.drop_column("campaigns", "pause_reason")
    op.drop_column("campaigns", "project_id")
    op.drop_table("projects")


def _requested_runs() -> None:
    op.create_table(
        "requested_runs",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.String(length=100), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        *_of_a_tenant("requested_runs"),
        sa.CheckConstraint(
            "kind in ('take_in_recipients', 'fetch_feeds')", name=op.f("ck_requested_runs_kind")
        ),
        sa.CheckConstraint(
            "state in ('waiting', 'running', 'done', 'failed')", name=op.f("ck_requested_runs_state")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_requested_runs_asked_by")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_requested_runs_tenant_id_id")),
    )
    op.create_index(op.f("ix_requested_runs_tenant_id"), "requested_runs", ["tenant_id"])
    op.create_index(
        "uq_requested_runs_waiting",
        "requested_runs",
        ["tenant_id", "kind", "subject_id"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_requested_runs_open",
        "requested_runs",
        ["due_at"],
        postgresql_where=sa.text("state in ('waiting', 'running')"),
    )


def _intakes() -> None:
    op.create_table(
        "intakes",
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("addresses", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), server_default="0", nullable=False),
        sa.Column("counts", JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("problems", JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("action_id", sa.BigInteger(), nullable=True),
        *_of_a_tenant("intakes"),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{table}.tenant_id", f"{table}.id"],
                name=op.f(f"fk_intakes_tenant_id_{column}"),
                ondelete=ondelete,
            )
            for column, table, ondelete in (
                ("campaign_id", "campaigns", "CASCADE"),
                ("request_id", "requested_runs", "CASCADE"),
                ("group_id", "contact_groups", "RESTRICT"),
                ("action_id", "actions", "RESTRICT"),
            )
        ),
        sa.UniqueConstraint("tenant_id", "campaign_id", name=op.f("uq_intakes_tenant_id_campaign_id")),
    )
    op.create_index(op.f("ix_intakes_tenant_id"), "intakes", ["tenant_id"])
    op.create_index(op.f("ix_intakes_request_id"), "intakes", ["request_id"])


def _check_status(statuses: str) -> None:
    op.drop_constraint(op.f("ck_campaigns_status"), "campaigns")
    op.create_check_constraint(op.f("ck_campaigns_status"), "campaigns", statuses)


def _of_a_tenant(table: str) -> list[sa.schema.SchemaItem]:
    """What every table of a tenant has."""
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]
