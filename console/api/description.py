"""The API's description: for programs as OpenAPI, for people as a page where each request can be tried out."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

from console.door import headers, idempotency, permissions, scopes
from console.frame import rendering

router = APIRouter(include_in_schema=False)

SUBJECTS = {
    "sign-in": "A token for a program, and who is behind one.",
    "actions": "Whatever is to leave the house: written, submitted, signed, withdrawn.",
    "standing approvals": "What was signed once, a sequence or a rule, and lets later actions through.",
    "campaigns": "What actions and links are grouped under, and when they may go.",
    "projects": "What campaigns are grouped under.",
    "requested runs": "What somebody asked for in the background, and what became of it.",
    "dead letters": "What failed for good or may have arrived, to be put back or settled by a person.",
    "alerts": "What somebody has to know of, told once.",
    "recipients": "Who is written to, what they have agreed to, and their wish to be left alone.",
    "groups": "Recipients under a name, to be written to together.",
    "links": "Short links: where they lead, on which terms, and who followed them.",
    "assets": "Creatives, known by their bytes.",
    "analytics": "Metrics over time, funnels, channels and paths, out of the marts, each with its freshness.",
    "exports": "Reports as CSV or XLSX, made in the background and fetched at an address that dies.",
    "uploads": "Lists of touches and sales that no page saw: checked line by line, then confirmed.",
    "connectors": "Which channels there are, what each can do, and how the tenant's connections stand.",
    "ads": "What stands in the ad accounts: campaigns, ad sets, ads and daily budgets, read from their platforms.",
    "feeds": "Which feeds are read, how each is doing, where a site has its own, and lists of them in and out.",
    "trends": "Feeds read now, and the stories that spread fastest.",
    "goals": "What counts as a conversion, what it is worth, and which one stands at the head.",
    "hold-outs": "What is kept from some people, chosen by lot, and what that says it causes.",
    "measurement": "How visits become sessions, and how models share out the credit.",
    "identity": "That a device is not somebody's, over what events have joined.",
    "policy": "How many must sign what, and who may.",
    "kill switch": "Stops at once what sends or spends; two people let go again.",
    "tenants": "Those that one belongs to, a new one, and what the present one counts in.",
    "users": "The people of a tenant, and their roles.",
    "keys": "For programs: a part of what their owner may do, and never a signature.",
    "audit": "Every change of state, in a chain that shows what was tampered with.",
}
SUMMARY = "Actions, approvals, campaigns, alerts, the kill switch and the audit chain."
ABOUT = """Take a token at `POST /api/auth/login`, press **Authorize** and try it out. Every path is served under
`/api/v1` too. Errors are `application/problem+json` (RFC 9457). What a request may do is said at each one."""
_IF_MATCH = "The ETag that was read; another one is there by now, and nothing is changed (412)."
_KEY = "Up to 255 printable ASCII characters: a request that is repeated with it is done once, and answered again."
# Beside every PUT and PATCH.
_ASKS_WHAT_WAS_READ = frozenset(
    {
        "POST /api/actions/{action_id}/submit",
        "POST /api/actions/{action_id}/cancel",
        "POST /api/recipients/{recipient_id}/opt-out",
        "POST /api/recipients/{recipient_id}/opt-in",
        "DELETE /api/recipients/{recipient_id}",
        "DELETE /api/users/{user_id}",
        "DELETE /api/assets/{asset_id}",
        "POST /api/goals/{goal_id}/make-headline",
        "DELETE /api/goals/{goal_id}",
        "POST /api/hold-outs/{hold_out_id}/end",
        "DELETE /api/identity/splits/{split_id}",
        "POST /api/feeds/{feed_id}/retire",
        "POST /api/feeds/{feed_id}/revive",
        "DELETE /api/feeds/{feed_id}",
        "POST /api/uploads/{upload_id}/confirm",
        "DELETE /api/uploads/{upload_id}",
    }
)


@router.get("/docs")
def docs() -> HTMLResponse:
    page = rendering.bare_page("docs.html")
    page.headers["Content-Security-Policy"] = headers.DOCS
    return page


def describe(app: FastAPI) -> None:
    """Adds to FastAPI's description what the console does for every endpoint at one place."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            for path, methods in plain()["paths"].items():
                for method, operation in methods.items():
                    endpoint = f"{method.upper()} {path}"
                    _say_who(operation, endpoint)
                    _name_headers(operation, endpoint)
        return plain()

    app.openapi = described


def _say_who(operation: dict[str, Any], endpoint: str) -> None:
    roles = permissions.ACCESS[endpoint]
    scope = scopes.SCOPES.get(endpoint)
    who = "anyone" if roles is None else ", ".join(sorted(role.capitalize() for role in roles))
    if roles is not None:
        who += f"; keys with the scope `{scope}`" if scope else "; no key"
    operation["description"] = "\n\n".join(filter(None, [operation.get("description"), f"For: {who}."]))


def _name_headers(operation: dict[str, Any], endpoint: str) -> None:
    if endpoint.startswith("POST ") and "201" in operation["responses"]:
        _add_header(operation, idempotency.HEADER, _KEY)
    if endpoint.startswith(("PUT ", "PATCH ")) or endpoint in _ASKS_WHAT_WAS_READ:
        _add_header(operation, "If-Match", _IF_MATCH)


def _add_header(operation: dict[str, Any], name: str, meaning: str) -> None:
    schema: Mapping[str, str] = {"type": "string"}
    operation.setdefault("parameters", []).append(
        {"name": name, "in": "header", "required": False, "description": meaning, "schema": schema}
    )
