"""Calls of providers that were read are forgotten; those of which nothing could be made stay."""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "update hook_calls set body = '' where interpreted_at is not null and trouble is null and body != ''"
    )


def downgrade() -> None:
    """What is forgotten stays so."""
