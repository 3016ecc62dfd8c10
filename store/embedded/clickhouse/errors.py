"""What went wrong, with the number, the text and the HTTP status that a ClickHouse server gives it."""

import re
from enum import IntEnum


class ErrorCode(IntEnum):
    """The errors that this server raises of itself, under ClickHouse's numbers; the engine has hundreds more."""

    BAD_ARGUMENTS = 36
    NOT_IMPLEMENTED = 48
    SYNTAX_ERROR = 62
    UNKNOWN_FORMAT = 73
    UNKNOWN_TYPE_OF_QUERY = 78
    UNKNOWN_SETTING = 115
    READONLY = 164
    TOO_MANY_SIMULTANEOUS_QUERIES = 202
    SOCKET_TIMEOUT = 209
    NETWORK_ERROR = 210
    CANNOT_DECOMPRESS = 271
    TOO_MANY_BYTES = 307
    ZLIB_INFLATE_FAILED = 354
    INTO_OUTFILE_NOT_ALLOWED = 358
    SESSION_NOT_FOUND = 372
    SESSION_IS_LOCKED = 373
    INVALID_SESSION_TIMEOUT = 374
    HTTP_LENGTH_REQUIRED = 381
    QUERY_WAS_CANCELLED = 394
    UNKNOWN_ROLE = 511
    AUTHENTICATION_FAILED = 516
    ZSTD_DECODER_FAILED = 561
    LZ4_DECODER_FAILED = 618
    SESSION_ID_EMPTY = 744
    UNKNOWN_EXCEPTION = 1002


# The groups in which a server sorts its errors for HTTP, by number; whatever is in none of them is a 500.
_STATUS_OF_CODE: dict[int, int] = {
    # cannot be parsed, or makes no sense as asked
    **dict.fromkeys((6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72), 400),
    **dict.fromkeys((117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676), 400),
    194: 401,
    **dict.fromkeys((192, 193, 497, 512, 516), 403),
    # an unknown table, function, column, type, engine, database, setting, format, role
    **dict.fromkeys((46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511), 404),
    159: 408,
    381: 411,
    229: 413,
    779: 415,
    48: 501,
    **dict.fromkeys((76, 209, 439), 503),
}

_ENGINE_TEXT = re.compile(r"Code: (?P<code>\d+)\. DB::Exception: (?P<message>.*)", re.DOTALL)
_VERSION_SUFFIX = re.compile(r"\s*\(version [^()]*(?:\([^()]*\))?\)\s*$")
_NAME_SUFFIX = re.compile(r"\s*\((?P<name>[A-Z][A-Z0-9_]+)\)\s*$")


class ClickHouseError(Exception):
    """An error as ClickHouse words it: a number, a name and a message."""

    def __init__(self, code: int, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.code = int(code)
        self.message = message
        self.name = name if name is not None else ErrorCode(code).name

    @property
    def status(self) -> int:
        return _STATUS_OF_CODE.get(self.code, 500)

    def text(self, version: str) -> str:
        """The body that a server sends for this error."""
        return f"Code: {self.code}. DB::Exception: {self.message} ({self.name}) (version {version} (official build))\n"


def from_engine(text: str) -> ClickHouseError:
    """Reads the engine's own wording, which may wrap an exception in itself several times over."""
    match = _ENGINE_TEXT.search(text)
    if match is None:
        return ClickHouseError(ErrorCode.UNKNOWN_EXCEPTION, text.strip() or "The engine gave no reason.")
    code = int(match["code"])
    name = ErrorCode.UNKNOWN_EXCEPTION.name
    message = text
    while (match := _ENGINE_TEXT.match(message.strip()) or _ENGINE_TEXT.search(message)) is not None:
        if int(match["code"]) != code:
            break
        message = _VERSION_SUFFIX.sub("", match["message"].rstrip(". \n"))
        if (suffix := _NAME_SUFFIX.search(message)) is not None:
            name = suffix["name"]
            message = _VERSION_SUFFIX.sub("", message[: suffix.start()])
    return ClickHouseError(code, message, name)
