"""What every thing remembers of the audit chain: the number and hash of its last entry."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0004_audit.sql")


def upgrade() -> None:
    op.create_table(
        "audited_entities",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("entity_id", sa.String(length=100), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "entity", "entity_id", name=op.f("pk_audited_entities")),
    )
    op.create_index("ix_audited_entities_seq", "audited_entities", ["tenant_id", "seq"])
    op.execute(WALLS.read_text())
    op.drop_column("actions", "last_audit_seq")


def downgrade() -> None:
    op.add_column("actions", sa.Column("last_audit_seq", sa.BigInteger(), server_default="0", nullable=False))
    op.execute(
        "update actions set last_audit_seq = seq from audited_entities a where a.tenant_id = actions.tenant_id "
        "and a.entity = 'action' and a.entity_id = actions.id::text"
    )
    op.drop_table("audited_entities")
    op.execute("drop function refuse_forgetting")
