"""Multipart bodies: clients send long parameters in them, and tables that live for one query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from store.embedded.clickhouse.errors import ClickHouseError, ErrorCode

MOST_BYTES = 256 << 20
"""A form is held in memory until its query runs."""


@dataclass(slots=True)
class _Part:
    disposition: bytearray = field(default_factory=bytearray)
    data: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True, slots=True)
class ExternalTable:
    name: str
    structure: str
    format: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    fields: tuple[tuple[str, str], ...]
    files: Mapping[str, bytes]


def read(chunks: Iterable[bytes], boundary: bytes) -> Form:
    """Takes a multipart body apart."""
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    parts: list[_Part] = []
    header = bytearray()

    def begin_part() -> None:
        parts.append(_Part())

    def begin_header() -> None:
        header.clear()

    def header_name(data: bytes, start: int, end: int) -> None:
        header.extend(data[start:end])

    def header_value(data: bytes, start: int, end: int) -> None:
        if header.lower() == b"content-disposition":
            parts[-1].disposition += data[start:end]

    def part_data(data: bytes, start: int, end: int) -> None:
        parts[-1].data += data[start:end]

    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": begin_part,
            "on_header_begin": begin_header,
            "on_header_field": header_name,
            "on_header_value": header_value,
            "on_part_data": part_data,
        },
    )
    size = 0
    try:
        for chunk in chunks:
            size += len(chunk)
            if size > MOST_BYTES:
                raise ClickHouseError(
                    ErrorCode.TOO_MANY_BYTES, f"A form may hold {MOST_BYTES} bytes at most."
                )
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise ClickHouseError(ErrorCode.BAD_ARGUMENTS, f"The multipart body is malformed: {error}") from error
    fields: list[tuple[str, str]] = []
    files: dict[str, bytes] = {}
    for part in parts:
        _, options = parse_options_header(bytes(part.disposition))
        name = options.get(b"name", b"").decode("utf-8", "surrogateescape")
        if b"filename" in options:
            files[name] = bytes(part.data)
        else:
            fields.append((name, part.data.decode("utf-8", "surrogateescape")))
    return Form(tuple(fields), files)


def external_tables(form: Form, described: Mapping[str, str]) -> list[ExternalTable]:
    """The tables of a form, with the structure that `name_structure` or `name_types` gives them."""
    return [
        ExternalTable(
            name=name,
            structure=_structure(name, described),
            format=described.get(f"{name}_format", "TabSeparated"),
            data=data,
        )
        for name, data in form.files.items()
    ]


def _structure(name: str, described: Mapping[str, str]) -> str:
    if structure := described.get(f"{name}_structure"):
        return structure
    if types := described.get(f"{name}_types"):
        return ", ".join(f"_{number} {part.strip()}" for number, part in enumerate(_outer(types), 1))
    raise ClickHouseError(
        ErrorCode.BAD_ARGUMENTS, f"Neither structure nor types have been provided for external table {name}."
    )


def _outer(types: str) -> list[str]:
    """Splits at the commas that stand in no bracket: `UInt8, Map(String, String)`."""
    found, depth, start = [], 0, 0
    for at, sign in enumerate(types):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            found.append(types[start:at])
            start = at + 1
    return [*found, types[start:]]
