"""Reads one HTTP request as ClickHouse does: who asks, where the statement is, its settings and parameters."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from store.embedded.clickhouse import compression
from store.embedded.clickhouse.compression import Encoding
from store.embedded.clickhouse.errors import ClickHouseError, ErrorCode

DEFAULT_FORMAT = "TabSeparated"
DEFAULT_SESSION_TIMEOUT = 60
MAX_SESSION_TIMEOUT = 3600
DEFAULT_BUFFER = 1 << 20

_RESERVED = frozenset(
    (
        *(
            "query",
            "user",
            "password",
            "database",
            "default_format",
            "query_id",
            "quota_key",
            "role",
            "stacktrace",
        ),
        *("session_id", "session_timeout", "session_check", "close_session", "compress", "decompress"),
        *("buffer_size", "wait_end_of_query", "client_protocol_version"),
    )
)
_EXTERNAL_DATA_SUFFIXES = ("_format", "_types", "_structure")
_SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FORMAT_NAME = re.compile(r"\w+")
_PARAMETER_PREFIX = "param_"


@dataclass(frozen=True, slots=True)
class Credentials:
    user: str
    password: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """A name under which temporary tables, USE and SET last from one request to the next."""

    id: str
    timeout: int
    must_exist: bool
    close: bool


@dataclass(frozen=True, slots=True)
class Request:
    """What the client asks for; the body is not part of it."""

    credentials: Credentials
    method: str
    query: str
    """What stands in the URL; the body is joined to it."""
    database: str | None
    default_format: str
    query_id: str | None
    session: Session | None
    settings: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The values of {name:Type}."""
    external: Mapping[str, str] = field(default_factory=dict)
    """`name_structure`, `name_types` and `name_format` of the tables in a multipart body."""
    body_encoding: Encoding | None = None
    body_in_blocks: bool = False
    answer_encoding: Encoding | None = None
    answer_in_blocks: bool = False
    wait_end_of_query: bool = False
    buffer_size: int = DEFAULT_BUFFER
    boundary: bytes | None = None
    """Separates the parts of a multipart body."""

    @property
    def read_only(self) -> bool:
        """Anything but POST may not change data."""
        return self.method not in ("POST", "PUT", "PATCH", "DELETE")


def request(method: str, query_string: str, headers: Iterable[tuple[bytes, bytes]]) -> Request:
    """Reads the URL and the headers."""
    named = {
        name.decode("latin-1").lower(): value.decode("utf-8", "surrogateescape") for name, value in headers
    }
    pairs = parse_qsl(query_string, keep_blank_values=True, max_num_fields=10_000, errors="surrogateescape")
    return from_fields(method, pairs, named)


def from_fields(method: str, pairs: Iterable[tuple[str, str]], headers: Mapping[str, str]) -> Request:
    """The same from fields that were already taken apart, of the URL and of a multipart body alike."""
    fields = dict(pairs)
    if role := fields.get("role"):
        raise ClickHouseError(ErrorCode.UNKNOWN_ROLE, f"There is no role `{role}` in user directories.")
    boundary = _boundary(headers.get("content-type", ""))
    settings, parameters, external = _settings(fields, multipart=boundary is not None)
    return Request(
        credentials=_credentials(fields, headers),
        method=method,
        query=fields.get("query", ""),
        database=_utf8("database", headers.get("x-clickhouse-database") or fields.get("database") or "")
        or None,
        default_format=_format(headers.get("x-clickhouse-format") or fields.get("default_format")),
        query_id=fields.get("query_id") or headers.get("x-clickhouse-query-id") or None,
        session=_session(fields),
        settings=settings,
        parameters=parameters,
        external=external,
        body_encoding=compression.of_request(headers.get("content-encoding", "")),
        body_in_blocks=_flag(fields, "decompress"),
        answer_encoding=_answer_encoding(fields, headers),
        answer_in_blocks=_flag(fields, "compress"),
        wait_end_of_query=_flag(fields, "http_wait_end_of_query", _flag(fields, "wait_end_of_query")),
        buffer_size=_buffer_size(fields),
        boundary=boundary,
    )


def _credentials(fields: Mapping[str, str], headers: Mapping[str, str]) -> Credentials:
    """X-ClickHouse-User and -Key, or Basic, or the URL; two of them at once are a mistake of the client."""
    basic = headers.get("authorization", "")
    own = "x-clickhouse-user" in headers or "x-clickhouse-key" in headers
    in_url = "user" in fields or "password" in fields
    if own and (basic or in_url):
        raise ClickHouseError(
            ErrorCode.AUTHENTICATION_FAILED,
            "Invalid authentication: it is not allowed to use X-ClickHouse HTTP headers and other authentication "
            "methods simultaneously",
        )
    if own:
        return Credentials(headers.get("x-clickhouse-user", "default"), headers.get("x-clickhouse-key"))
    if basic:
        scheme, _, value = basic.partition(" ")
        if scheme.lower() != "basic":
            raise ClickHouseError(
                ErrorCode.AUTHENTICATION_FAILED,
                f"Invalid authentication: '{scheme}' HTTP Authorization scheme is not supported",
            )
        try:
            user, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise ClickHouseError(
                ErrorCode.AUTHENTICATION_FAILED, "Invalid authentication: the Basic header cannot be read"
            ) from None
        return Credentials(user or "default", password)
    return Credentials(fields.get("user", "default"), fields.get("password"))


