"""Lists of links: our own CSV and those of Bitly and Dub. What cannot be read is said, never raised."""

import csv
import io
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from marketing_pipelines.links import cells, columns, parameters
from marketing_pipelines.links.drafts import LinkDraft
from marketing_pipelines.links.refusals import NotUsable
from marketing_pipelines.links.slugs import usable_slug
from marketing_pipelines.links.targets import Target, usable_target

MOST_BYTES = 20_000_000
MOST_ROWS = 200_000
MOST_TARGETS = 300
LONGEST_TITLE = 255
LONGEST_CHANNEL = 40
LONGEST_CAMPAIGN = 255
LONGEST_EXCERPT = 80
DELIMITERS = (",", ";", "\t")

# What is said about a link but decides nothing: if it cannot be read, the link comes without it.
NOTES = frozenset({"title", "tags", "created_at", "clicks"})

Value = TypeVar("Value")
Default = TypeVar("Default")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a cell. Rows count as in a spreadsheet, the header being 1; 0 is the whole file."""

    row: int
    column: str
    what: str
    excerpt: str = ""
    is_left_out: bool = True
    """Whether the row was left out; else its link comes without what the cell says."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The links by the row they stood in."""

    drafts: dict[int, LinkDraft] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_links(text: str | bytes, *, own_hosts: Collection[str] = frozenset()) -> Imported:
    """The links of a CSV and what is wrong with the others; `own_hosts` are those of `usable_target`."""
    imported = Imported()
    try:
        rows = _rows(_decoded(text))
        _read_rows(rows, own_hosts, imported)
    except _Unreadable as error:
        imported.problems.append(Problem(error.row, "", str(error)))
    return imported


def read_targets(cell: str, *, own_hosts: Collection[str] = frozenset()) -> tuple[Target, ...]:
    """Targets as a list carries them, in JSON."""
    try:
        targets = msgspec.json.decode(cell, type=list[Target])
    except msgspec.MsgspecError as error:
        raise NotUsable(f"The targets cannot be read ({error}); write them as an export does.") from None
    if len(targets) > MOST_TARGETS:
        raise NotUsable(f"A link has {MOST_TARGETS} targets at most, not {len(targets)}.")
    return tuple(
        msgspec.structs.replace(target, url=usable_target(target.url, own_hosts=own_hosts))
        for target in targets
    )


class _Unreadable(Exception):
    """The rest of a file cannot be read."""

    def __init__(self, what: str, row: int = 0) -> None:
        super().__init__(what)
        self.row = row


def _decoded(text: str | bytes) -> str:
    if len(text) > MOST_BYTES:
        raise _Unreadable(f"The file is larger than {MOST_BYTES // 1_000_000} MB; split it.")
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    # Excel's "Unicode text" is UTF-16.
    encoding = "utf-16" if text.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return text.decode(encoding)
    except UnicodeDecodeError:
        raise _Unreadable("The file is not UTF-8; save it again as CSV in UTF-8.") from None


def _rows(text: str) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Each row with its number; one that is no CSV does not end those after it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, error


def _delimiter(text: str) -> str:
    """The one by which the header has the most columns that we know."""
    head = text[: csv.field_size_limit()]

    def known(delimiter: str) -> int:
        try:
            header = next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), [])
        except csv.Error:
            return 0
        return len(columns.places(header[: columns.MOST_COLUMNS]))

    return max(DELIMITERS, key=known)


def _read_rows(
    rows: Iterator[tuple[int, list[str] | csv.Error]], own_hosts: Collection[str], imported: Imported
) -> None:
    _, header = next(rows, (1, []))
    if isinstance(header, csv.Error) or not header:
        raise _Unreadable("The file has no first row that names its columns; add one.", 1)
    if len(header) > columns.MOST_COLUMNS:
        raise _Unreadable(
            f"The file has more than {columns.MOST_COLUMNS} columns; take out what is no link's.", 1
        )
    places = columns.places(header)
    if "target_url" not in places:
        raise _Unreadable(
            "No column says where the links lead; name it target_url, Long URL or Destination URL.", 1
        )
    taken: dict[str, int] = {}
    for number, written in rows:
        if number > MOST_ROWS + 1:
            raise _Unreadable(
                f"Rows from here on are not read, {MOST_ROWS} being the most; split the file.", number
            )
        if isinstance(written, csv.Error):
            imported.problems.append(
                Problem(number, "", f"The row is no CSV ({written}); look for a quote too many.")
            )
        elif any(map(str.strip, written)):
            row = _Row(number, header, places, written, own_hosts)
            draft = row.draft(taken)
            imported.problems.extend(row.problems)
            if draft:
                imported.drafts[number] = draft
                if draft.slug:
                    taken[draft.slug] = number


