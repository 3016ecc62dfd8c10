"""How often someone may try to get in: counted in the records, so that it holds across processes and restarts.

A browser in which somebody has signed in before carries a mark of its own, and its tries are counted by that mark:
whoever keeps guessing at an address from elsewhere makes themselves wait, and not the person whose address it is.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from store import records
from store.audit import Actor, ActorKind
from store.records import audit_log, sign_in_tries
from store.records.audit_log import HOUSE
from store.records.sign_in_tries import Counted, Patience
from store.settings import Role, Settings

ACCOUNT = Patience(free=5, first_wait=timedelta(seconds=30), longest_wait=timedelta(minutes=15))
ADDRESS = Patience(free=50, first_wait=timedelta(minutes=1), longest_wait=timedelta(minutes=15))
ASKING = Patience(free=3, first_wait=timedelta(minutes=5), longest_wait=timedelta(hours=1))
_KNOWN_FOR_DAYS = 180
_GATEKEEPER = Actor(ActorKind.SENSOR, "sign-in")


class TooManyAttempts(Exception):
    """Try again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many attempts; try again in {_said(seconds)}.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in that was counted, and what is forgotten when it succeeds."""

    settings: Settings
    account: bytes
    address: bytes

    def succeeded(self) -> None:
        with records.session(self.settings, Role.CONSOLE) as session:
            sign_in_tries.forgive(session, self.account)
            sign_in_tries.take_back(session, self.address)


def to_sign_in(request: Request, settings: Settings, email: str) -> Attempt:
    """Counts a try before the password is looked at, or says how long it has to wait."""
    mark = _mark(request, settings, email)
    account = _key(settings, "browser", mark) if mark else _key(settings, "account", _plain(email))
    address = _key(settings, "address", _where_from(request))
    _count(settings, Counted(account, ACCOUNT), Counted(address, ADDRESS))
    return Attempt(settings, account, address)


def to_be_mailed(request: Request, settings: Settings, email: str) -> None:
    """Counts that somebody asks for a mail to an address, whoever has it; nobody's inbox is filled."""
    _count(
        settings,
        Counted(_key(settings, "asked-for", _plain(email)), ASKING),
        Counted(_key(settings, "asked-from", _where_from(request)), ADDRESS),
    )


def with_a_link(request: Request, settings: Settings) -> None:
    """Counts a form that came with a link's token."""
    _count(settings, Counted(_key(settings, "link-from", _where_from(request)), ADDRESS))


def forgive_account(settings: Settings, email: str) -> None:
    """Somebody has shown by mail that the account is theirs."""
    with records.session(settings, Role.CONSOLE) as session:
        sign_in_tries.forgive(session, _key(settings, "account", _plain(email)))


def mark_browser(response: Response, settings: Settings, email: str, *, secure: bool) -> None:
    """Whoever signed in here is known here; the mark opens nothing."""
    number = secrets.token_urlsafe(16)
    response.set_cookie(
        _cookie_name(secure=secure),
        f"{number}.{_proof(settings, number, email)}",
        max_age=_KNOWN_FOR_DAYS * 86_400,
        path="/",
        httponly=True,
        samesite="lax",
        secure=secure,
    )


def _mark(request: Request, settings: Settings, email: str) -> str:
    """The mark of a browser that this very address has signed in with, or nothing."""
    for secure in (True, False):
        number, _, proof = request.cookies.get(_cookie_name(secure=secure), "").partition(".")
        if number and hmac.compare_digest(
            _proof(settings, number, email).encode(), proof.encode(errors="replace")
        ):
            return number
    return ""


def _cookie_name(*, secure: bool) -> str:
    return "__Host-known" if secure else "known"


def _proof(settings: Settings, number: str, email: str) -> str:
    said = f"{number}\n{_plain(email)}".encode(errors="replace")
    return hmac.new(settings.derived("known-browsers"), said, hashlib.sha256).hexdigest()


def _count(settings: Settings, *counted: Counted) -> None:
    with records.session(settings, Role.CONSOLE) as session:
        verdict = sign_in_tries.count(session, counted)
        for key in verdict.locked_out:
            # Of an address that nobody has as well: neither the chain nor the time it takes tells which.
            audit_log.append(session, HOUSE, _GATEKEEPER, "lock_out", "sign_in", key.hex()[:32], {}, {})
    if verdict.wait is not None:
        raise TooManyAttempts(max(1, round(verdict.wait.total_seconds())))


def _key(settings: Settings, kind: str, name: str) -> bytes:
    said = f"{kind}:{name}".encode(errors="replace")
    return hmac.new(settings.derived("sign-in-tries"), said, hashlib.sha256).digest()


def _plain(email: str) -> str:
    return email.strip().lower()


def _where_from(request: Request) -> str:
    return request.client.host if request.client else ""


def _said(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} minutes"
