"""Campaigns come in projects, are scheduled, and move only as they may."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
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
    op.execute(WALLS.read_text())


def downgrade() -> None:
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
