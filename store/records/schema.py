"""What every table shares: naming, identity, the tenant column and the composite foreign key."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    MetaData,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

TenantId = NewType("TenantId", int)
ActionId = NewType("ActionId", int)
ApiKeyId = NewType("ApiKeyId", int)
CampaignId = NewType("CampaignId", int)
ConnectionId = NewType("ConnectionId", int)
ContactId = NewType("ContactId", int)
ExportId = NewType("ExportId", int)
FeedId = NewType("FeedId", int)
GoalId = NewType("GoalId", int)
GroupId = NewType("GroupId", int)
HoldOutId = NewType("HoldOutId", int)
LinkId = NewType("LinkId", int)
SealingKeyId = NewType("SealingKeyId", int)
StandingId = NewType("StandingId", int)
ProjectId = NewType("ProjectId", int)
SplitId = NewType("SplitId", int)
UploadId = NewType("UploadId", int)
UserId = NewType("UserId", int)


class NotUsable(Exception):
    """What was given cannot be kept; the text says why and what to do."""


class Record(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's own class-level configuration)
        int: BigInteger,
        TenantId: BigInteger,
        ActionId: BigInteger,
        ApiKeyId: BigInteger,
        CampaignId: BigInteger,
        ConnectionId: BigInteger,
        ContactId: BigInteger,
        ExportId: BigInteger,
        FeedId: BigInteger,
        GoalId: BigInteger,
        GroupId: BigInteger,
        HoldOutId: BigInteger,
        LinkId: BigInteger,
        SealingKeyId: BigInteger,
        StandingId: BigInteger,
        ProjectId: BigInteger,
        SplitId: BigInteger,
        UploadId: BigInteger,
        UserId: BigInteger,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: JSONB,
    }


class Numbered:
    """A row with a number of its own and the moment it came."""

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TenantOwned(Numbered):
    """A row that belongs to one tenant and stands behind row-level security."""

    @declared_attr
    def tenant_id(cls) -> Mapped[TenantId]:
        return mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), index=True)


def key_for_children() -> UniqueConstraint:
    """What composite foreign keys of the same tenant point to."""
    return UniqueConstraint("tenant_id", "id")


def belongs_to(
    table: str, column: str, *, ondelete: str = "CASCADE", both_ways: bool = False
) -> ForeignKeyConstraint:
    """A foreign key that cannot cross tenants: plain foreign keys look past row-level security.

    Of two tables that point to each other, one says `both_ways`.
    """
    return ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{table}.tenant_id", f"{table}.id"],
        ondelete=ondelete,
        use_alter=both_ways,
    )


def enumerated(values: type[StrEnum], length: int) -> Enum:
    """A text column that reads back as the enum's member and not as bare text."""
    return Enum(
        values,
        native_enum=False,
        length=length,
        values_callable=lambda members: [member.value for member in members],
    )


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """The database refuses what the enum does not name."""
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=column)