def _settings(
    fields: Mapping[str, str], *, multipart: bool
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Every field that means nothing to HTTP is a query parameter, or a setting that the engine shall judge."""
    settings: dict[str, str] = {}
    parameters: dict[str, str] = {}
    external: dict[str, str] = {}
    for name, value in fields.items():
        if not name or name in _RESERVED:
            continue
        if name.startswith(_PARAMETER_PREFIX):
            parameters[_checked_name(name.removeprefix(_PARAMETER_PREFIX))] = _utf8(name, value)
        elif multipart and name.endswith(_EXTERNAL_DATA_SUFFIXES):
            external[name] = _utf8(name, value)
        else:
            settings[_checked_name(name)] = _utf8(name, value)
    return settings, parameters, external


def _checked_name(name: str) -> str:
    if not _SETTING_NAME.fullmatch(name):
        raise ClickHouseError(ErrorCode.UNKNOWN_SETTING, f"Unknown setting '{name}'.")
    return name


def _utf8(name: str, value: str) -> str:
    """chDB takes text where a server takes any bytes."""
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ClickHouseError(ErrorCode.BAD_ARGUMENTS, f"The value of {name} is not UTF-8.") from None
    return value


def _format(name: str | None) -> str:
    if not name:
        return DEFAULT_FORMAT
    if not _FORMAT_NAME.fullmatch(name):
        raise ClickHouseError(ErrorCode.UNKNOWN_FORMAT, f"Unknown format {name}.")
    return name


def _session(fields: Mapping[str, str]) -> Session | None:
    if (session_id := fields.get("session_id")) is None:
        return None
    if not session_id:
        raise ClickHouseError(
            ErrorCode.SESSION_ID_EMPTY, "Session id query parameter was provided, but it was empty"
        )
    text = fields.get("session_timeout", str(DEFAULT_SESSION_TIMEOUT))
    if not (text.isascii() and text.isdigit()):
        raise ClickHouseError(ErrorCode.INVALID_SESSION_TIMEOUT, f"Invalid session timeout: '{text}'")
    timeout = int(text)
    if timeout > MAX_SESSION_TIMEOUT:
        raise ClickHouseError(
            ErrorCode.INVALID_SESSION_TIMEOUT,
            f"Session timeout '{text}' is larger than max_session_timeout: {MAX_SESSION_TIMEOUT}.",
        )
    return Session(session_id, timeout, _flag(fields, "session_check"), _flag(fields, "close_session"))


def _flag(fields: Mapping[str, str], name: str, default: bool = False) -> bool:
    if (text := fields.get(name)) is None:
        return default
    match text.lower():
        case "1" | "true":
            return True
        case "0" | "false" | "":
            return False
    raise ClickHouseError(ErrorCode.BAD_ARGUMENTS, f"Cannot parse '{text}' of parameter {name} as a boolean.")


def _buffer_size(fields: Mapping[str, str]) -> int:
    """How much of an answer is held back, so that an early error still gets its status."""
    text = fields.get("http_response_buffer_size") or fields.get("buffer_size") or ""
    if text and not (text.isascii() and text.isdigit()):
        raise ClickHouseError(ErrorCode.BAD_ARGUMENTS, f"Cannot parse buffer_size '{text}' as a number.")
    return min(int(text or DEFAULT_BUFFER) or DEFAULT_BUFFER, 64 * DEFAULT_BUFFER)


def _answer_encoding(fields: Mapping[str, str], headers: Mapping[str, str]) -> Encoding | None:
    if not _flag(fields, "enable_http_compression"):
        return None
    return compression.of_answer(headers.get("accept-encoding", ""))


def _boundary(content_type: str) -> bytes | None:
    if not content_type.lower().startswith("multipart/form-data"):
        return None
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if found is None:
        raise ClickHouseError(ErrorCode.BAD_ARGUMENTS, "A multipart/form-data body needs a boundary.")
    return found[1].encode("utf-8", "surrogateescape")


def content_type(format_name: str) -> str:
    """The media type under which a server sends a format."""
    name = format_name.lower()
    if name.startswith(("tabseparated", "tsv")):
        return "text/tab-separated-values; charset=UTF-8"
    if name.startswith("csv"):
        header = "present" if "withnames" in name else "absent"
        return f"text/csv; charset=UTF-8; header={header}"
    if name.startswith("json"):
        lines = "eachrow" in name or name in ("jsonlines", "jsonl")
        return "application/x-ndjson; charset=UTF-8" if lines else "application/json; charset=UTF-8"
    if name == "xml":
        return "application/xml; charset=UTF-8"
    if name in ("native", "rowbinary", "parquet", "orc", "avro", "msgpack") or name.startswith(
        ("rowbinary", "arrow")
    ):
        return "application/octet-stream"
    return "text/plain; charset=UTF-8"
