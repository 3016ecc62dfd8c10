"""What stands in the ad accounts: campaigns, ad sets, ads, and the daily budgets of each day."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

WALLS = Path(__file__).with_name("0030_ads.sql")
NOW = sa.text("now()")
STATUS = "status in ('running', 'paused', 'in_review', 'refused', 'ended', 'unknown')"
MONEY = sa.Numeric(20, 6)


def upgrade() -> None:
    _of_an_account(
        "ad_campaigns",
        _words("objective", 512),
        _words("bid_strategy", 512),
        sa.Column("daily_budget", MONEY, nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
    )
    _of_an_account(
        "ad_sets",
        sa.Column("ad_campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("audience", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("placements", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        _words("bid_strategy", 512),
        sa.Column("highest_bid", MONEY, nullable=True),
        sa.Column("daily_budget", MONEY, nullable=True),
        _belongs("ad_sets", "ad_campaigns", "ad_campaign_id"),
    )
    op.create_index("ix_ad_sets_ad_campaign_id", "ad_sets", ["tenant_id", "ad_campaign_id"])
    _of_an_account(
        "ads",
        sa.Column("ad_set_id", sa.BigInteger(), nullable=False),
        _words("format", 512),
        _words("headline", 5000),
        _words("text", 5000),
        _words("leads_to", 2048),
        _words("creative_id", 512),
        _belongs("ads", "ad_sets", "ad_set_id"),
    )
    op.create_index("ix_ads_ad_set_id", "ads", ["tenant_id", "ad_set_id"])
    op.create_index(
        "ix_ads_refused",
        "ads",
        ["tenant_id", "id"],
        postgresql_where=sa.text("status = 'refused' and gone_at is null"),
    )
    op.create_table(
        "daily_budgets",
        sa.Column("ad_account_id", sa.BigInteger(), nullable=False),
        sa.Column("of", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        *_owned("daily_budgets"),
        sa.CheckConstraint("of in ('campaign', 'ad_set')", name=op.f("ck_daily_budgets_of")),
        sa.UniqueConstraint(
            "tenant_id",
            "ad_account_id",
            "of",
            "external_id",
            "day",
            name=op.f("uq_daily_budgets_tenant_id_ad_account_id_of_external_id_day"),
        ),
    )
    op.create_index(op.f("ix_daily_budgets_tenant_id"), "daily_budgets", ["tenant_id"])
    op.add_column("ad_accounts", sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(WALLS.read_text())


def downgrade() -> None:
    op.drop_column("ad_accounts", "listed_at")
    for table in ("daily_budgets", "ads", "ad_sets", "ad_campaigns"):
        op.drop_table(table)


def _of_an_account(table: str, *more: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("ad_account_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        _words("said", 512),
        _words("why", 5000),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        *more,
        *_owned(table),
        sa.CheckConstraint(STATUS, name=op.f(f"ck_{table}_status")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f(f"uq_{table}_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id",
            "ad_account_id",
            "external_id",
            name=op.f(f"uq_{table}_tenant_id_ad_account_id_external_id"),
        ),
    )
    op.create_index(op.f(f"ix_{table}_tenant_id"), table, ["tenant_id"])


def _owned(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        _belongs(table, "ad_accounts", "ad_account_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _belongs(table: str, parent: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{parent}.tenant_id", f"{parent}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}"),
        ondelete="CASCADE",
    )


def _words(name: str, longest: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=longest), server_default="", nullable=False)
