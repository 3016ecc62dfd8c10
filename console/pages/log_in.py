"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from console.door import attempts, origins, sign_in
from console.door.admission import Chosen, SignedIn
from console.door.attempts import TooManyAttempts
from console.door.sign_in import NoTenant, NotSignedIn
from console.frame import rendering

router = APIRouter(include_in_schema=False)

Email = Annotated[str, Form(max_length=254)]
Password = Annotated[str, Form(max_length=1024)]


@router.get("/login")
def ask(
    request: Request,
    settings: Chosen,
    next: Annotated[str, Query(max_length=2048)] = "/",
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    target = origins.path_of_ours(next)
    cookie = sign_in.cookie_of(request, settings)
    if cookie is not None:
        try:
            sign_in.behind_cookie(settings, cookie)
        except NotSignedIn:
            pass
        else:
            return RedirectResponse(target, 303)
    return _form(target, done=done)


@router.post("/login")
def log_in(
    request: Request,
    settings: Chosen,
    email: Email = "",
    password: Password = "",
    next: Annotated[str, Form(max_length=2048)] = "/",
) -> Response:
    target = origins.path_of_ours(next)
    try:
        attempt = attempts.to_sign_in(request, settings, email)
        cookie = sign_in.open_log_in(settings, email, password)
    except TooManyAttempts as error:
        answer = _form(target, email=email, trouble=str(error), status=429)
        answer.headers["Retry-After"] = str(error.seconds)
        return answer
    except NoTenant:
        return _form(
            target, email=email, trouble="Nobody has let you in anywhere yet; ask an Admin.", status=403
        )
    if cookie is None:
        return _form(target, email=email, trouble="This address and password do not go together.", status=401)
    attempt.succeeded()
    answer = RedirectResponse(target, 303)
    sign_in.exchange(request, answer, settings, cookie)
    attempts.mark_browser(answer, settings, email, secure=sign_in.is_over_tls(settings))
    return answer


@router.post("/logout")
def log_out(visitor: SignedIn) -> RedirectResponse:
    if visitor.cookie is not None:
        sign_in.end_log_in(visitor.settings, visitor.cookie)
    answer = RedirectResponse("/login?done=out", 303)
    sign_in.take_back(answer, visitor.settings)
    return answer


def _form(
    target: str, *, email: str = "", trouble: str = "", done: str = "", status: int = 200
) -> HTMLResponse:
    return rendering.bare_page(
        "log_in.html", status=status, next=target, email=email, trouble=trouble, done=done
    )
