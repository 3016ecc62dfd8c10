"""Postgres tells whose records have changed, so that pages which are open can renew themselves."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# What people watch, and the columns whose change they would see.
WATCHED = {
    "actions": ("state", "version", "title", "due_at", "campaign_id"),
    "action_comments": (),
    "alert_acknowledgements": (),
    "alerts": ("closed_at",),
    "approvals": (),
    "campaigns": ("status",),
    "kill_switches": ("engaged", "reason", "release_asked_by"),
    "requested_runs": ("state",),
}
# Notices with the same words are one notice a transaction, however many rows it changes.
TELL = """
create function tell_of_change() returns trigger language plpgsql as $$
begin
    perform pg_notify('mp_changes', coalesce(new.tenant_id::text, 'all'));
    return null;
end
$$
"""


def upgrade() -> None:
    op.execute(TELL)
    for table, columns in WATCHED.items():
        moments = f"insert or update of {', '.join(columns)}" if columns else "insert"
        op.execute(
            f"create trigger changes_are_told after {moments} on {table} "
            "for each row execute function tell_of_change()"
        )


def downgrade() -> None:
    for table in WATCHED:
        op.execute(f"drop trigger changes_are_told on {table}")
    op.execute("drop function tell_of_change()")
