"""Actions that YouTube carries."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

CHANNELS = ("smtp", "cms", "chat", "links", "google_ads", "meta", "linkedin", "youtube", "by_hand")


def upgrade() -> None:
    _check_channel(CHANNELS)


def downgrade() -> None:
    op.execute("delete from deliveries where action_id in (select id from actions where channel = 'youtube')")
    op.execute("delete from actions where channel = 'youtube'")
    _check_channel(tuple(channel for channel in CHANNELS if channel != "youtube"))


def _check_channel(channels: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{channel}'" for channel in channels)
    op.drop_constraint(op.f("ck_actions_channel"), "actions")
    op.create_check_constraint(op.f("ck_actions_channel"), "actions", f"channel in ({listed})")
