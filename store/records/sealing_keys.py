"""The keys that credentials are sealed with: each wrapped by a master key, the newest one in use, older ones until rotation."""

import os

from sqlalchemy import LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store import master_keys
from store.records.schema import Numbered, Record, SealingKeyId
from store.settings import Settings

KEY_BYTES = 32


class SealingKey(Numbered, Record):
    """Nothing can be unsealed with what stands here but by whoever has the master key of that name."""

    __tablename__ = "sealing_keys"

    master: Mapped[str] = mapped_column(String(200))
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)


def newest(session: Session, settings: Settings) -> tuple[SealingKeyId, bytes]:
    """The key to seal with, made when there is none yet."""
    row = session.scalar(select(SealingKey).order_by(SealingKey.id.desc()).limit(1))
    return made(session, settings) if row is None else (SealingKeyId(row.id), _unwrapped(settings, row))


def made(session: Session, settings: Settings) -> tuple[SealingKeyId, bytes]:
    master, key = master_keys.current(settings), os.urandom(KEY_BYTES)
    row = SealingKey(master=master.name, wrapped=master.wrap(key))
    session.add(row)
    session.flush()
    return SealingKeyId(row.id), key


def opened(session: Session, settings: Settings, number: SealingKeyId) -> bytes:
    return _unwrapped(settings, session.get_one(SealingKey, number))


def forget_before(session: Session, number: SealingKeyId) -> int:
    """Drops the keys before this one, with which nothing may be sealed any more, and tells how many."""
    gone = session.scalars(delete(SealingKey).where(SealingKey.id < number).returning(SealingKey.id))
    return len(gone.all())


def _unwrapped(settings: Settings, row: SealingKey) -> bytes:
    return master_keys.named(settings, row.master).unwrap(row.wrapped)
