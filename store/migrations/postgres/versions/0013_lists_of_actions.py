"""Lists of actions are filtered, and the calendar is read, without going through all that there are."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LISTED_BY = ("state", "type", "campaign_id", "author_id", "source")


def upgrade() -> None:
    for column in LISTED_BY:
        op.create_index(f"ix_actions_listed_by_{column}", "actions", ["tenant_id", column, "id"])
    op.create_index(
        "ix_actions_due", "actions", ["tenant_id", "due_at"], postgresql_where=sa.text("due_at is not null")
    )


def downgrade() -> None:
    op.drop_index("ix_actions_due", "actions")
    for column in reversed(LISTED_BY):
        op.drop_index(f"ix_actions_listed_by_{column}", "actions")
