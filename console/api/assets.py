"""Assets: the images, words and documents that campaigns are made of."""

from collections.abc import Callable
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, StringConstraints, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from console import headers, uploads
from console.admission import LARGEST_ID, Id, SignedIn
from console.api.answers import REFUSALS
from console.api.recipients import Body, Number
from console.cursors import Cursor, Limit
from console.problems import FieldError, Refused, nothing_here
from console.texts import Text, storable
from store.records import assets
from store.records.assets import Asset, AssetKind

router = APIRouter(tags=["assets"], responses=REFUSALS)

MULTIPART, JSON = "multipart/form-data", "application/json"
OfCampaign = Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Only those of this campaign.")]
Fields = TypeVar("Fields", bound=BaseModel)


def _one_line(name: str) -> str:
    if not storable(name).isprintable():
        raise ValueError("holds line breaks or other control characters")
    return name


Name = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), AfterValidator(_one_line)]


class NewFile(Body):
    """What stands beside the file in a form; without a name the file's own is taken."""

    name: Name = ""
    kind: Literal["image", "text", "html", "document"] | None = None
    campaign_id: Number | None = None


class NewText(Body):
    """Words, as they are or as HTML."""

    name: Annotated[Name, StringConstraints(min_length=1)]
    kind: Literal["text", "html"]
    text: Text
    campaign_id: Number | None = None


class AssetOut(BaseModel):
    """Never changed: a new upload is a new asset."""

    id: int
    kind: AssetKind
    name: str
    media_type: str
    size: int
    sha256: str
    campaign_id: int | None
    uploaded_by: int | None
    created_at: datetime
    content_url: str

    @classmethod
    def of(cls, asset: Asset) -> Self:
        return cls(
            id=asset.id,
            kind=asset.kind,
            name=asset.name,
            media_type=asset.media_type,
            size=asset.size,
            sha256=asset.sha256.hex(),
            campaign_id=asset.campaign_id,
            uploaded_by=asset.uploaded_by,
            created_at=asset.created_at,
            content_url=f"/api/assets/{asset.id}/content",
        )


class AssetPage(BaseModel):
    items: list[AssetOut]
    next_cursor: int | None


def _two_bodies() -> dict[str, Any]:
    form = NewFile.model_json_schema()
    form["properties"]["file"] = {"type": "string", "format": "binary"}
    content = {MULTIPART: {"schema": form | {"required": ["file"]}}}
    return {"required": True, "content": content | {JSON: {"schema": NewText.model_json_schema()}}}


@router.post("/api/assets", status_code=201, openapi_extra={"requestBody": _two_bodies()})
async def create(visitor: SignedIn, request: Request, response: Response) -> AssetOut:
    """A file in a form, or words in JSON. What it is, its bytes decide; the same bytes answer 200 with what is there."""
    sent_as = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent_as == MULTIPART:
        given = await _file_of(request)
    elif sent_as == JSON:
        given = _text_of(await request.body())
    else:
        raise Refused(415, f"Send the file as {MULTIPART}, or words as {JSON}.")
    asset, is_new = await run_in_threadpool(lambda: uploads.keep(visitor, **given))
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/api/assets/{asset.id}"
    return AssetOut.of(asset)


@router.get("/api/assets")
def list_assets(
    visitor: SignedIn,
    limit: Limit,
    kind: AssetKind | None = None,
    campaign_id: OfCampaign = None,
    cursor: Cursor = None,
) -> AssetPage:
    """Newest first."""
    with visitor.records() as session:
        page, following = assets.listed(
            session, visitor.tenant, kind=kind, campaign=campaign_id, cursor=cursor, limit=limit
        )
    return AssetPage(items=[AssetOut.of(asset) for asset in page], next_cursor=following)


@router.get("/api/assets/{asset_id}")
def read(visitor: SignedIn, asset_id: Id) -> AssetOut:
    with visitor.records() as session:
        asset = assets.by_number(session, visitor.tenant, asset_id)
    if asset is None:
        raise nothing_here()
    return AssetOut.of(asset)


@router.get(
    "/api/assets/{asset_id}/content",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, 304: {"description": "As it was."}},
)
def content(visitor: SignedIn, asset_id: Id, if_none_match: Annotated[str, Header()] = "") -> Response:
    """The bytes, to be kept and not shown: as an attachment that no browser runs or guesses about."""
    with visitor.records() as session:
        asset = assets.by_number(session, visitor.tenant, asset_id, whole=True)
    if asset is None:
        raise nothing_here()
    tag = f'"{asset.sha256.hex()}"'
    said = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(asset.name, safe='')}",
        "Content-Security-Policy": headers.FILES,
        "X-Content-Type-Options": "nosniff",
    }
    known = {given.strip().removeprefix("W/") for given in if_none_match.split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=said)
    charset = "; charset=utf-8" if asset.media_type.startswith("text/") else ""
    return Response(asset.content, headers=said | {"Content-Type": f"{asset.media_type}{charset}"})


async def _file_of(request: Request) -> dict[str, Any]:
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Refused(422, "The form has no file.", [FieldError("file", "is missing, or is no file")])
        fields = {name: value for name, value in form.multi_items() if name != "file"}
        given = _checked(lambda: NewFile.model_validate(fields))
        name = given.name or _own_name(file.filename or "")
        return _keeping(given, "file", await file.read(), name, file.content_type or "")


def _text_of(body: bytes) -> dict[str, Any]:
    given = _checked(lambda: NewText.model_validate_json(body))
    declared = {"text": "text/plain", "html": "text/html"}[given.kind]
    return _keeping(given, "text", given.text.encode(), given.name, declared)


def _keeping(
    given: NewFile | NewText, field: str, content: bytes, name: str, declared: str
) -> dict[str, Any]:
    return {
        "content": content,
        "field": field,
        "name": name,
        "declared": declared,
        "kind": AssetKind(given.kind) if given.kind else None,
        "campaign": given.campaign_id,
    }


def _own_name(file_name: str) -> str:
    """The last piece of what the browser calls the file, whatever system it runs on."""
    piece = PurePosixPath(file_name.replace("\\", "/")).name
    kept = "".join(character for character in piece if character.isprintable())[:200].strip()
    return kept or "file"


def _checked(read: Callable[[], Fields]) -> Fields:
    """Read by hand, since there are two kinds of body; refused as any other body is."""
    try:
        return read()
    except ValidationError as wrong:
        found = [{**problem, "loc": ("body", *problem["loc"])} for problem in wrong.errors()]
        raise RequestValidationError(found) from None
