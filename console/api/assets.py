"""Assets: the images, words and documents that campaigns are made of."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self, TypeVar

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from console.api.answers import REFUSALS
from console.door.admission import LARGEST_ID, Id, SignedIn
from console.door.problems import FieldError, Refused
from console.door.sign_in import Visitor
from console.frame.bodies import Body, Number
from console.frame.cursors import Cursor, Limit
from console.frame.texts import Text, storable
from console.library import asset_book
from console.library.asset_book import Changes, Given
from marketing_pipelines.creatives.media_types import declared_type
from marketing_pipelines.creatives.tags import LONGEST_LINE
from store.records.action_states import State
from store.records.actions import ActionType
from store.records.assets import Asset, AssetKind, PolicyFlag, Sought

router = APIRouter(tags=["assets"], responses=REFUSALS)

MULTIPART, JSON = "multipart/form-data", "application/json"
OfCampaign = Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Only those of this campaign.")]
Fields = TypeVar("Fields", bound=BaseModel)


def _one_line(name: str) -> str:
    if not storable(name).isprintable():
        raise ValueError("holds line breaks or other control characters")
    return name


Name = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), AfterValidator(_one_line)]


Tags = Annotated[
    tuple[Annotated[Text, StringConstraints(max_length=200)], ...],
    Field(max_length=100, description="In any case; kept in lower case, each once."),
]


class NewFile(Body):
    """What stands beside the file in a form; without a name the file's own is taken."""

    name: Name = ""
    kind: Literal["image", "text", "html", "csv", "document"] | None = None
    campaign_id: Number | None = None
    tags: Annotated[
        Text, StringConstraints(max_length=LONGEST_LINE), Field(description="With commas between them.")
    ] = ""


class NewText(Body):
    """Words, as they are or as HTML, or a table of values."""

    name: Annotated[Name, StringConstraints(min_length=1)]
    kind: Literal["text", "html", "csv"]
    text: Text
    campaign_id: Number | None = None
    tags: Tags = ()


class ChangedAsset(Body):
    """What is said of an asset; what is left out stays as it is, and what it is never changes."""

    name: Annotated[Name, StringConstraints(min_length=1)] | None = None
    tags: Tags | None = None
    flags: Annotated[list[PolicyFlag], Field(max_length=len(PolicyFlag))] | None = None
    archived: bool | None = None


class AssetOut(BaseModel):
    """Its bytes never change: a new upload is a new asset. `width` and `height` are pixels, `rows` those of a CSV."""

    id: int
    kind: AssetKind
    name: str
    media_type: str
    size: int
    sha256: str
    width: int | None
    height: int | None
    rows: int | None
    tags: list[str]
    flags: list[PolicyFlag]
    campaign_id: int | None
    uploaded_by: int | None
    archived_at: datetime | None
    created_at: datetime
    content_url: str

    @classmethod
    def of(cls, asset: Asset) -> Self:
        own = {"sha256", "content_url"}
        return cls(
            **{name: getattr(asset, name) for name in cls.model_fields if name not in own},
            sha256=asset.sha256.hex(),
            content_url=f"/api/assets/{asset.id}/content",
        )


class AssetPage(BaseModel):
    items: list[AssetOut]
    next_cursor: int | None


class UsingAction(BaseModel):
    id: int
    title: str
    type: ActionType
    state: State


class UsesOut(BaseModel):
    """`actions` are the newest fifty of `count`: those whose payload or provenance names the asset."""

    campaign_id: int | None
    actions: list[UsingAction]
    count: int


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
    asset, is_new = await run_in_threadpool(asset_book.keep, visitor, given)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/api/assets/{asset.id}"
    return AssetOut.of(asset)


