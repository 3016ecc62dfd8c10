"""How every endpoint of the API answers when it refuses: problem details (RFC 9457)."""

from typing import Any

from pydantic import BaseModel


class FieldProblem(BaseModel):
    field: str
    reason: str


class Problem(BaseModel):
    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[FieldProblem] | None = None
    current_hash: str | None = None


def _described(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"schema": _SCHEMA}}}


_SCHEMA = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
REFUSALS: dict[int | str, dict[str, Any]] = {
    400: _described("The body is not JSON."),
    401: _described("No token, or one that does not hold."),
    403: _described("The role, or the one who asks, may not do this."),
    404: _described("Nothing here, or another tenant's."),
    409: _described("The state of things does not allow it; read again."),
    412: _described("If-Match names another ETag than the present one, which comes along."),
    413: _described("The body is too large."),
    422: _described("Fields that are missing or wrong, each with its reason."),
    429: _described("Too many requests, or attempts to sign in; see Retry-After."),
    503: _described("The records are away, or it took too long; see Retry-After."),
}
# What is read from the warehouse can be away while the records are there.
AWAY: dict[int | str, dict[str, Any]] = {
    503: _described("The warehouse cannot be reached right now; see Retry-After.")
}
