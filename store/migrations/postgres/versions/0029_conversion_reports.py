"""Actions that report conversions."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TYPES = (
    "email", "social_post", "cms_webhook", "chat_message", "ad_change", "conversion_report", "link_change", "sequence",
    "generic",
)  # fmt: skip


def upgrade() -> None:
    _check_type(TYPES)


def downgrade() -> None:
    op.execute(
        "delete from deliveries where action_id in (select id from actions where type = 'conversion_report')"
    )
    op.execute("delete from actions where type = 'conversion_report'")
    _check_type(tuple(type for type in TYPES if type != "conversion_report"))


def _check_type(types: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{type}'" for type in types)
    op.drop_constraint(op.f("ck_actions_type"), "actions")
    op.create_check_constraint(op.f("ck_actions_type"), "actions", f"type in ({listed})")
