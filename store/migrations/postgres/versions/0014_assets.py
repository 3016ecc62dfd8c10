"""Assets' bytes move from Postgres to files or to an S3; tags, flags, tables of values, and which actions use them."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from store import asset_files, settings
from store.asset_files import AssetFiles

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0014_assets.sql")
KINDS = "kind in ('image', 'text', 'html', 'csv', 'document')"
FORMER_KINDS = "kind in ('image', 'text', 'html', 'document')"
COLUMNS = ("archived_at", "flags", "tags", "rows", "height", "width")


def upgrade() -> None:
    op.execute("drop trigger immutable on assets")
    for column in ("width", "height", "rows"):
        op.add_column("assets", sa.Column(column, sa.Integer(), nullable=True))
    for column in ("tags", "flags"):
        said = sa.Column(column, JSONB(astext_type=sa.Text()), server_default="[]", nullable=False)
        op.add_column("assets", said)
    op.add_column("assets", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_assets_tags",
        "assets",
        ["tags"],
        postgresql_using="gin",
        postgresql_ops={"tags": "jsonb_path_ops"},
    )
    _check_kind(KINDS)
    _create_uses()
    _move_bytes_out()
    op.drop_column("assets", "content")
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.execute("drop trigger immutable on assets")
    op.execute("drop trigger no_truncation on assets")
    op.add_column("assets", sa.Column("content", sa.LargeBinary(), nullable=True))
    _move_bytes_in()
    op.alter_column("assets", "content", nullable=False)
    op.drop_table("asset_uses")
    # A table of values is a text too.
    op.execute("update assets set kind = 'text' where kind = 'csv'")
    _check_kind(FORMER_KINDS)
    op.drop_index("ix_assets_tags", "assets")
    for column in COLUMNS:
        op.drop_column("assets", column)
    op.execute("revoke all on assets from mp_console")
    op.execute("grant select, insert on assets to mp_console")
    op.execute(
        "create trigger immutable before update or truncate on assets"
        " for each statement execute function refuse_change()"
    )


def _create_uses() -> None:
    op.create_table(
        "asset_uses",
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        _belongs("asset_id", "assets", "RESTRICT"),
        _belongs("action_id", "actions", "CASCADE"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_asset_uses_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_uses")),
        sa.UniqueConstraint(
            "tenant_id", "asset_id", "action_id", name=op.f("uq_asset_uses_tenant_id_asset_id_action_id")
        ),
    )
    for column in ("tenant_id", "action_id"):
        op.create_index(op.f(f"ix_asset_uses_{column}"), "asset_uses", [column])


def _belongs(column: str, table: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{table}.tenant_id", f"{table}.id"],
        name=op.f(f"fk_asset_uses_tenant_id_{column}"),
        ondelete=ondelete,
    )


def _check_kind(kinds: str) -> None:
    op.drop_constraint(op.f("ck_assets_kind"), "assets")
    op.create_check_constraint(op.f("ck_assets_kind"), "assets", kinds)


def _move_bytes_out() -> None:
    """One asset at a time: all of them would not fit into memory."""
    connection = op.get_bind()
    for number, tenant in connection.execute(sa.text("select id, tenant_id from assets order by id")).all():
        content = connection.execute(sa.text("select content from assets where id = :id"), {"id": number})
        _files().put(tenant, bytes(content.scalar_one()))


def _move_bytes_in() -> None:
    connection = op.get_bind()
    kept = connection.execute(sa.text("select id, tenant_id, sha256 from assets order by id")).all()
    for number, tenant, sha256 in kept:
        content = _files().get(tenant, bytes(sha256))
        connection.execute(
            sa.text("update assets set content = :content where id = :id"), {"content": content, "id": number}
        )


def _files() -> AssetFiles:
    config = op.get_context().config
    given = config.attributes.get("settings") if config else None
    return asset_files.of(given or settings.current())
