"""Campaigns say what they came from, as actions do."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("provenance", postgresql.JSONB(), server_default="[]", nullable=False)
    op.add_column("campaigns", column)


def downgrade() -> None:
    op.drop_column("campaigns", "provenance")
