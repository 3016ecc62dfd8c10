"""Pages for people who are not signed in and hold a link: join, choose a new password, set up an empty house."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import AfterValidator, Field, StringConstraints

from console.door import attempts, sign_in
from console.door.admission import Chosen
from console.door.attempts import TooManyAttempts
from console.door.problems import Refused
from console.door.sign_in import Cookie
from console.frame import forms, rendering
from console.frame.bodies import Name
from console.frame.forms import Troubles
from console.frame.texts import storable
from console.frame.timing import ZoneName
from console.people import front_door
from console.people.fields import Address, Currency, Password, PersonName, Slug
from console.people.front_door import LinkSpent
from store.records.tenants import Change
from store.settings import Settings

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Query(max_length=200)]
TokenField = Annotated[str, Form(max_length=200)]
Typed = Annotated[str, Form(max_length=1024)]
Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(storable)]
# The address of these pages is a secret: no link or picture in them says where it was followed from.
UNTOLD = {"Referrer-Policy": "strict-origin"}


class Joining(forms.Form):
    name: PersonName
    password: Password


class Choosing(forms.Form):
    password: Password


class Founding(forms.Form):
    tenant_name: Name
    slug: Slug
    time_zone: ZoneName
    currency: Currency
    email: Address
    name: Annotated[PersonName, Field(min_length=1)]
    password: Password


@router.get("/join")
def invitation(settings: Chosen, token: Token = "") -> Response:
    return _join_page(settings, token)


@router.post("/join")
def join(
    request: Request, settings: Chosen, token: TokenField = "", name: Typed = "", password: Typed = ""
) -> Response:
    try:
        attempts.with_a_link(request, settings)
        offered = front_door.invited(settings, token)
        read = forms.read(Joining, name=name, password=password)
        if isinstance(read, Troubles) and not offered.has_account:
            return _join_page(settings, token, read, name=name, status=422)
        user, cookie = front_door.join(settings, token, name, password)
    except TooManyAttempts as error:
        return _slower(error)
    except LinkSpent as spent:
        return _spent(spent)
    except Refused as refused:
        return _join_page(settings, token, Troubles.of(refused), name=name, status=422)
    return _welcome(request, settings, cookie, user.email, "/login?done=joined")


@router.get("/forgot")
def forgot(settings: Chosen, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    return rendering.bare_page("forgot.html", done=done, sends_mail=settings.sends_mail, trouble="", email="")


@router.post("/forgot")
def ask_for_reset(
    request: Request, settings: Chosen, email: Annotated[str, Form(max_length=254)] = ""
) -> Response:
    """Says the same to everybody, whether or not there is such an account."""
    content: dict[str, Any] = {"done": "", "sends_mail": settings.sends_mail, "email": email}
    try:
        address = storable(email).strip()
        if "@" not in address:
            raise ValueError("Type the address that you sign in with")
    except ValueError as wrong:
        return rendering.bare_page("forgot.html", status=422, trouble=str(wrong), **content)
    try:
        attempts.to_be_mailed(request, settings, address)
    except TooManyAttempts as error:
        answer = rendering.bare_page("forgot.html", status=429, trouble=str(error), **content)
        answer.headers["Retry-After"] = str(error.seconds)
        return answer
    if settings.sends_mail:
        front_door.ask_for_reset(settings, address)
    return RedirectResponse("/forgot?done=asked", 303)


@router.get("/reset")
def new_password(settings: Chosen, token: Token = "") -> Response:
    return _reset_page(settings, token)


@router.post("/reset")
def choose_password(
    request: Request, settings: Chosen, token: TokenField = "", password: Typed = ""
) -> Response:
    try:
        attempts.with_a_link(request, settings)
        front_door.whose_reset(settings, token)
        read = forms.read(Choosing, password=password)
        if isinstance(read, Troubles):
            return _reset_page(settings, token, read, status=422)
        user, cookie = front_door.reset(settings, token, password)
    except TooManyAttempts as error:
        return _slower(error)
    except LinkSpent as spent:
        return _spent(spent)
    attempts.forgive_account(settings, user.email)
    return _welcome(request, settings, cookie, user.email, "/login?done=chosen")


@router.get("/setup")
def empty_house(settings: Chosen, token: Token = "") -> Response:
    try:
        front_door.require_setup(settings, token)
    except LinkSpent as spent:
        return _spent(spent)
    return _setup_page(
        token, dict.fromkeys(Founding.model_fields, "") | {"time_zone": "UTC", "currency": "EUR"}
    )


@router.post("/setup")
def set_up(
    request: Request,
    settings: Chosen,
    token: TokenField = "",
    tenant_name: Typed = "",
    slug: Typed = "",
    time_zone: Typed = "UTC",
    currency: Typed = "EUR",
    email: Typed = "",
    name: Typed = "",
    password: Typed = "",
) -> Response:
    typed = {
        "tenant_name": tenant_name,
        "slug": slug,
        "time_zone": time_zone,
        "currency": currency.upper(),
        "email": email,
        "name": name,
    }
    try:
        attempts.with_a_link(request, settings)
        front_door.require_setup(settings, token)
        read = forms.read(Founding, **typed, password=password)
        if isinstance(read, Troubles):
            return _setup_page(token, typed, read)
        cookie = front_door.set_up(
            settings,
            token,
            slug=read.slug,
            wanted=Change(name=read.tenant_name, time_zone=read.time_zone, currency=read.currency),
            email=read.email,
            name=read.name,
            password=read.password,
        )
    except TooManyAttempts as error:
        return _slower(error)
    except LinkSpent as spent:
        return _spent(spent)
    except Refused as refused:
        return _setup_page(token, typed, Troubles.of(refused))
    return _welcome(request, settings, cookie, read.email, "/login")


def _join_page(
    settings: Settings, token: str, troubles: Troubles | None = None, *, name: str = "", status: int = 200
) -> Response:
    try:
        offered = front_door.invited(settings, token)
    except LinkSpent as spent:
        return _spent(spent)
    return _held(
        "join.html",
        status=status,
        token=token,
        invited=offered,
        name=name or offered.name,
        troubles=troubles or forms.NONE,
    )


def _reset_page(
    settings: Settings, token: str, troubles: Troubles | None = None, *, status: int = 200
) -> Response:
    try:
        email = front_door.whose_reset(settings, token)
    except LinkSpent as spent:
        return _spent(spent)
    return _held("reset.html", status=status, token=token, email=email, troubles=troubles or forms.NONE)


def _setup_page(token: str, typed: dict[str, str], troubles: Troubles | None = None) -> Response:
    return _held(
        "setup.html",
        status=422 if troubles else 200,
        token=token,
        typed=typed,
        troubles=troubles or forms.NONE,
    )


def _held(template: str, *, status: int, **content: Any) -> HTMLResponse:
    answer = rendering.bare_page(template, status=status, **content)
    answer.headers.update(UNTOLD)
    return answer


def _spent(spent: LinkSpent) -> Response:
    return _held("spent.html", status=spent.problem.status, reason=spent.problem.detail)


def _slower(error: TooManyAttempts) -> Response:
    answer = _held("spent.html", status=429, reason=str(error))
    answer.headers["Retry-After"] = str(error.seconds)
    return answer


def _welcome(
    request: Request, settings: Settings, cookie: Cookie | None, email: str, otherwise: str
) -> Response:
    if cookie is None:
        return RedirectResponse(otherwise, 303)
    answer = RedirectResponse("/", 303)
    sign_in.exchange(request, answer, settings, cookie)
    attempts.mark_browser(answer, settings, email, secure=sign_in.is_over_tls(settings))
    return answer