class _Row:
    """One row, read cell by cell; what is wrong with it gathers in `problems`."""

    def __init__(
        self,
        number: int,
        header: Sequence[str],
        places: dict[str, list[int]],
        written: Sequence[str],
        own_hosts: Collection[str],
    ) -> None:
        self.problems: list[Problem] = []
        self._number = number
        self._own_hosts = own_hosts
        self._names = {column: header[indices[0]] for column, indices in places.items()}
        self._cells: dict[str, str] = {}
        for column, indices in places.items():
            for index in indices:
                if index < len(written) and (cell := written[index].strip()):
                    self._names[column] = header[index]
                    self._cells[column] = columns.unescaped(cell)
                    break

    def draft(self, taken: dict[str, int]) -> LinkDraft | None:
        """The link, unless something keeps the row out; `taken` are the slugs of the rows above."""
        if columns.PASSWORD in self._cells:
            # Without its password a link would show everybody what was meant for some.
            what = "The link has a password, which no list hands over; add it by hand and give it a new one."
            self._complain(columns.PASSWORD, what)
        slug = self._read("slug", usable_slug, None) or self._read("short_address", cells.slug_of, None)
        if slug in taken:
            self._complain(
                "slug", f"The slug is that of row {taken[slug]} already; choose another one.", slug
            )
        target_url = self._read("target_url", self._tagged_target, "")
        if "target_url" not in self._cells:
            self._complain("target_url", "The row does not say where the link leads.")
        try:
            draft = LinkDraft(
                slug=slug,
                target_url=target_url,
                title=self._line("title", LONGEST_TITLE),
                channel=self._line("channel", LONGEST_CHANNEL),
                campaign=self._line("campaign", LONGEST_CAMPAIGN),
                tags=self._read("tags", cells.tags, ()),
                starts_at=self._read("starts_at", cells.moment, None),
                expires_at=self._read("expires_at", cells.moment, None),
                max_clicks=self._read("max_clicks", cells.number, None),
                fallback_url=self._read("fallback_url", self._target, None),
                is_archived=self._read("is_archived", cells.boolean, False),
                created_at=self._read("created_at", cells.moment, None),
                clicks=self._read("clicks", cells.number, None),
                targets=self._read("targets", self._targets, ()) + self._targets_of_dub(),
                passed_parameters=self._read("passed_parameters", cells.parameters, ()),
            )
        except NotUsable as refusal:
            self._complain("", str(refusal))
            return None
        return None if any(problem.is_left_out for problem in self.problems) else draft

    def _read(self, column: str, reader: Callable[[str], Value], default: Default) -> Value | Default:
        cell = self._cells.get(column)
        if not cell:
            return default
        try:
            return reader(cell)
        except NotUsable as refusal:
            self._complain(column, str(refusal), cell)
            return default

    def _line(self, column: str, longest: int) -> str:
        return self._read(column, lambda cell: cells.one_line(cell, longest), "")

    def _complain(self, column: str, what: str, excerpt: str = "") -> None:
        written = self._names.get(column, "")
        shown = cells.UNPRINTABLE.sub("�", excerpt[:LONGEST_EXCERPT])
        self.problems.append(
            Problem(self._number, written[:LONGEST_EXCERPT], what, shown, column not in NOTES)
        )

    def _target(self, cell: str) -> str:
        return usable_target(cell, own_hosts=self._own_hosts)

    def _tagged_target(self, cell: str) -> str:
        utm = {name: self._line(name, LONGEST_CAMPAIGN) for name in columns.UTM}
        return self._target(parameters.tagged(self._target(cell), utm))

    def _targets(self, cell: str) -> tuple[Target, ...]:
        return read_targets(cell, own_hosts=self._own_hosts)

    def _targets_of_dub(self) -> tuple[Target, ...]:
        """One for each country and each system; on a phone Dub asks for the system alone."""
        by_country = self._read(columns.GEO, self._geo, ())
        countries = frozenset[str]().union(*(target.countries for target in by_country))
        by_system: list[Target] = []
        for column, system in columns.SYSTEMS.items():
            if url := self._read(column, self._target, ""):
                everywhere = Target(url, systems=frozenset({system}))
                by_system.append(everywhere)
                if countries:
                    by_system.append(msgspec.structs.replace(everywhere, countries=countries))
        return by_country + tuple(by_system)

    def _geo(self, cell: str) -> tuple[Target, ...]:
        try:
            urls = msgspec.json.decode(cell, type=dict[str, str])
        except msgspec.MsgspecError:
            raise NotUsable('Countries are written like {"AT": "https://shop.example/at"}.') from None
        if len(urls) > MOST_TARGETS:
            raise NotUsable(f"A link has {MOST_TARGETS} targets at most, not {len(urls)}.")
        return tuple(
            Target(self._target(url), countries=frozenset({country.upper()})) for country, url in urls.items()
        )
