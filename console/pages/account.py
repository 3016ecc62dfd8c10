"""One's own account: the name, the password, and where one is signed in."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field

from console.door import sign_in
from console.door.admission import SignedIn
from console.door.attempts import TooManyAttempts
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import forms, rendering
from console.frame.forms import Troubles
from console.people import accounts
from console.people.fields import Password, PersonName

router = APIRouter(include_in_schema=False)

Typed = Annotated[str, Form(max_length=1024)]


class Naming(forms.Form):
    name: Annotated[PersonName, Field(min_length=1)]


class Choosing(forms.Form):
    password: Password


@router.get("/account")
def my_account(visitor: SignedIn, done: str = "") -> HTMLResponse:
    return _page(visitor, done=done)


@router.post("/account/name", response_model=None)
def change_my_name(visitor: SignedIn, name: Typed = "") -> Response:
    read = forms.read(Naming, name=name)
    if isinstance(read, Troubles):
        return _page(visitor, name=name, troubles=read)
    accounts.rename(visitor, read.name)
    return RedirectResponse("/account?done=named", 303)


@router.post("/account/password", response_model=None)
def change_my_password(
    request: Request, visitor: SignedIn, present: Typed = "", password: Typed = ""
) -> Response:
    read = forms.read(Choosing, password=password)
    if isinstance(read, Troubles):
        return _page(visitor, troubles=read)
    try:
        cookie = accounts.change_password(request, visitor, present, read.password)
    except TooManyAttempts as error:
        answer = _page(visitor, troubles=Troubles({"present": str(error)}), status=429)
        answer.headers["Retry-After"] = str(error.seconds)
        return answer
    except Refused as refused:
        return _page(visitor, troubles=Troubles.of(refused))
    answer = RedirectResponse("/account?done=chosen", 303)
    sign_in.hand_over(answer, visitor.settings, cookie)
    return answer


@router.post("/account/sign-out-elsewhere")
def sign_out_elsewhere(visitor: SignedIn) -> RedirectResponse:
    accounts.sign_out_elsewhere(visitor)
    return RedirectResponse("/account?done=alone", 303)


def _page(
    visitor: Visitor,
    *,
    done: str = "",
    name: str | None = None,
    troubles: Troubles | None = None,
    status: int | None = None,
) -> HTMLResponse:
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "account.html",
            status=status or (422 if troubles else 200),
            log_ins=accounts.log_ins(session, visitor),
            name=visitor.name if name is None else name,
            troubles=troubles or forms.NONE,
            done=done,
        )
