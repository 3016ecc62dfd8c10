"""How errors are answered: people get a page, programs problem details (RFC 9457)."""

import json
import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.door import origins
from console.door.attempts import TooManyAttempts
from console.door.etags import ChangedMeanwhile
from console.door.problems import Problem, Refused, is_api, nothing_here, problem_of
from console.door.sign_in import NoTenant, NotSignedIn
from console.door.versions import asked_path
from console.frame import rendering
from marketing_pipelines.outbound.kinds.face import NotReady
from marketing_pipelines.outbound.payloads import PayloadError
from store.records.actions import IllegalMove
from store.records.approvals import DecisionRefused

FORWARD = "/auth/forward"
_log = logging.getLogger("console")


def _as_json(request: Request, problem: Problem) -> Response:
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": asked_path(request),
        "request_id": request.state.request_id,
        **problem.members,
    }
    if problem.errors:
        content["errors"] = [{"field": e.field, "reason": e.reason} for e in problem.errors]
    # ASCII, since a field's name may hold half a surrogate pair, which UTF-8 cannot say.
    return Response(json.dumps(content), problem.status, problem.headers, "application/problem+json")


def _as_page(request: Request, problem: Problem) -> Response:
    if problem.status == HTTPStatus.UNPROCESSABLE_ENTITY and request.method == "GET":
        problem = nothing_here().problem
    return rendering.error_page(request, problem)


def _log_in_address(request: Request) -> str:
    """The sign-in page, which leads back to what was asked for where that can be asked for again."""
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = f"{request.url.path}{query}" if request.method == "GET" else "/"
    if request.url.path == FORWARD:
        wanted = request.headers.get("x-forwarded-uri", "/")
    target = origins.path_of_ours(wanted)
    return "/login" if target == "/" else f"/login?{urlencode({'next': target})}"


async def answer(request: Request, error: Exception) -> Response:
    """Every error ends here."""
    problem = problem_of(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        fields = {"request_id": request.state.request_id, "path": request.url.path}
        _log.error(problem.detail, exc_info=error, extra={"fields": fields})
    if is_api(request):
        return _as_json(request, problem)
    # A part of a page that renews itself has no use for the page to sign in at.
    if isinstance(error, NotSignedIn) and "HX-Request" not in request.headers:
        return RedirectResponse(_log_in_address(request), 302 if request.method == "GET" else 303)
    return _as_page(request, problem)


def install(app: FastAPI) -> None:
    for kind in (
        HTTPException,
        RequestValidationError,
        Refused,
        PayloadError,
        NotReady,
        DecisionRefused,
        IllegalMove,
        ChangedMeanwhile,
        TooManyAttempts,
        NoTenant,
        NotSignedIn,
        DataError,
        OperationalError,
    ):
        app.add_exception_handler(kind, answer)
    app.add_middleware(LastResort)


class LastResort:
    """Answers for what nobody foresaw, inside the middleware that adds headers and logs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_noting_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_noting_start)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            response = await answer(Request(scope), error)
            await response(scope, receive, send)
