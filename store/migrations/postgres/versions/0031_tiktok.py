"""Actions that TikTok carries: changes of its advertising, and posts of its accounts."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

BEFORE = ("smtp", "cms", "chat", "links", "google_ads", "meta", "linkedin")


def upgrade() -> None:
    _check_channel(*BEFORE, "tiktok", "tiktok_account", "by_hand")


def downgrade() -> None:
    op.execute(
        "delete from deliveries where action_id in (select id from actions where channel like 'tiktok%')"
    )
    op.execute("delete from actions where channel like 'tiktok%'")
    _check_channel(*BEFORE, "by_hand")


def _check_channel(*channels: str) -> None:
    listed = ", ".join(f"'{channel}'" for channel in channels)
    op.drop_constraint(op.f("ck_actions_channel"), "actions")
    op.create_check_constraint(op.f("ck_actions_channel"), "actions", f"channel in ({listed})")
