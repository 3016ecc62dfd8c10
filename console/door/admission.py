"""Admission: every request passes here before its handler, and is measured against the table of permissions."""

import re
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Path, Request, Response
from fastapi.security import HTTPBearer

from console.door import bearers, idempotency, origins, permissions, scopes, sign_in
from console.door.etags import Conditions
from console.door.origins import SAFE_METHODS, Origin
from console.door.problems import FieldError, Refused, is_api
from console.door.sign_in import NotSignedIn, Visitor
from store.settings import Settings

LARGEST_ID = 2**63 - 1
UNATTENDED = "X-Unattended"
_KEY = re.compile(r"[ -~]{1,255}")


def settings_of(request: Request) -> Settings:
    return request.app.state.settings


Chosen = Annotated[Settings, Depends(settings_of)]


async def _form_token(request: Request) -> str:
    """The token in a page's form; programs and readers send none."""
    if request.method in SAFE_METHODS or is_api(request):
        return ""
    value = (await request.form()).get(origins.FIELD, "")
    return value if isinstance(value, str) else ""


async def _asked_once(request: Request, settings: Chosen) -> bytes | None:
    """What is to be done once, where the endpoint makes something and the request names a key."""
    makes = request.method == "POST" and request.scope["route"].status_code == HTTPStatus.CREATED
    key = request.headers.get(idempotency.HEADER)
    if key is None or not makes or not is_api(request):
        return None
    if not _KEY.fullmatch(key):
        reason = "must be 1 to 255 printable ASCII characters"
        raise Refused(422, f"{idempotency.HEADER} {reason}.", [FieldError(idempotency.HEADER, reason)])
    return idempotency.fingerprint(settings, request, await request.body())


def admit(
    request: Request,
    response: Response,
    settings: Chosen,
    form_token: Annotated[str, Depends(_form_token)],
    asked_once: Annotated[bytes | None, Depends(_asked_once)],
) -> Visitor | None:
    """The visitor, if the endpoint wants one and lets this one in; else a refusal."""
    of_the_api = is_api(request)
    if request.method not in SAFE_METHODS:
        _refuse_foreign(request, programs=of_the_api)
    endpoint = f"{request.method} {request.scope['route'].path}"
    roles = permissions.ACCESS[endpoint]
    if roles is None:  # PUBLIC
        return None
    visitor = _bearer(request, settings) if of_the_api else _browser(request, settings, form_token)
    if visitor.role not in roles:
        named = ", ".join(sorted(role.capitalize() for role in roles))
        raise Refused(403, f"Your role is {visitor.role.capitalize()}; this takes one of: {named}.")
    if not scopes.allow(visitor.scopes, endpoint):
        raise _out_of_scope(endpoint)
    if not of_the_api:
        return visitor
    visitor = replace(visitor, conditions=Conditions.of_request(request, response))
    if asked_once is None:
        return visitor
    key = request.headers[idempotency.HEADER]
    request.state.once = idempotency.Once(settings, visitor.tenant, visitor.actor, key, asked_once)
    return replace(visitor, once=request.state.once)


# Says in the description how a program shows who it is; what it shows is read above.
_bearer_scheme = HTTPBearer(
    scheme_name="token", description="A token of `POST /api/auth/login`, or an API key.", auto_error=False
)


def _out_of_scope(endpoint: str) -> Refused:
    scope = scopes.SCOPES.get(endpoint)
    if scope is None:
        return Refused(403, "No API key may do this; a person does it, signed in.")
    return Refused(403, f"The key is not for this: it lacks the scope {scope}.")


def signed_in(
    visitor: Annotated[Visitor | None, Depends(admit)], _: Annotated[object, Depends(_bearer_scheme)]
) -> Visitor:
    if visitor is None:
        raise NotSignedIn
    return visitor


SignedIn = Annotated[Visitor, Depends(signed_in)]
Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]


def _refuse_foreign(request: Request, *, programs: bool) -> None:
    """Another site's page may not speak for our visitor; only the API listens to those who say nothing."""
    origin = origins.origin_of(request)
    if origin is Origin.FOREIGN or (origin is Origin.UNSAID and not programs):
        raise Refused(
            403, "The request did not come from a page of this console. Open the page and try again."
        )


def _bearer(request: Request, settings: Settings) -> Visitor:
    token = bearers.bearer_of(request)
    if token is None:
        raise NotSignedIn
    return bearers.visitor_behind(settings, token)


def _is_attended(request: Request) -> bool:
    """Whether somebody sits there: what a page asks for by itself keeps nobody signed in."""
    return request.url.path != permissions.STREAM and UNATTENDED not in request.headers


def _browser(request: Request, settings: Settings, form_token: str) -> Visitor:
    cookie = sign_in.cookie_of(request, settings)
    if cookie is None:
        raise NotSignedIn
    visitor = sign_in.behind_cookie(settings, cookie, attended=_is_attended(request))
    if request.method not in SAFE_METHODS and not origins.token_fits(settings, cookie, form_token):
        raise Refused(
            403, "The form was not made for this log-in. Open the page again and repeat what you did."
        )
    return visitor
