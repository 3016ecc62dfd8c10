"""Just enough of ClickHouse's grammar to see where an INSERT's data begins and where an answer's format is named.

The engine parses every statement itself; nothing here decides what a statement means or whether it is allowed,
except the two clauses (INTO OUTFILE, FROM INFILE) that a server refuses over HTTP.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

_LEXER = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|\#[!\ ][^\n]*|/\*.*?\*/)
    |(?P<text>'(?:[^'\\]|\\.|'')*'|‘[^’]*’|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    |(?P<quoted>`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*"|“[^”]*”)
    |(?P<number>\d[\w.]*)
    |(?P<word>[A-Za-z_][\w$]*)
    |(?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)


class Kind(Enum):
    TEXT = auto()
    QUOTED = auto()
    NUMBER = auto()
    WORD = auto()
    SIGN = auto()


_KINDS = {kind.name.lower(): kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    start: int
    end: int
    depth: int

    def is_word(self, *words: str) -> bool:
        return self.kind is Kind.WORD and self.text.upper() in words

    def is_name(self) -> bool:
        return self.kind in (Kind.WORD, Kind.QUOTED)


def tokens(sql: str, start: int = 0) -> Iterator[Token]:
    """What the statement consists of, without spaces and comments; a bracket carries the depth outside of it."""
    depth = 0
    for match in _LEXER.finditer(sql, start):
        group = match.lastgroup
        if group is None or group == "space":
            continue
        kind = Kind.TEXT if group == "tag" else _KINDS[group]
        text = match.group()
        if kind is Kind.SIGN and text in ")]}":
            depth -= 1
        yield Token(kind, text, match.start(), match.end(), depth)
        if kind is Kind.SIGN and text in "([{":
            depth += 1


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT whose rows follow it as data."""

    head: str
    """`INSERT INTO t (a, b) SETTINGS …`, without FORMAT and VALUES."""
    format: str
    data_at: int
    """Where the data begins, in characters."""
    target_end: int = 0
    """Where in `head` its SETTINGS begin, or it ends."""
    input_call: tuple[int, int] | None = None
    """Where in `head` the arguments of `input(…)` stand, for INSERT … SELECT … FROM input(…)."""


def has_clause(sql: str, first: str, second: str) -> bool:
    """Whether two words stand next to each other, such as INTO OUTFILE."""
    previous: Token | None = None
    for token in tokens(sql):
        if token.is_word(second) and previous is not None and previous.is_word(first):
            return True
        previous = token
    return False


def first_words(sql: str, count: int = 2) -> tuple[str, ...]:
    """The words that a statement begins with, in capitals: ("SET",), ("CREATE", "TEMPORARY")."""
    words: list[str] = []
    for token in tokens(sql):
        if token.kind is not Kind.WORD or len(words) == count:
            break
        words.append(token.text.upper())
    return tuple(words)


def is_select(sql: str) -> bool:
    """Whether the statement is a SELECT, however it begins."""
    for token in tokens(sql):
        if token.text != "(":
            return token.is_word("SELECT", "WITH", "FROM")
    return False


def insert_with_data(sql: str) -> Insert | None:
    """Reads `INSERT INTO … FORMAT X <data>` and `INSERT INTO … VALUES <data>`; None for any other statement."""
    stream = tokens(sql)
    token = next(stream, None)
    if token is None or not token.is_word("INSERT"):
        return None
    rest = _after_target(stream)
    if rest is None:
        return None
    if rest.is_word("SELECT", "WITH", "FROM") or rest.text == "(":
        return _insert_select_from_input(sql, rest, stream)
    for token in (rest, *_until_data(stream, rest)):
        if token.depth:
            continue
        if token.is_word("VALUES"):
            return Insert(sql[: token.start], "Values", token.end, rest.start)
        if token.is_word("FORMAT"):
            plain = _insert_in_format(sql, token)
            return plain and replace(plain, target_end=rest.start)
        if token.is_word("SELECT", "WITH"):
            return _insert_select_from_input(sql, token, stream)
    return None


def _until_data(stream: Iterator[Token], rest: Token) -> Iterator[Token]:
    """Stops at the word after which data begins: the data is not SQL and is not to be read as such."""
    token = rest
    while not (token.depth == 0 and token.is_word("VALUES", "FORMAT", "SELECT", "WITH")):
        following = next(stream, None)
        if following is None:
            return
        token = following
        yield token


def _after_target(stream: Iterator[Token]) -> Token | None:
    """Skips `INTO [TABLE] db.t (a, b)` or `INTO FUNCTION f(…)` and gives what comes next."""
    token = next(stream, None)
    if token is not None and token.is_word("INTO"):
        token = next(stream, None)
    if token is not None and token.is_word("TABLE"):
        token = next(stream, None)
    if token is not None and token.is_word("FUNCTION"):
        token = next(stream, None)
    # a name or a {name:Identifier}, each perhaps behind a dot
    while token is not None:
        if token.text == "{":
            token = _closing(stream)
        elif not token.is_name():
            return None
        token = next(stream, None)
        if token is None or token.text != ".":
            break
        token = next(stream, None)
    if token is not None and token.text == "(":
        inside = next(stream, None)
        if inside is not None and inside.is_word("SELECT", "WITH"):
            return Token(Kind.SIGN, "(", token.start, token.end, 0)
        if inside is None or (inside.text != ")" and _closing(stream) is None):
            return None
        token = next(stream, None)
    return token


