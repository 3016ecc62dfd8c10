"""Several signatures, broken glass and remarks: votes say how they were given, and a policy can be chosen in the console."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0006_policies.sql")
FORMER_VOTE = "uq_approvals_tenant_id_action_id_version_user_id"
ONE_VOTE = f"{FORMER_VOTE}_break_glass"


def upgrade() -> None:
    op.add_column("approvals", sa.Column("break_glass", sa.Boolean(), server_default="false", nullable=False))
    op.drop_constraint(op.f(FORMER_VOTE), "approvals")
    op.create_unique_constraint(
        op.f(ONE_VOTE), "approvals", ["tenant_id", "action_id", "version", "user_id", "break_glass"]
    )
    op.create_table(
        "action_comments",
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "action_id"],
            ["actions.tenant_id", "actions.id"],
            name=op.f("fk_action_comments_tenant_id_action_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_action_comments_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_action_comments_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_comments")),
    )
    for column in ("tenant_id", "action_id"):
        op.create_index(op.f(f"ix_action_comments_{column}"), "action_comments", [column])
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.execute("revoke update (policy) on tenants from mp_console")
    op.drop_table("action_comments")
    op.execute("delete from approvals where break_glass")
    op.drop_constraint(op.f(ONE_VOTE), "approvals")
    op.create_unique_constraint(
        op.f(FORMER_VOTE), "approvals", ["tenant_id", "action_id", "version", "user_id"]
    )
    op.drop_column("approvals", "break_glass")
