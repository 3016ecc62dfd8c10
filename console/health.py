"""For programs that watch the console: is it up, and can it work."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from console.door.admission import Chosen
from store import records
from store.settings import Role

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(settings: Chosen) -> JSONResponse:
    """The records can be read; without them nothing here works."""
    try:
        with records.session(settings, Role.CONSOLE) as session:
            session.execute(text("select 1 from log_ins limit 1"))
    except SQLAlchemyError:
        return JSONResponse({"ready": False, "waiting_for": "postgres"}, 503)
    return JSONResponse({"ready": True})
