"""OAuth as the sandbox's providers speak it: consent by a click, codes that hold once, tokens and their renewal."""

import base64
import hashlib
import html
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SHORT = 3600


@dataclass(frozen=True, slots=True)
class _Consent:
    """What a code was given for."""

    redirect_uri: str
    challenge: str
    scope: str


class _Refused(Exception):
    def __init__(self, status: int, error: str, description: str) -> None:
        self.status, self.error, self.description = status, error, description


def _rfc_6749(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status_code=status)


class Tokens:
    """The sign-in of one provider: `/authorize` for people, `/token` for apps; `rotating` refresh tokens hold once.

    Where an app shows itself `with_basic_auth`, its secret in the form opens nothing. Where tokens are `lengthened_by` a
    grant type of the provider's own, a code gives one for an hour, and nothing renews it.
    """

    def __init__(
        self,
        provider: str,
        credentials: Mapping[str, str],
        *,
        lasts: int,
        refresh_lasts: int = 0,
        rotating: bool = False,
        lengthened_by: str = "",
        client_named: str = "client_id",
        refresh_lasts_named: str = "refresh_token_expires_in",
        with_basic_auth: bool = False,
        refusal: Callable[[int, str, str], Response] = _rfc_6749,
    ) -> None:
        self._provider = provider
        self._client = (credentials["client_id"], credentials["client_secret"])
        self._scopes = {credentials["access_token"]: ""}
        self._refresh = {credentials["refresh_token"]} if "refresh_token" in credentials else set[str]()
        self._codes: dict[str, _Consent] = {}
        self._lasts, self._refresh_lasts, self._rotating = lasts, refresh_lasts, rotating
        self._lengthened_by, self._refusal = lengthened_by, refusal
        self._client_named, self._refresh_lasts_named = client_named, refresh_lasts_named
        self._with_basic_auth = with_basic_auth

    def routes(self) -> list[Route]:
        return [
            Route("/authorize", self._ask, methods=["GET"]),
            Route("/authorize", self._consent, methods=["POST"]),
            Route("/token", self._token, methods=["POST"]),
        ]

    def holds(self, request: Request) -> bool:
        """Whether the request's bearer has been given access."""
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self._scopes

    def scope_of(self, access: str) -> str | None:
        """What people left ticked when they gave a token; None for one that nobody gave."""
        return self._scopes.get(access)

    async def _ask(self, request: Request) -> Response:
        asked = request.query_params
        if (why := self._why_not(asked)) is not None:
            return HTMLResponse(f"<p>{html.escape(why)}</p>", status_code=400)
        fields = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in asked.items()
        )
        buttons = (
            '<button name="decision" value="allow">Allow</button> '
            '<button name="decision" value="deny">Cancel</button>'
        )
        title = f"{html.escape(self._provider)} (sandbox)"
        wanted = html.escape(asked.get("scope", "")) or "nothing in particular"
        return HTMLResponse(
            f'<!doctype html><html lang="en"><title>{title}</title><main><h1>{title}</h1>'
            f"<p>An app wants access to: {wanted}</p>"
            f'<form method="post">{fields}{buttons}</form></main></html>'
        )

    async def _consent(self, request: Request) -> Response:
        form = await request.form()
        given = {name: str(value) for name, value in form.items()}
        if (why := self._why_not(given)) is not None:
            return HTMLResponse(f"<p>{html.escape(why)}</p>", status_code=400)
        state = {"state": given["state"]} if given.get("state") else {}
        if given.get("decision") != "allow":
            told = {"error": "access_denied", "error_description": "The user cancelled.", **state}
        else:
            code = secrets.token_urlsafe(24)
            self._codes[code] = _Consent(
                given["redirect_uri"], given.get("code_challenge", ""), given.get("scope", "")
            )
            told = {"code": code, **state}
        return RedirectResponse(f"{given['redirect_uri']}?{urlencode(told)}", status_code=303)

    def _why_not(self, asked: Mapping[str, str] | QueryParams) -> str | None:
        redirect = urlsplit(asked.get("redirect_uri", ""))
        if asked.get(self._client_named) != self._client[0]:
            return "The OAuth client was not found."
        if asked.get("response_type") != "code":
            return "response_type must be code."
        if redirect.scheme not in {"http", "https"} or redirect.hostname not in _LOOPBACK:
            return "The sandbox leads back to this machine only."
        if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
            return "code_challenge_method must be S256."
        return None

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        try:
            if self._shown(request, form) != self._client:
                raise _Refused(401, "invalid_client", "The OAuth client was not found.")
            match form.get("grant_type"):
                case "refresh_token":
                    return self._renewed(str(form.get("refresh_token", "")))
                case "authorization_code":
                    return self._granted(form)
                case self._lengthened_by if self._lengthened_by:
                    return self._lengthened(str(form.get(self._lengthened_by, "")))
                case _:
                    raise _Refused(400, "unsupported_grant_type", "No such grant type.")
        except _Refused as refused:
            return self._refusal(refused.status, refused.error, refused.description)

    def _shown(self, request: Request, form: FormData) -> tuple[str, str]:
        """The app's id and secret, where this provider wants to be shown them."""
        if not self._with_basic_auth:
            return str(form.get(self._client_named)), str(form.get("client_secret"))
        scheme, _, said = request.headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            raise _Refused(401, "unauthorized_client", "Missing valid authorization header")
        try:
            name, _, secret = base64.b64decode(said, validate=True).decode().partition(":")
        except ValueError:
            raise _Refused(401, "invalid_client", "The header cannot be read.") from None
        return name, secret

    def _granted(self, form: FormData) -> Response:
        consent = self._codes.pop(str(form.get("code", "")), None)
        if consent is None or consent.redirect_uri != form.get("redirect_uri"):
            raise _Refused(
                400, "invalid_grant", "The code is unknown, used or was given for another address."
            )
        if consent.challenge:
            digest = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != consent.challenge:
                raise _Refused(400, "invalid_grant", "The code_verifier does not fit.")
        if self._lengthened_by:
            return JSONResponse(self._issued(consent.scope, _SHORT))
        refresh = f"sandbox-refresh-{secrets.token_urlsafe(16)}"
        self._refresh.add(refresh)
        return self._renewable(refresh, scope=consent.scope)

    def _lengthened(self, short: str) -> Response:
        scope = self._scopes.get(short)
        if scope is None:
            raise _Refused(400, "invalid_grant", "The token is none of ours.")
        return JSONResponse(self._issued(scope, self._lasts))

    def _renewed(self, refresh: str) -> Response:
        if refresh not in self._refresh:
            raise _Refused(400, "invalid_grant", "Token has been expired or revoked.")
        if not self._rotating:
            return self._renewable(None)
        self._refresh.remove(refresh)
        following = f"sandbox-refresh-{secrets.token_urlsafe(16)}"
        self._refresh.add(following)
        return self._renewable(following)

    def _renewable(self, refresh: str | None, **more: str) -> Response:
        said = self._issued(more.get("scope", ""), self._lasts)
        if refresh is not None:
            said["refresh_token"] = refresh
            if self._refresh_lasts:
                said[self._refresh_lasts_named] = self._refresh_lasts
        return JSONResponse({**said, **more})

    def _issued(self, scope: str, lasts: int) -> dict[str, object]:
        access = f"sandbox-access-{secrets.token_urlsafe(16)}"
        self._scopes[access] = scope
        return {"access_token": access, "expires_in": lasts, "token_type": "Bearer"}
