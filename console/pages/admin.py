"""Other names of the same screens."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

router = APIRouter(include_in_schema=False)


@router.get("/admin")
def admin() -> RedirectResponse:
    return RedirectResponse("/", 303)


@router.get("/admin/approvals")
def admin_approvals() -> RedirectResponse:
    return RedirectResponse("/approvals", 303)


@router.get("/admin/campaigns")
def admin_campaigns() -> RedirectResponse:
    return RedirectResponse("/campaigns", 303)


@router.get("/admin/links")
def admin_links() -> RedirectResponse:
    return RedirectResponse("/links", 303)


@router.get("/admin/trends")
def admin_trends() -> RedirectResponse:
    return RedirectResponse("/trends", 303)
