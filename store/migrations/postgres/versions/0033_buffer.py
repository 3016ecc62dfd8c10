"""Actions that Buffer carries."""

from alembic import op
from sqlalchemy import bindparam, text

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

BEFORE = (
    "smtp",
    "cms",
    "chat",
    "links",
    "google_ads",
    "meta",
    "linkedin",
    "by_hand",
    "tiktok",
    "tiktok_account",
    "reddit",
    "youtube",
    "x",
)
NEW = ("buffer",)


def upgrade() -> None:
    _check_channel(BEFORE + NEW)


def downgrade() -> None:
    new = bindparam("new", NEW, expanding=True)
    gone = text("select id from actions where channel in :new").bindparams(new)
    actions = [row.id for row in op.get_bind().execute(gone)]
    for statement in (
        "delete from deliveries where action_id in :gone",
        "delete from actions where id in :gone",
    ):
        op.get_bind().execute(text(statement).bindparams(bindparam("gone", actions, expanding=True)))
    _check_channel(BEFORE)


def _check_channel(channels: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{channel}'" for channel in channels)
    op.drop_constraint(op.f("ck_actions_channel"), "actions")
    op.create_check_constraint(op.f("ck_actions_channel"), "actions", f"channel in ({listed})")
