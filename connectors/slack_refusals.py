"""Slack's refusals, which come as good news: a status of 200, and a body that says it is not ok."""

from typing import Any

import msgspec

from connectors.answers import Answer, decoded, refusal_by_status, retry_after, shaped
from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    ChannelError,
    Forbidden,
    Invalid,
    RateLimited,
    Scope,
    Transient,
    UnexpectedAnswer,
    UnknownOutcome,
)
from connectors.writes import refusal_of_a_write

# Some of what was asked for may have been done before it broke.
_BROKE_DOWN = frozenset({"internal_error", "fatal_error"})
_KINDS: dict[str, type[ChannelError]] = {
    "token_expired": AuthExpired,
    **dict.fromkeys(("invalid_auth", "not_authed", "token_revoked", "account_inactive"), AuthRevoked),
    **dict.fromkeys(("ratelimited", "rate_limited"), RateLimited),
    **dict.fromkeys((*_BROKE_DOWN, "service_unavailable", "request_timeout"), Transient),
    **dict.fromkeys(("missing_scope", "no_permission", "not_allowed_token_type"), Forbidden),
    **dict.fromkeys(("access_denied", "ekm_access_denied", "org_login_required"), Forbidden),
    **dict.fromkeys(("team_access_not_granted", "team_added_to_org"), Forbidden),
    **dict.fromkeys(("not_in_channel", "channel_is_limited_access"), Forbidden),
}
# A workspace has a preference for each kind of room, and an error for each preference.
_PREFERENCES = "restricted_action"
_FIELDS = {
    **dict.fromkeys(("channel_not_found", "is_archived", "channel_type_not_supported"), "place"),
    **dict.fromkeys(("msg_too_long", "no_text", "message_limit_exceeded"), "text"),
}
_WORDS = {
    "not_in_channel": "the bot is not in this room: invite it there",
    "channel_not_found": "there is no such room, or the bot cannot see it",
    "is_archived": "the room is archived",
    "msg_too_long": "the message is too long",
    "account_inactive": "the workspace or the bot is gone",
    "token_revoked": "the token was taken back",
}


class _Verdict(msgspec.Struct):
    ok: bool
    error: str = "unknown_error"
    needed: str = ""


def heard(answer: Answer, *, where: str) -> Any:
    """What a question was answered with; warnings change nothing."""
    if not answer.is_success:
        raise refusal_by_status(answer, where=where)
    said = decoded(answer, where=where)
    verdict = shaped(said, _Verdict, where=where)
    if not verdict.ok:
        raise _meaning_of(verdict, answer, where)
    return said


def taken(answer: Answer, *, where: str) -> Any:
    """What a message was answered with; where the answer says neither yes nor no, it may be there."""
    if not answer.is_success:
        raise refusal_of_a_write(answer, where=where)
    try:
        said = decoded(answer, where=where)
        verdict = shaped(said, _Verdict, where=where)
    except (Transient, UnexpectedAnswer) as unread:
        raise UnknownOutcome(what=unread.what, where=where) from unread
    if verdict.ok:
        return said
    if verdict.error in _BROKE_DOWN:
        raise UnknownOutcome(what="broke down over it", where=where, code=verdict.error)
    raise _meaning_of(verdict, answer, where)


def _meaning_of(verdict: _Verdict, answer: Answer, where: str) -> ChannelError:
    """An error without a meaning of its own is about the request."""
    code = verdict.error
    kind = Forbidden if code.startswith(_PREFERENCES) else _KINDS.get(code, Invalid)
    told: dict[str, Any] = {"what": _what(verdict), "where": where, "code": code}
    if kind is RateLimited:
        told |= {"retry_after": retry_after(answer.headers), "scope": Scope.ENDPOINT}
    if kind is Invalid:
        told["field"] = _FIELDS.get(code, "")
    return kind(**told)


def _what(verdict: _Verdict) -> str:
    if verdict.needed:
        return f"the token lacks the scope {verdict.needed}"
    return _WORDS.get(verdict.error) or verdict.error.replace("_", " ")
