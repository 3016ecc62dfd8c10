"""Where people look for the API's description."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def docs() -> RedirectResponse:
    """The description itself: interactive documentation would load scripts from elsewhere."""
    return RedirectResponse("/api/openapi.json", 303)
