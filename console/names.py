"""The names of those who did something, for `user:7` in the audit chain."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from store.audit import ActorKind
from store.records.database import Session
from store.records.people import User
from store.records.schema import UserId

_USER = f"{ActorKind.USER}:"


def of_user(user: UserId) -> str:
    """How the audit chain calls a person."""
    return f"{_USER}{user}"


def of_actors(session: Session, actors: Iterable[str]) -> Mapping[str, str]:
    """A name for each actor, by one query; programs keep what they are called."""
    given = set(actors)
    numbers = [int(actor.removeprefix(_USER)) for actor in given if actor.startswith(_USER)]
    known = session.execute(select(User.id, User.name).where(User.id.in_(numbers)))
    people = {of_user(UserId(row.id)): row.name for row in known}
    return {actor: people.get(actor, actor.replace(":", " ")) for actor in given}
