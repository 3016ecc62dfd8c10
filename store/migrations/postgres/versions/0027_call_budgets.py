"""Call budgets: how often each provider was called, counted for all processes together."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0027_call_budgets.sql")


def upgrade() -> None:
    op.create_table(
        "call_budgets",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("budget", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "budget", "subject", name=op.f("pk_call_budgets")),
    )
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.drop_table("call_budgets")