@router.get("/api/assets")
def list_assets(
    visitor: SignedIn,
    limit: Limit,
    kind: AssetKind | None = None,
    campaign_id: OfCampaign = None,
    tag: Annotated[str, Query(max_length=200, description="Only those with this tag.")] = "",
    flag: Annotated[PolicyFlag | None, Query(description="Only those with this flag.")] = None,
    text: Annotated[str, Query(max_length=200, description="Only those whose name has this in it.")] = "",
    archived: Annotated[bool, Query(description="Those that were put away, instead of the others.")] = False,
    cursor: Cursor = None,
) -> AssetPage:
    """Newest first."""
    sought = Sought(kind, campaign_id, asset_book.one_tag(tag), flag, text, archived)
    page, following = asset_book.listed(visitor, sought, cursor=cursor, limit=limit)
    return AssetPage(items=[AssetOut.of(asset) for asset in page], next_cursor=following)


@router.get("/api/assets/{asset_id}")
def read(visitor: SignedIn, asset_id: Id) -> AssetOut:
    return _shown(visitor, asset_book.read(visitor, asset_id))


@router.patch("/api/assets/{asset_id}")
def change(visitor: SignedIn, asset_id: Id, body: ChangedAsset) -> AssetOut:
    """Name, tags and policy flags; an action that uses an asset with `do_not_use` cannot be submitted."""
    changes = Changes(name=body.name, tags=body.tags, flags=body.flags, archived=body.archived)
    return _shown(visitor, asset_book.change(visitor, asset_id, changes))


@router.delete("/api/assets/{asset_id}", status_code=204)
def delete(visitor: SignedIn, asset_id: Id) -> Response:
    """Only while no action uses it; 409 says how many do."""
    asset_book.delete(visitor, asset_id)
    return Response(status_code=204)


@router.get("/api/assets/{asset_id}/uses")
def uses(visitor: SignedIn, asset_id: Id) -> UsesOut:
    """Where it is used: its campaign, and the actions that name it."""
    with visitor.records() as session:
        used = asset_book.used(session, visitor, asset_book.found(session, visitor, asset_id))
    named = [UsingAction.model_validate(action, from_attributes=True) for action in used.actions]
    return UsesOut(campaign_id=used.campaign and used.campaign.id, actions=named, count=used.count)


@router.get(
    "/api/assets/{asset_id}/content",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, 304: {"description": "As it was."}},
)
def content(visitor: SignedIn, asset_id: Id, if_none_match: Annotated[str, Header()] = "") -> Response:
    """The bytes, to be kept and not shown: as an attachment that no browser runs or guesses about."""
    asset = asset_book.read(visitor, asset_id)
    said = asset_book.file_headers(asset, inline=False)
    if asset_book.is_known(asset, if_none_match):
        return Response(status_code=304, headers=said)
    return Response(asset_book.content(visitor, asset), headers=said)


def _shown(visitor: Visitor, asset: Asset) -> AssetOut:
    visitor.conditions.show(asset_book.etag(asset))
    return AssetOut.of(asset)


async def _file_of(request: Request) -> Given:
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Refused(422, "The form has no file.", [FieldError("file", "is missing, or is no file")])
        fields = {name: value for name, value in form.multi_items() if name != "file"}
        given = _checked(lambda: NewFile.model_validate(fields))
        name = given.name or asset_book.own_name(file.filename or "")
        declared = declared_type(file.content_type or "", file.filename or "")
        labels = given.tags.split(",")
        return _given(given, "file", await file.read(), name, declared, labels)


def _text_of(body: bytes) -> Given:
    given = _checked(lambda: NewText.model_validate_json(body))
    declared = {"text": "text/plain", "html": "text/html", "csv": "text/csv"}[given.kind]
    return _given(given, "text", given.text.encode(), given.name, declared, given.tags)


def _given(
    body: NewFile | NewText, field: str, content: bytes, name: str, declared: str, labels: Sequence[str]
) -> Given:
    kind = AssetKind(body.kind) if body.kind else None
    return Given(content, field, name, declared, kind, body.campaign_id, labels)


def _checked(read: Callable[[], Fields]) -> Fields:
    """Read by hand, since there are two kinds of body; refused as any other body is."""
    try:
        return read()
    except ValidationError as wrong:
        found = [{**problem, "loc": ("body", *problem["loc"])} for problem in wrong.errors()]
        raise RequestValidationError(found) from None