def _closing(stream: Iterator[Token]) -> Token | None:
    """Skips to the bracket that closes the one just read, which may hold others."""
    inner: int | None = None
    for token in stream:
        if token.text in (")", "}") and token.kind is Kind.SIGN and (inner is None or token.depth < inner):
            return token
        inner = token.depth if inner is None else inner
    return None


def _insert_in_format(sql: str, keyword: Token) -> Insert | None:
    """`FORMAT X [SETTINGS a = 1, …]`, one line break, then the data."""
    stream = tokens(sql, keyword.end)
    name = next(stream, None)
    if name is None or name.kind is not Kind.WORD:
        return None
    head = sql[: keyword.start]
    end = name.end
    following = next(stream, None)
    if following is not None and following.is_word("SETTINGS"):
        end = _end_of_settings(stream) or end
        head = f"{head}{sql[following.start : end]}"
    return Insert(head, name.text, _data_start(sql, end))


def _end_of_settings(stream: Iterator[Token]) -> int | None:
    """Where `a = 1, b = 'x'` ends."""
    while True:
        name, equals, value = next(stream, None), next(stream, None), next(stream, None)
        if name is None or equals is None or equals.text != "=" or value is None:
            return None
        if value.text == "-":
            value = next(stream, None) or value
        end = value.end
        comma = next(stream, None)
        if comma is None or comma.text != ",":
            return end


def _data_start(sql: str, end: int) -> int:
    """Behind blanks and at most one line break, as a server counts."""
    while end < len(sql) and sql[end] in " \t\f":
        end += 1
    if sql.startswith("\r", end):
        end += 1
    if sql.startswith("\n", end):
        end += 1
    return end


def _insert_select_from_input(sql: str, first: Token, stream: Iterator[Token]) -> Insert | None:
    """`INSERT INTO t SELECT … FROM input('a UInt8') FORMAT X <data>`: the one SELECT that is followed by data."""
    call: tuple[int, int] | None = None
    previous = first
    for token in stream:
        if call is None and token.text == "(" and previous.is_word("INPUT"):
            closing = _closing(stream)
            if closing is None:
                return None
            call = (previous.start, closing.end)
            token = closing
        elif token.is_word("FORMAT") and call is not None and _ends_an_operand(previous):
            plain = _insert_in_format(sql, token)
            return plain and replace(plain, input_call=call)
        previous = token
    return None


# After these a name is expected, so that FORMAT behind them is a column or an alias and not the clause.
_EXPECTS_A_NAME = (
    *(
        "SELECT",
        "FROM",
        "JOIN",
        "AS",
        "BY",
        "WHERE",
        "PREWHERE",
        "HAVING",
        "AND",
        "OR",
        "NOT",
        "ON",
        "IN",
        "USING",
    ),
    *(
        "DISTINCT",
        "LIKE",
        "ILIKE",
        "THEN",
        "ELSE",
        "WHEN",
        "CASE",
        "BETWEEN",
        "TABLE",
        "DESCRIBE",
        "EXISTS",
    ),
)


def _ends_an_operand(token: Token) -> bool:
    if token.kind is Kind.SIGN:
        return token.text in ")]}*"
    return not token.is_word(*_EXPECTS_A_NAME)


@dataclass(frozen=True, slots=True)
class Answer:
    """A statement that answers with rows, cut where its output clauses stand."""

    before: str
    format: str | None
    after: str
    """What follows the format's name: SETTINGS, or nothing."""

    def into(self, path: str, default_format: str) -> str:
        """The same statement, with its answer written to a path instead."""
        clauses = f"INTO OUTFILE '{path}' TRUNCATE\nFORMAT {self.format or default_format}"
        return f"{self.before}\n{clauses}\n{self.after}".rstrip()


def answer(sql: str) -> Answer:
    """Finds the FORMAT clause that names the form of the whole answer, if there is one."""
    parts = list(tokens(sql))
    while parts and parts[-1].text == ";":
        parts.pop()
    end = parts[-1].end if parts else 0
    for index in range(len(parts) - 2, 0, -1):
        token, name, previous = parts[index], parts[index + 1], parts[index - 1]
        if token.depth or not token.is_word("FORMAT") or name.kind is not Kind.WORD:
            continue
        following = parts[index + 2] if index + 2 < len(parts) else None
        if index == 1 and previous.is_word("DESC"):
            continue  # it describes a table of this name; anywhere else it ends an order
        if _ends_an_operand(previous) and (following is None or following.is_word("SETTINGS")):
            return Answer(sql[: previous.end], name.text, sql[name.end : end].strip())
    return Answer(sql[:end], None, "")


def text_literal(value: str) -> str:
    """A string in SQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def name_literal(value: str) -> str:
    """A name in SQL."""
    return "`" + value.replace("\\", "\\\\").replace("`", "\\`") + "`"
