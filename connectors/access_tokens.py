"""Access tokens: renewed by what came with them, once, when one has expired."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable
from urllib.parse import parse_qsl

import msgspec

from connectors.answers import (
    Answer,
    ask,
    credentials_as,
    decoded,
    measuring,
    refusal_by_status,
    retry_after,
    shaped,
)
from connectors.errors import AuthExpired, AuthRevoked, ChannelError, RateLimited, Transient
from connectors.face import Wire
from connectors.user_agent import told_by

_FORM, _MOST_FIELDS = "application/x-www-form-urlencoded", 50
_TOO_MANY = frozenset({"ratelimited", "rate_limited"})
_PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
    | {"server_error", "temporarily_unavailable"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a person granted an app: a token for now, and what renews it; moments in seconds since 1970, 0 where unknown."""

    client_named: ClassVar[str] = "client_id"
    """Under which name the provider wants to be told the app's id."""
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    expires_at: int = 0
    refresh_expires_at: int = 0


class Issued(msgspec.Struct):
    """What a token endpoint answers (RFC 6749, section 5.1); a refresh token that is not there has not changed.

    How long a refresh token holds is no matter of the RFC, and told under two names.
    """

    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    refresh_token: str | None = None
    expires_in: float = 0
    refresh_token_expires_in: float = 0
    refresh_expires_in: float = 0
    scope: str = ""

    def beside(self, credentials: Mapping[str, Any], now: float) -> dict[str, Any]:
        """The credentials with the new tokens in the place of the old."""
        renewed = {**credentials, "access_token": self.access_token}
        renewed["expires_at"] = int(now + self.expires_in) if self.expires_in else 0
        if self.refresh_token:
            renewed["refresh_token"] = self.refresh_token
        if refresh_lasts := self.refresh_token_expires_in or self.refresh_expires_in:
            renewed["refresh_expires_at"] = int(now + refresh_lasts)
        return renewed


@runtime_checkable
class SettlesGrants(Protocol):
    """A channel at which what a code gave is exchanged once more before it is kept."""

    @classmethod
    def settled(cls, issued: Issued, app: Mapping[str, str], wire: Wire) -> Issued:
        """What lasts, with what was really granted; `app` is what every connection through the app shares."""
        ...


Granted = TypeVar("Granted", bound=Grant)
Result = TypeVar("Result")


class Access(Generic[Granted]):
    """One grant in use: what is read `through` it is read with a token that holds, or that was renewed once."""

    def __init__(
        self, credentials: Granted, wire: Wire, token_url: str, *, where: str, with_basic_auth: bool = False
    ) -> None:
        self._credentials = credentials
        self._wire = wire
        self._token_url = token_url
        self._with_basic_auth = with_basic_auth
        self._where = f"{where} sign-in"

    def through(self, read: Callable[[Granted], Result]) -> Result:
        """Tries again what is passing; nothing that changes something may be handed in here."""
        if not self._credentials.access_token:
            self.renew()
        try:
            return self._wire.patience.through(lambda: read(self._credentials))
        except AuthExpired:
            if not self._credentials.refresh_token:
                raise
        self.renew()
        return self._wire.patience.through(lambda: read(self._credentials))

    def once(self, write: Callable[[Granted], Result]) -> Result:
        """Sends what changes something once; again only where a token was refused, since then nothing was taken."""
        if not self._credentials.access_token or self._has_run_out():
            self.renew()
        try:
            return write(self._credentials)
        except AuthExpired:
            if not self._credentials.refresh_token:
                raise
        self.renew()
        return write(self._credentials)

    def _has_run_out(self) -> bool:
        ends, renewable = self._credentials.expires_at, self._credentials.refresh_token
        return bool(renewable and ends and ends <= self._wire.clock().timestamp() + 60)

    def renew(self) -> None:
        """Whoever keeps the credentials may have renewed them already, and says which ones hold."""
        fresh = self._wire.renew(dataclasses.asdict(self._credentials), self._exchanged)
        self._credentials = credentials_as(type(self._credentials), fresh, where=self._where)

    def _exchanged(self, credentials: Mapping[str, Any]) -> Mapping[str, Any]:
        form = {
            "grant_type": "refresh_token",
            self._credentials.client_named: credentials["client_id"],
            **{name: credentials[name] for name in ("refresh_token", "client_secret")},
        }
        issued = self._wire.patience.through(
            lambda: issue(
                self._wire, self._token_url, form, where=self._where, with_basic_auth=self._with_basic_auth
            )
        )
        return issued.beside(credentials, self._wire.clock().timestamp())


def issue(
    wire: Wire, token_url: str, form: Mapping[str, str], *, where: str, with_basic_auth: bool = False
) -> Issued:
    """Asks a token endpoint once; an app shows its secret in the form, or in a header (RFC 6749, section 2.3.1)."""
    shown = dict(form)
    auth = (shown.pop("client_id"), shown.pop("client_secret")) if with_basic_auth else None
    headers = {"user-agent": told_by(form.get("client_id", "")), "accept": "application/json"}
    answer = ask(wire.http, "POST", token_url, where=where, data=shown, auth=auth, headers=headers)
    if not answer.is_success:
        raise _refusal(answer, where)
    said = _said(answer, where)
    if isinstance(said, dict) and said.get("error") and not said.get("access_token"):
        raise _refused_politely(str(said["error"]), answer, where)
    return shaped(said, Issued, where=where)


def _said(answer: Answer, where: str) -> Any:
    """In JSON, as the RFC has it, or as a form, as Bitly does where it is not asked for JSON."""
    if not answer.headers.get("content-type", "").startswith(_FORM):
        return decoded(answer, where=where)
    with measuring(where=where):
        return dict(parse_qsl(answer.body.decode(), max_num_fields=_MOST_FIELDS))


def _refusal(answer: Answer, where: str) -> ChannelError:
    """Whatever a token endpoint refuses with a 400 or 401, only a person can grant again."""
    if answer.status not in (400, 401):
        return refusal_by_status(answer, where=where)
    try:
        said = msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        said = {}
    error = said.get("error")
    if isinstance(error, dict):
        # Not as the RFC has it, but as Meta does.
        return AuthRevoked(what=str(error.get("message")), where=where, code=str(error.get("code")))
    what = str(said.get("error_description") or "the refresh was refused")
    return AuthRevoked(what=what, where=where, code=str(error or answer.status))


def _refused_politely(error: str, answer: Answer, where: str) -> ChannelError:
    """Some refuse with a 200, as Slack does; what breaks down at such a provider has to be told by its name."""
    if error in _TOO_MANY:
        return RateLimited(what="too many", where=where, code=error, retry_after=retry_after(answer.headers))
    if error in _PASSING:
        return Transient(what="the provider broke down over it", where=where, code=error)
    return AuthRevoked(what=error.replace("_", " "), where=where, code=error)
