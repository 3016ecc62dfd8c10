"""Where a request comes from: a form of ours with the log-in's own token, or somebody else's page."""

import hashlib
import hmac
from enum import StrEnum
from urllib.parse import urlsplit

from starlette.requests import Request

from store.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD = "csrf"
_OURS = frozenset({"same-origin", "none"})


class Origin(StrEnum):
    OURS = "ours"
    FOREIGN = "foreign"
    UNSAID = "unsaid"


def origin_of(request: Request) -> Origin:
    """What the browser says of the page that sent the request; programs say nothing."""
    said = request.headers.get("sec-fetch-site")
    if said is not None and said not in _OURS:
        return Origin.FOREIGN
    origin = request.headers.get("origin")
    if origin is not None:
        host = request.headers.get("host", "").lower()
        return Origin.OURS if host and urlsplit(origin).netloc.lower() == host else Origin.FOREIGN
    return Origin.OURS if said is not None else Origin.UNSAID


def csrf_token(settings: Settings, cookie: str) -> str:
    """A token that only pages of this log-in carry."""
    return hmac.new(settings.derived("csrf"), cookie.encode(), hashlib.sha256).hexdigest()


def token_fits(settings: Settings, cookie: str, token: str) -> bool:
    return hmac.compare_digest(csrf_token(settings, cookie).encode(), token.encode(errors="replace"))


def path_of_ours(target: str, otherwise: str = "/") -> str:
    """Where to go on after signing in: a path of this site, whatever the link asked for."""
    plain = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if plain and target.isprintable() and " " not in target else otherwise
