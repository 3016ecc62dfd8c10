"""Feeds: where they have moved, how often they were missed in a row, and what people decide about them."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TOLD = Path(__file__).with_name("0023_feeds.sql")
ADDED = (
    sa.Column("site_url", sa.String(length=2048), server_default="", nullable=False),
    sa.Column("obeys_robots", sa.Boolean(), server_default="false", nullable=False),
    sa.Column("body_hash", sa.String(length=64), nullable=True),
    sa.Column("trouble", sa.String(length=40), nullable=True),
    sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
    sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
    sa.Column("moved_from", sa.String(length=2048), nullable=True),
    sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
)


def upgrade() -> None:
    for column in ADDED:
        op.add_column("feeds", column)
    op.create_index(op.f("ix_feeds_next_fetch_at"), "feeds", ["next_fetch_at"])
    op.execute(TOLD.read_text())


def downgrade() -> None:
    op.execute("drop trigger changes_are_told on feeds; drop trigger note_change on feeds")
    op.drop_index(op.f("ix_feeds_next_fetch_at"), table_name="feeds")
    for column in reversed(ADDED):
        op.drop_column("feeds", column.name)
