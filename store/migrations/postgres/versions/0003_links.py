"""Links on terms: title and tags, password, start and end, a limit, a fallback, targets by visitor, blocked hosts."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0003_links.sql")
CONDITIONS = ("countries", "devices", "systems", "languages")


def upgrade() -> None:
    for column in _terms():
        op.add_column("links", column)
    op.create_check_constraint(op.f("ck_links_max_clicks"), "links", "max_clicks > 0")
    op.create_check_constraint(op.f("ck_links_expires_at"), "links", "expires_at > starts_at")
    op.create_table(
        "link_targets",
        sa.Column("link_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("weight", sa.BigInteger(), server_default="1", nullable=False),
        *(
            sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False)
            for name in CONDITIONS
        ),
        sa.Column("variant_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("weight between 0 and 1000000", name=op.f("ck_link_targets_weight")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_link_targets_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "link_id"],
            ["links.tenant_id", "links.id"],
            name=op.f("fk_link_targets_tenant_id_link_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "variant_id"],
            ["variants.tenant_id", "variants.id"],
            name=op.f("fk_link_targets_tenant_id_variant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_targets")),
    )
    for column in ("tenant_id", "link_id", "variant_id"):
        op.create_index(op.f(f"ix_link_targets_{column}"), "link_targets", [column])
    op.create_table(
        "link_uses",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("link_id", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "link_id"],
            ["links.tenant_id", "links.id"],
            name=op.f("fk_link_uses_tenant_id_link_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "link_id", name=op.f("pk_link_uses")),
    )
    op.create_table(
        "blocked_hosts",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_hosts")),
        sa.UniqueConstraint("host", name=op.f("uq_blocked_hosts_host")),
    )
    op.execute(WALLS.read_text())


def _terms() -> list[sa.Column[Any]]:
    """What a link says beside its slug and target."""
    return [
        sa.Column("title", sa.String(length=255), server_default="", nullable=False),
        sa.Column("tags", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("max_clicks", sa.BigInteger(), nullable=True),
        sa.Column("fallback_url", sa.String(length=2048), nullable=True),
        sa.Column(
            "passed_parameters", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False
        ),
        sa.Column("imported_clicks", sa.BigInteger(), nullable=True),
    ]


def downgrade() -> None:
    for trigger, table in (("variants", "variants"), ("campaigns", "campaigns"), ("new_tenants", "tenants")):
        op.execute(f"drop trigger announce_{trigger} on {table}")
    op.drop_table("blocked_hosts")
    op.drop_table("link_uses")
    op.drop_table("link_targets")
    op.execute("drop function announce_links_of_target, announce_links_of_variant")
    op.drop_constraint(op.f("ck_links_expires_at"), "links")
    op.drop_constraint(op.f("ck_links_max_clicks"), "links")
    op.execute("revoke select on links from mp_dimensions_all_tenants")
    for column in reversed(_terms()):
        op.drop_column("links", column.name)
    op.execute("grant select on links to mp_dimensions_all_tenants")
