"""Hold-outs: what is kept from some people by lot, and from when to when."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0022_hold_outs.sql")


def upgrade() -> None:
    op.create_table(
        "hold_outs",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("goal_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=True),
        sa.Column("share", sa.Numeric(precision=5, scale=4), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("lot_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("share between 0.01 and 0.5", name=op.f("ck_hold_outs_share")),
        sa.CheckConstraint(
            "last_day >= first_day and last_day < first_day + 180", name=op.f("ck_hold_outs_last_day")
        ),
        sa.CheckConstraint("octet_length(lot_key) = 16", name=op.f("ck_hold_outs_lot_key")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_hold_outs_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "goal_id"],
            ["conversion_goals.tenant_id", "conversion_goals.id"],
            name=op.f("fk_hold_outs_tenant_id_goal_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id"],
            ["campaigns.tenant_id", "campaigns.id"],
            name=op.f("fk_hold_outs_tenant_id_campaign_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_outs")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_hold_outs_tenant_id_id")),
    )
    op.create_index(op.f("ix_hold_outs_tenant_id"), "hold_outs", ["tenant_id"])
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.drop_table("hold_outs")
