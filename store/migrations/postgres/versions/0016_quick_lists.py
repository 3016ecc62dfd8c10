"""What was touched last and what is called something are found in an index, however many actions there are."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_NAMES = ("subject", "text", "event", "slug", "name", "what")
_FIRST_WORDS = " || ' ' || ".join(f"coalesce(left(payload ->> '{name}', 200), '')" for name in _NAMES)
CALLED = f"lower(case when title = '' then left({_FIRST_WORDS}, 500) else title end)"


def upgrade() -> None:
    op.execute(f"alter table actions add column called text generated always as ({CALLED}) stored not null")
    op.create_index("ix_actions_called", "actions", ["tenant_id", "id"], postgresql_include=["called"])
    op.create_index("ix_actions_touched", "actions", ["tenant_id", "updated_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_actions_touched", "actions")
    op.drop_index("ix_actions_called", "actions")
    op.drop_column("actions", "called")
