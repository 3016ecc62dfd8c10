"""The kill switch also stops a type of action; it takes two to release it, and every turn is kept with its reason."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0005_kill_switch.sql")
SCOPES = "scope in ('global', 'tenant', 'channel', 'type', 'campaign')"
FORMER_SCOPES = "scope in ('global', 'tenant', 'channel', 'campaign')"


def upgrade() -> None:
    op.add_column("kill_switches", sa.Column("release_asked_by", sa.String(length=100), nullable=True))
    op.add_column("kill_switches", sa.Column("release_asked_at", sa.DateTime(timezone=True), nullable=True))
    _check_scope(SCOPES)
    op.create_table(
        "kill_switch_turns",
        sa.Column("tenant_id", sa.BigInteger(), nullable=True),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("turn", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.Column("turned_by", sa.String(length=100), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(SCOPES, name=op.f("ck_kill_switch_turns_scope")),
        sa.CheckConstraint(
            "turn in ('pulled', 'release_asked', 'released')", name=op.f("ck_kill_switch_turns_turn")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_kill_switch_turns_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kill_switch_turns")),
    )
    op.create_index(op.f("ix_kill_switch_turns_tenant_id"), "kill_switch_turns", ["tenant_id"])
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.drop_table("kill_switch_turns")
    op.execute("delete from kill_switches where scope = 'type'")
    _check_scope(FORMER_SCOPES)
    op.drop_column("kill_switches", "release_asked_at")
    op.drop_column("kill_switches", "release_asked_by")


def _check_scope(scopes: str) -> None:
    op.drop_constraint(op.f("ck_kill_switches_scope"), "kill_switches")
    op.create_check_constraint(op.f("ck_kill_switches_scope"), "kill_switches", scopes)
