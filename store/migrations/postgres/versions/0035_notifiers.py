"""Alerts are told by notifiers of other packages too, under names of their own."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

CHECK = "ck_alert_notices_sink"
BUILT_IN = "sink in ('log', 'mail', 'web_hook')"


def upgrade() -> None:
    op.drop_constraint(op.f(CHECK), "alert_notices", type_="check")
    op.create_check_constraint(op.f(CHECK), "alert_notices", "sink ~ '^[a-z][a-z0-9_]*$'")


def downgrade() -> None:
    op.execute("delete from alert_notices where sink not in ('log', 'mail', 'web_hook')")
    op.drop_constraint(op.f(CHECK), "alert_notices", type_="check")
    op.create_check_constraint(op.f(CHECK), "alert_notices", BUILT_IN)
