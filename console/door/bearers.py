"""What programs show: the token of somebody who signed in, or a key, and who stands behind either."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NewType

import jwt
from sqlalchemy import select
from starlette.requests import Request

from console.door.sign_in import NotSignedIn, Visitor, tenant_of, visitor_of
from store import records
from store.clock import now
from store.records import api_keys, people
from store.records.people import User
from store.records.schema import ApiKeyId, TenantId, UserId
from store.secrets import fingerprint
from store.settings import Role, Settings

TOKEN_HOLDS = timedelta(hours=12)
_ALGORITHM = "HS256"
_AUDIENCE = "console-api"

Token = NewType("Token", str)


def issue_token(settings: Settings, email: str, password: str, tenant: str | None = None) -> Token | None:
    """A token for a program; it names person and tenant, and what they may do is read at each request."""
    with records.session(settings, Role.CONSOLE) as session:
        user = people.user_with(session, email, password)
        if user is None:
            return None
        claims = {
            "sub": str(user.id),
            "tenant": tenant_of(session, user, tenant),
            "aud": _AUDIENCE,
            "iat": now(),
            "exp": now() + TOKEN_HOLDS,
        }
    return Token(jwt.encode(claims, settings.token_key, _ALGORITHM))


def bearer_of(request: Request) -> Token | None:
    """What a program shows."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return Token(token.strip()) if scheme.lower() == "bearer" and token.strip() else None


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, as far as it can be told without the records: a token proves it, a key only claims it."""

    name: str
    is_proven: bool


def asking(settings: Settings, request: Request) -> Asking | None:
    token = bearer_of(request)
    if token is None:
        return None
    if api_keys.is_well_formed(token):
        return Asking(f"key:{fingerprint(token).hex()}", is_proven=False)
    try:
        return Asking(f"user:{_claims(settings, token)[0]}", is_proven=True)
    except NotSignedIn:
        return None


def visitor_behind(settings: Settings, token: Token) -> Visitor:
    return (
        _behind_key(settings, token) if token.startswith(api_keys.PREFIX) else _behind_token(settings, token)
    )


def _behind_key(settings: Settings, token: Token) -> Visitor:
    with records.session(settings, Role.CONSOLE) as session:
        key = api_keys.presented(session, token)
        if key is None:
            raise NotSignedIn
        visitor = visitor_of(settings, session, key.user_id, key.tenant_id)
        api_keys.mark_used(key)
        return replace(visitor, key=ApiKeyId(key.id), scopes=key.allows())


def _behind_token(settings: Settings, token: Token) -> Visitor:
    user, tenant, issued_at = _claims(settings, token)
    with records.session(settings, Role.CONSOLE) as session:
        changed_at = session.scalar(select(User.password_changed_at).where(User.id == user))
        if changed_at is not None and issued_at < int(changed_at.timestamp()):
            raise NotSignedIn
        return visitor_of(settings, session, user, tenant)


def _claims(settings: Settings, token: Token) -> tuple[UserId, TenantId, int]:
    """Who it is for, where, and when it was given, in seconds since 1970."""
    try:
        claims = jwt.decode(
            token,
            settings.token_key,
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            options={"require": ["sub", "tenant", "exp", "iat"]},
        )
        return UserId(int(claims["sub"])), TenantId(int(claims["tenant"])), int(claims["iat"])
    except (jwt.InvalidTokenError, TypeError, ValueError):
        raise NotSignedIn from None
