"""Places that are published to; what money and which clock an ad account reckons in."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0026_places.sql")
NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "places",
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("network", sa.String(length=20), nullable=False),
        sa.Column("place_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_places_tenant_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_places_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_places_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "network", "place_id", name=op.f("uq_places_tenant_id_network_place_id")
        ),
    )
    op.create_index(op.f("ix_places_tenant_id"), "places", ["tenant_id"])
    op.create_index(op.f("ix_places_connection_id"), "places", ["connection_id"])
    for name, length in (("currency", 3), ("time_zone", 64)):
        op.add_column(
            "ad_accounts", sa.Column(name, sa.String(length=length), server_default="", nullable=False)
        )
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.drop_column("ad_accounts", "time_zone")
    op.drop_column("ad_accounts", "currency")
    op.drop_table("places")
