"""What failed is put back by people; nobody finds out late; campaigns have creatives."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0007"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent
VERDICTS = "verdict in ('requeued', 'arrived', 'did_not_arrive')"


def upgrade() -> None:
    op.create_index(
        "ix_deliveries_dead",
        "deliveries",
        ["state", "tenant_id", "action_id", "id"],
        postgresql_where=sa.text("state in ('failed', 'unknown')"),
    )
    _create_decisions()
    for walls in ("0011_moves.sql", "0011_alerts.sql"):
        op.execute((HERE / walls).read_text())


def downgrade() -> None:
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
