"""How many statements a page takes: a number that does not grow with what it shows."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from store.records import database
from store.settings import Role, Settings


@contextmanager
def counted(house: Settings) -> Iterator[list[str]]:
    """The statements that the console has run inside the block."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = database.engine(house, Role.CONSOLE)
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
