"""What a tenant wants kept of its visitors, keys whose secret can be changed, and the salts of daily visitor ids."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0002_edge.sql")


def upgrade() -> None:
    op.add_column(
        "tenants", sa.Column("consent_rule", sa.String(length=20), server_default="opt_out", nullable=False)
    )
    op.add_column(
        "tenants", sa.Column("visitor_ids", sa.String(length=20), server_default="stored", nullable=False)
    )
    op.add_column(
        "tenants",
        sa.Column("stored_addresses", sa.String(length=20), server_default="shortened", nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_tenants_consent_rule"), "tenants", "consent_rule in ('opt_out', 'opt_in')"
    )
    op.create_check_constraint(
        op.f("ck_tenants_visitor_ids"), "tenants", "visitor_ids in ('stored', 'daily')"
    )
    op.create_check_constraint(
        op.f("ck_tenants_stored_addresses"), "tenants", "stored_addresses in ('shortened', 'none')"
    )
    op.add_column("collector_keys", sa.Column("retiring_secret_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("collector_keys", sa.Column("retires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("collector_keys", sa.Column("events_a_second", sa.BigInteger(), nullable=True))
    op.create_table(
        "visitor_salts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_visitor_salts")),
    )
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.drop_table("visitor_salts")
    op.drop_column("collector_keys", "events_a_second")
    op.drop_column("collector_keys", "retires_at")
    op.drop_column("collector_keys", "retiring_secret_sealed")
    op.drop_constraint(op.f("ck_tenants_stored_addresses"), "tenants")
    op.drop_constraint(op.f("ck_tenants_visitor_ids"), "tenants")
    op.drop_constraint(op.f("ck_tenants_consent_rule"), "tenants")
    op.drop_column("tenants", "stored_addresses")
    op.drop_column("tenants", "visitor_ids")
    op.drop_column("tenants", "consent_rule")
