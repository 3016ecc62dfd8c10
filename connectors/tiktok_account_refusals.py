"""TikTok's refusals of creators: readable codes in the body, and a status that tells less than they do."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from connectors.answers import Answer, refusal_by_status, retry_after
from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    ChannelError,
    Forbidden,
    Invalid,
    QuotaExhausted,
    RateLimited,
    Scope,
    Transient,
    UnexpectedAnswer,
)

OK = "ok"

_MEANINGS: Mapping[str, type[ChannelError]] = MappingProxyType(
    {
        "access_token_invalid": AuthExpired,
        "access_token_expired": AuthExpired,
        "auth_removed": AuthRevoked,
        "scope_not_authorized": Forbidden,
        "scope_permission_missed": Forbidden,
        "rate_limit_exceeded": RateLimited,
        "internal_error": Transient,
        "internal": Transient,
        "invalid_param": Invalid,
        "invalid_params": Invalid,
        "invalid_file_upload": Invalid,
        "invalid_publish_id": Invalid,
        "token_not_authorized_for_specified_publish_id": Forbidden,
        "publish_cancelled": Invalid,
        # So many posts or drafts a day, and so many people a day who publish through an app.
        "spam_risk_too_many_posts": QuotaExhausted,
        "spam_risk_too_many_pending_share": QuotaExhausted,
        "reached_active_user_cap": QuotaExhausted,
        "unaudited_client_can_only_post_to_private_accounts": Forbidden,
        "url_ownership_unverified": Forbidden,
        "privacy_level_option_mismatch": Forbidden,
    }
)
_SPAM = "spam_risk"
_OF_MEDIA = re.compile(r"\w+_(?:check|pull)_failed")
_WITHIN_FIELDS = re.compile(r"\b(title|description|privacy_level|video_url|photo_images)\b")
_FIELDS = {"title": "text", "description": "text", "video_url": "image", "photo_images": "image"}


class Error(msgspec.Struct):
    code: str = ""
    message: str = ""
    log_id: str = ""


class Said(msgspec.Struct):
    """What is around every answer; success has an error too, whose code is `ok`."""

    error: Error = msgspec.field(default_factory=Error)
    data: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"null"))


def kind_of(code: str) -> type[ChannelError] | None:
    if code in _MEANINGS:
        return _MEANINGS[code]
    if code.startswith(_SPAM):
        return Forbidden
    return Invalid if _OF_MEDIA.fullmatch(code) else None


def meaning_of(answer: Answer, *, where: str) -> ChannelError:
    error = _error(answer.body)
    by_status = refusal_by_status(answer, where=where)
    kind = kind_of(error.code) or (UnexpectedAnswer if answer.is_success else type(by_status))
    told: dict[str, Any] = {
        "what": _what(error) or by_status.what,
        "where": where,
        "code": error.code or by_status.code,
        "request_id": error.log_id,
    }
    if kind is RateLimited:
        told |= {"retry_after": retry_after(answer.headers), "scope": Scope.USER}
    if kind is Invalid and (named := _WITHIN_FIELDS.search(error.message)):
        told["field"] = _FIELDS.get(named[1], named[1])
    return kind(**told)


def _what(error: Error) -> str:
    return error.message or error.code.replace("_", " ")


def _error(body: bytes) -> Error:
    try:
        return msgspec.json.decode(body, type=Said).error
    except (msgspec.DecodeError, RecursionError):
        return Error()
