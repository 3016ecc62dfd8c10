"""What counts as a conversion, how visits and credit are measured, and which devices are not a person's."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0019_goals.sql")
TABLES = ("identity_splits", "measurements", "conversion_goals")


def upgrade() -> None:
    _create_goals()
    _create_measurements()
    _create_splits()
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.execute("drop trigger begin_measuring on tenants")
    op.execute("drop function begin_measuring()")
    for table in TABLES:
        op.drop_table(table)
    op.execute("drop function note_change()")


def _create_goals() -> None:
    op.create_table(
        "conversion_goals",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("refund_event", sa.String(length=64), server_default="refund", nullable=False),
        sa.Column("fixed_value", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("currency", sa.String(length=3), server_default="", nullable=False),
        sa.Column("counting", sa.String(length=20), server_default="each", nullable=False),
        sa.Column("once_days", sa.BigInteger(), server_default="30", nullable=False),
        sa.Column("lookback_days", sa.BigInteger(), server_default="30", nullable=False),
        sa.Column("is_headline", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        _changed_at(),
        *_numbered_of_tenant("conversion_goals"),
        sa.CheckConstraint("counting in ('each', 'once')", name=op.f("ck_conversion_goals_counting")),
        sa.CheckConstraint("event != '' and refund_event != event", name=op.f("ck_conversion_goals_event")),
        sa.CheckConstraint(
            "fixed_value between 0 and 1000000000000", name=op.f("ck_conversion_goals_fixed_value")
        ),
        sa.CheckConstraint("currency ~ '^([A-Z]{3})?$'", name=op.f("ck_conversion_goals_currency")),
        sa.CheckConstraint("once_days between 1 and 400", name=op.f("ck_conversion_goals_once_days")),
        sa.CheckConstraint("lookback_days between 1 and 180", name=op.f("ck_conversion_goals_lookback_days")),
        sa.CheckConstraint(
            "not is_headline or archived_at is null", name=op.f("ck_conversion_goals_is_headline")
        ),
    )
    for name, columns, where in (
        ("uq_conversion_goals_name", ["tenant_id", "name"], "archived_at is null"),
        ("uq_conversion_goals_headline", ["tenant_id"], "is_headline"),
    ):
        op.create_index(name, "conversion_goals", columns, unique=True, postgresql_where=sa.text(where))


def _create_measurements() -> None:
    op.create_table(
        "measurements",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("session_gap_minutes", sa.BigInteger(), server_default="30", nullable=False),
        sa.Column("session_ends_at_midnight", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("session_ends_with_campaign", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("headline_model", sa.String(length=40), server_default="last_touch", nullable=False),
        sa.Column("first_weight", sa.Numeric(precision=5, scale=4), server_default="0.4", nullable=False),
        sa.Column("last_weight", sa.Numeric(precision=5, scale=4), server_default="0.4", nullable=False),
        sa.Column("half_life_hours", sa.BigInteger(), server_default="168", nullable=False),
        sa.Column("markov_order", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("collapse_repeats", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("direct_overrides", sa.Boolean(), server_default="false", nullable=False),
        _changed_at(),
        sa.CheckConstraint(
            "session_gap_minutes between 1 and 240", name=op.f("ck_measurements_session_gap_minutes")
        ),
        sa.CheckConstraint(
            "headline_model ~ '^[a-z][a-z0-9_]*$'", name=op.f("ck_measurements_headline_model")
        ),
        sa.CheckConstraint(
            "first_weight >= 0 and last_weight >= 0 and first_weight + last_weight <= 1",
            name=op.f("ck_measurements_weights"),
        ),
        sa.CheckConstraint(
            "half_life_hours between 1 and 8760", name=op.f("ck_measurements_half_life_hours")
        ),
        sa.CheckConstraint("markov_order between 0 and 4", name=op.f("ck_measurements_markov_order")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_measurements_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_measurements")),
    )


def _create_splits() -> None:
    op.create_table(
        "identity_splits",
        sa.Column("visitor_id", sa.String(length=128), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_by", sa.String(length=100), nullable=True),
        _changed_at(),
        *_numbered_of_tenant("identity_splits"),
    )
    op.create_index(
        "uq_identity_splits_in_force",
        "identity_splits",
        ["tenant_id", "visitor_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("taken_back_at is null"),
    )


def _changed_at() -> sa.schema.SchemaItem:
    return sa.Column(
        "changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _numbered_of_tenant(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, index=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f(f"uq_{table}_tenant_id_id")),
    ]
