"""Lists of what no page saw, checked and then added by a run, and which events have been added before."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0021_uploads.sql")
FORMER_KINDS = "kind in ('take_in_recipients', 'fetch_feeds', 'verify_audit', 'make_export')"
KINDS = "kind in ('take_in_recipients', 'fetch_feeds', 'verify_audit', 'make_export', 'add_upload')"
STILL_HERE = "added_at is null and discarded_at is null"


def upgrade() -> None:
    _check_kinds(KINDS)
    op.create_table(
        "uploads",
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=False),
        sa.Column("lines", JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("right_lines", sa.Integer(), nullable=False),
        sa.Column("wrong_lines", sa.Integer(), nullable=False),
        sa.Column("problems", JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("summary", JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken", sa.Integer(), server_default="0", nullable=False),
        sa.Column("added", sa.Integer(), server_default="0", nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("discarded_at", sa.DateTime(timezone=True), nullable=True),
        *_of_a_tenant("uploads"),
        sa.CheckConstraint("added <= taken and taken <= right_lines", name=op.f("ck_uploads_taken")),
        sa.CheckConstraint("added_at is null or discarded_at is null", name=op.f("ck_uploads_ends_once")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["users.id"], name=op.f("fk_uploads_uploaded_by")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["requested_runs.tenant_id", "requested_runs.id"],
            name=op.f("fk_uploads_tenant_id_request_id"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_uploads_tenant_id_id")),
    )
    op.create_index(op.f("ix_uploads_tenant_id"), "uploads", ["tenant_id"])
    op.create_index("ix_uploads_waiting", "uploads", ["expires_at"], postgresql_where=sa.text(STILL_HERE))
    op.create_table(
        "uploaded_events",
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("upload_id", sa.BigInteger(), nullable=False),
        *_of_a_tenant("uploaded_events"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "upload_id"],
            ["uploads.tenant_id", "uploads.id"],
            name=op.f("fk_uploaded_events_tenant_id_upload_id"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("tenant_id", "event_id", name=op.f("uq_uploaded_events_tenant_id_event_id")),
    )
    op.create_index(op.f("ix_uploaded_events_tenant_id"), "uploaded_events", ["tenant_id"])
    op.create_index("ix_uploaded_events_upload", "uploaded_events", ["tenant_id", "upload_id"])
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.drop_table("uploaded_events")
    op.drop_table("uploads")
    op.execute("drop function forget_uploaded_lines()")
    op.execute("delete from requested_runs where kind = 'add_upload'")
    _check_kinds(FORMER_KINDS)


def _check_kinds(kinds: str) -> None:
    op.drop_constraint(op.f("ck_requested_runs_kind"), "requested_runs")
    op.create_check_constraint(op.f("ck_requested_runs_kind"), "requested_runs", kinds)


def _of_a_tenant(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
