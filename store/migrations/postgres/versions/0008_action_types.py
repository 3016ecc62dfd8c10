"""Actions of every type: what carries them, when in their zone they may go, what they may cost and what they came from."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0008_action_types.sql")
TYPES = (
    "email",
    "social_post",
    "cms_webhook",
    "chat_message",
    "ad_change",
    "link_change",
    "sequence",
    "generic",
)
CHANNELS = ("smtp", "cms", "chat", "links", "google_ads", "meta", "linkedin", "by_hand")
WINDOW = (
    "(window_opens is null) = (window_closes is null) and (window_opens is null "
    "or window_opens < window_closes and jsonb_array_length(window_days) > 0)"
)


def upgrade() -> None:
    json = postgresql.JSONB(astext_type=sa.Text())
    op.add_column(
        "actions", sa.Column("channel", sa.String(length=40), server_default="smtp", nullable=False)
    )
    # So far everything went by mail; from now on each action says what carries it.
    op.alter_column("actions", "channel", server_default=None)
    op.add_column(
        "actions", sa.Column("time_zone", sa.String(length=64), server_default="UTC", nullable=False)
    )
    op.add_column("actions", sa.Column("window_opens", sa.Time(), nullable=True))
    op.add_column("actions", sa.Column("window_closes", sa.Time(), nullable=True))
    op.add_column("actions", sa.Column("window_days", json, server_default="[]", nullable=False))
    op.add_column("actions", sa.Column("budget_cap", sa.Numeric(18, 2), nullable=True))
    op.add_column("actions", sa.Column("provenance", json, server_default="[]", nullable=False))
    op.create_table(
        "standing_approvals",
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), server_default="0", nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoke_reason", sa.String(length=500), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("drawn between 0 and most", name=op.f("ck_standing_approvals_drawn")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "action_id"],
            ["actions.tenant_id", "actions.id"],
            name=op.f("fk_standing_approvals_tenant_id_action_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_standing_approvals_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_approvals")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_standing_approvals_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id",
            "action_id",
            "version",
            name=op.f("uq_standing_approvals_tenant_id_action_id_version"),
        ),
    )
    op.create_index(op.f("ix_standing_approvals_tenant_id"), "standing_approvals", ["tenant_id"])
    op.add_column("actions", sa.Column("standing_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_actions_tenant_id_standing_id"),
        "actions",
        "standing_approvals",
        ["tenant_id", "standing_id"],
        ["tenant_id", "id"],
        ondelete="RESTRICT",
    )
    op.execute(WALLS.read_text())
    op.create_check_constraint(op.f("ck_actions_window"), "actions", WINDOW)
    op.create_check_constraint(op.f("ck_actions_budget_cap"), "actions", "budget_cap > 0")
    op.create_check_constraint(op.f("ck_actions_channel"), "actions", _one_of("channel", CHANNELS))
    _check_type(TYPES)
    op.alter_column("action_recipients", "contact_id", nullable=True)


def downgrade() -> None:
    op.drop_constraint(op.f("fk_actions_tenant_id_standing_id"), "actions")
    op.drop_column("actions", "standing_id")
    op.drop_table("standing_approvals")
    op.execute("delete from deliveries where action_id in (select id from actions where type != 'email')")
    op.execute("delete from actions where type != 'email'")
    op.alter_column("action_recipients", "contact_id", nullable=False)
    _check_type(TYPES[:1])
    for name in ("channel", "budget_cap", "window"):
        op.drop_constraint(op.f(f"ck_actions_{name}"), "actions")
    for column in (
        "provenance",
        "budget_cap",
        "window_days",
        "window_closes",
        "window_opens",
        "time_zone",
        "channel",
    ):
        op.drop_column("actions", column)


def _check_type(types: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_actions_type"), "actions")
    op.create_check_constraint(op.f("ck_actions_type"), "actions", _one_of("type", types))


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} in ({', '.join(repr(value) for value in values)})"
