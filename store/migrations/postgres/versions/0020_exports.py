"""Reports as files that a run makes, and that expire."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0020_exports.sql")
KINDS = "kind in ('take_in_recipients', 'fetch_feeds', 'verify_audit', 'make_export')"
FORMER_KINDS = "kind in ('take_in_recipients', 'fetch_feeds', 'verify_audit')"


def upgrade() -> None:
    _check_kinds(KINDS)
    op.create_index("ix_requested_runs_subject", "requested_runs", ["tenant_id", "kind", "subject_id"])
    op.create_table(
        "exports",
        sa.Column("report", sa.String(length=40), nullable=False),
        sa.Column("arguments", JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("let_go_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("format in ('csv', 'xlsx')", name=op.f("ck_exports_format")),
        sa.CheckConstraint(
            "ready_at is null or (rows is not null and size is not null and expires_at is not null"
            " and (sha256 is null) = (let_go_at is not null))",
            name=op.f("ck_exports_ready_at"),
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_exports_asked_by")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_exports_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_exports_tenant_id_id")),
    )
    op.create_index(op.f("ix_exports_tenant_id"), "exports", ["tenant_id"])
    op.create_index(
        "ix_exports_kept", "exports", ["expires_at"], postgresql_where=sa.text("sha256 is not null")
    )
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.drop_table("exports")
    op.drop_index("ix_requested_runs_subject", "requested_runs")
    op.execute("delete from requested_runs where kind = 'make_export'")
    _check_kinds(FORMER_KINDS)


def _check_kinds(kinds: str) -> None:
    op.drop_constraint(op.f("ck_requested_runs_kind"), "requested_runs")
    op.create_check_constraint(op.f("ck_requested_runs_kind"), "requested_runs", kinds)
