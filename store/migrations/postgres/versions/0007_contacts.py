"""Contacts say who let us write to them and come in groups; what outlives an erased one is a salted hash."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0007_contacts.sql")
SALT = "uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())"


def upgrade() -> None:
    op.add_column("contacts", sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("contacts", sa.Column("consent_reason", sa.String(length=200), nullable=True))
    op.add_column("contacts", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "tenants",
        sa.Column(
            "suppression_salt", sa.LargeBinary(length=32), server_default=sa.text(SALT), nullable=False
        ),
    )
    # New tenants get one from us; those that are there get one here.
    op.alter_column("tenants", "suppression_salt", server_default=None)
    op.create_table(
        "suppressions",
        sa.Column("address_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_suppressions_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
        sa.UniqueConstraint("tenant_id", "address_hash", name=op.f("uq_suppressions_tenant_id_address_hash")),
    )
    op.create_index(op.f("ix_suppressions_tenant_id"), "suppressions", ["tenant_id"])
    op.create_table(
        "contact_groups",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(length=500), server_default="", nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_contact_groups_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_groups")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_contact_groups_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_contact_groups_tenant_id_name")),
    )
    op.create_index(op.f("ix_contact_groups_tenant_id"), "contact_groups", ["tenant_id"])
    op.create_table(
        "contact_group_members",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["contact_groups.tenant_id", "contact_groups.id"],
            name=op.f("fk_contact_group_members_tenant_id_group_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["contacts.tenant_id", "contacts.id"],
            name=op.f("fk_contact_group_members_tenant_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "contact_id", name=op.f("pk_contact_group_members")),
    )
    op.create_index(op.f("ix_contact_group_members_contact_id"), "contact_group_members", ["contact_id"])
    op.execute(WALLS.read_text())


def downgrade() -> None:
    for table in ("contact_group_members", "contact_groups", "suppressions"):
        op.drop_table(table)
    op.drop_column("tenants", "suppression_salt")
    op.execute("grant select on tenants to mp_edge, mp_dimensions_all_tenants")
    for column in ("erased_at", "consent_reason", "consented_at"):
        op.drop_column("contacts", column)
