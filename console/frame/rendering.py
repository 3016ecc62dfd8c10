"""Pages: the templates, what each of them may use, and what every page of a signed-in visitor shows."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from console.door import origins
from console.door.problems import Problem
from console.door.sign_in import Visitor
from console.frame import places, plain_sight, wording
from console.frame.lineage import Asset
from store.clock import now
from store.records import alerts, approvals, kill_switches, people
from store.records.database import Session

HERE = Path(__file__).parent.parent
STATIC = HERE / "static"


@cache
def _static_address(name: str) -> str:
    """The address changes with the content, so that browsers may keep the file."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(static=_static_address, wording=wording, now=now, made_by=Asset)
_templates.filters.update(
    ago=wording.ago,
    change=wording.change,
    due=wording.due,
    until=wording.until,
    clock=wording.clock,
    event=wording.event,
    grouped=wording.grouped,
    hidden_in=plain_sight.count_hidden,
    lead=plain_sight.address,
    money=wording.money,
    number=wording.number,
    pieces=plain_sight.pieces,
    risk_reason=wording.reason,
    sentence=wording.sentence,
    share=wording.share,
    size=wording.size,
    words=wording.words,
)


def page(
    visitor: Visitor, session: Session, template: str, *, status: int = 200, **content: Any
) -> HTMLResponse:
    """A page for a signed-in visitor, with the bar of pulled kill switches and what waits."""
    cookie = visitor.cookie or ""
    return _render(
        template,
        status,
        visitor=visitor,
        csrf=origins.csrf_token(visitor.settings, cookie),
        switches=kill_switches.all_engaged(session, visitor.tenant),
        stopped_by_environment=visitor.settings.kill_switch,
        alert_count=alerts.count_open(session, visitor.tenant),
        waiting_count=approvals.waiting(session, visitor.tenant),
        tenants=people.offered_tenants(session, visitor.user),
        places=places.offered(visitor),
        **content,
    )


def bare_page(template: str, *, status: int = 200, **content: Any) -> HTMLResponse:
    """A page for someone who has not signed in."""
    return _render(template, status, **content)


def error_page(request: Request, problem: Problem) -> HTMLResponse:
    """What went wrong and where to go on."""
    part = request.url.path.split("/")
    of_an_action = len(part) > 2 and part[1] == "actions" and part[2].isdigit() and problem.status != 404
    response = bare_page(
        "error.html",
        status=problem.status,
        problem=problem,
        back=f"/actions/{part[2]}" if of_an_action else "/",
        back_label="Read the action again" if of_an_action else "Go to the overview",
        request_id=request.state.request_id,
    )
    response.headers.update(problem.headers)
    return response


def _render(template: str, status: int, **content: Any) -> HTMLResponse:
    return HTMLResponse(_templates.get_template(template).render(content), status)
