"""The names of those who did something, for `user:7` in the audit chain."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from store.audit import ActorKind
from store.records.api_keys import ApiKey
from store.records.database import Session
from store.records.people import User
from store.records.schema import UserId

_USER = f"{ActorKind.USER}:"
_KEY = f"{ActorKind.API_KEY}:"


def of_user(user: UserId) -> str:
    """How the audit chain calls a person."""
    return f"{_USER}{user}"


def of_actors(session: Session, actors: Iterable[str]) -> Mapping[str, str]:
    """A name for each actor, and whose a key is; programs keep what they are called."""
    given = set(actors)
    numbers = [int(actor.removeprefix(_USER)) for actor in given if actor.startswith(_USER)]
    known = session.execute(select(User.id, User.name).where(User.id.in_(numbers)))
    names = {of_user(UserId(row.id)): row.name for row in known}
    keys = [int(actor.removeprefix(_KEY)) for actor in given if actor.startswith(_KEY)]
    owned = session.execute(
        select(ApiKey.id, ApiKey.name, User.name)
        .join(User, User.id == ApiKey.user_id)
        .where(ApiKey.id.in_(keys))
    )
    names |= {f"{_KEY}{number}": f"{owner}, by the key {name}" for number, name, owner in owned}
    return {actor: names.get(actor, actor.replace(":", " ")) for actor in given}
