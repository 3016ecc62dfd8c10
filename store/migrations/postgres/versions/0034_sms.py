"""Text messages: actions of them, what carries them, and which phones have said STOP."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0034_sms.sql")
NOW = sa.text("now()")
FORMER_TYPES = (
    "email", "social_post", "cms_webhook", "chat_message", "ad_change", "conversion_report", "link_change", "sequence",
    "generic",
)  # fmt: skip
FORMER_CHANNELS = (
    "smtp", "cms", "chat", "links", "google_ads", "meta", "linkedin", "by_hand", "tiktok", "tiktok_account", "reddit",
    "youtube", "x", "buffer",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "text_opt_outs",
        sa.Column("number_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_text_opt_outs_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_opt_outs")),
        sa.UniqueConstraint("tenant_id", "number_hash", name=op.f("uq_text_opt_outs_tenant_id_number_hash")),
    )
    op.create_index(op.f("ix_text_opt_outs_tenant_id"), "text_opt_outs", ["tenant_id"])
    op.execute(WALLS.read_text())
    _limit("type", (*FORMER_TYPES, "text_message"))
    _limit("channel", (*FORMER_CHANNELS, "sms"))


def downgrade() -> None:
    op.execute(
        "delete from deliveries where action_id in (select id from actions where type = 'text_message')"
    )
    op.execute("delete from actions where type = 'text_message'")
    _limit("channel", FORMER_CHANNELS)
    _limit("type", FORMER_TYPES)
    op.drop_table("text_opt_outs")


def _limit(column: str, values: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{value}'" for value in values)
    op.drop_constraint(op.f(f"ck_actions_{column}"), "actions", type_="check")
    op.create_check_constraint(op.f(f"ck_actions_{column}"), "actions", f"{column} in ({listed})")
