"""What waits for a signature is found in the order of asking or of expiry, however much is waiting."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'pending_approval'")


def upgrade() -> None:
    for name, column in (("asked", "updated_at"), ("expiring", "expires_at")):
        op.create_index(
            f"ix_actions_waiting_{name}", "actions", ["tenant_id", column, "id"], postgresql_where=_WAITING
        )


def downgrade() -> None:
    op.drop_index("ix_actions_waiting_expiring", "actions")
    op.drop_index("ix_actions_waiting_asked", "actions")
