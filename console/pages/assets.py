"""Assets: all of them as pictures and lines, uploading, and one of them with what is said of it and where it is used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, File, Form, Header, Query, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse

from console.door.admission import Id, SignedIn
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import names, rendering, wording
from console.frame.cursors import Cursor
from console.frame.texts import IF_CHOSEN
from console.library import asset_book
from console.library.asset_book import Changes, Given
from marketing_pipelines.creatives.media_types import declared_type
from marketing_pipelines.creatives.tags import LONGEST_LINE
from store.records import asset_uses, assets
from store.records.assets import Asset, AssetKind, PolicyFlag, Sought

router = APIRouter(include_in_schema=False)

PAGE = 24
TAGS_SHOWN = 12
MOST_AT_ONCE = 10
Line = Annotated[str, Form(max_length=2 * LONGEST_LINE)]
Search = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Turned:
    """A file that was not taken, and why."""

    name: str
    reason: str


@router.get("/assets")
def shelf(
    visitor: SignedIn,
    kind: Annotated[AssetKind | None, IF_CHOSEN] = None,
    flag: Annotated[PolicyFlag | None, IF_CHOSEN] = None,
    tag: Search = "",
    text: Search = "",
    archived: bool = False,
    cursor: Cursor = None,
    done: str = "",
) -> HTMLResponse:
    sought = Sought(kind, None, asset_book.one_tag(tag), flag, text, archived)
    return _shelf(visitor, sought, cursor=cursor, done=done)


@router.post("/assets", response_model=None)
def upload(
    visitor: SignedIn, files: Annotated[list[UploadFile] | None, File()] = None, tags: Line = ""
) -> HTMLResponse | RedirectResponse:
    """Each file by itself: what can be kept is kept, and the others are said with their reasons."""
    chosen = [file for file in files or () if file.filename]
    if not chosen:
        return _shelf(visitor, Sought(), trouble="Choose a file first.", tags=tags)
    if len(chosen) > MOST_AT_ONCE:
        return _shelf(visitor, Sought(), trouble=f"Choose {MOST_AT_ONCE} files at most at a time.", tags=tags)
    turned, new, last = list[Turned](), 0, 0
    for file in chosen:
        name = asset_book.own_name(file.filename or "")
        declared = declared_type(file.content_type or "", name)
        try:
            given = Given(file.file.read(), "files", name, declared, tags=tags.split(","))
            asset, is_new = asset_book.keep(visitor, given)
        except Refused as refused:
            errors = refused.problem.errors
            if errors and errors[0].field == "tags":
                return _shelf(visitor, Sought(), tags=tags, tags_trouble=errors[0].reason)
            turned.append(Turned(name, errors[0].reason if errors else refused.problem.detail))
        else:
            new, last = new + is_new, asset.id
    if turned:
        return _shelf(visitor, Sought(), turned=turned, taken=len(chosen) - len(turned), tags=tags)
    if len(chosen) == 1:
        return RedirectResponse(f"/assets/{last}?done={'uploaded' if new else 'known'}", 303)
    return RedirectResponse(f"/assets?done={'uploaded' if new else 'known'}", 303)


@router.get("/assets/{asset_id}")
def asset(visitor: SignedIn, asset_id: Id, done: str = "") -> HTMLResponse:
    return _detail(visitor, asset_book.read(visitor, asset_id), done=done)


@router.get("/assets/{asset_id}/content")
def content(
    visitor: SignedIn, asset_id: Id, download: bool = False, if_none_match: Annotated[str, Header()] = ""
) -> Response:
    """Pixels to be looked at in a page; all else, and all of it on request, to be kept."""
    found = asset_book.read(visitor, asset_id)
    said = asset_book.file_headers(found, inline=not download)
    if asset_book.is_known(found, if_none_match):
        return Response(status_code=304, headers=said)
    return Response(asset_book.content(visitor, found), headers=said)


@router.post("/assets/{asset_id}", response_model=None)
def describe(
    visitor: SignedIn,
    asset_id: Id,
    name: Line = "",
    tags: Line = "",
    flags: Annotated[list[PolicyFlag] | None, Form()] = None,
) -> HTMLResponse | RedirectResponse:
    written = " ".join(name.split())
    trouble = _name_trouble(written)
    if not trouble:
        try:
            changes = Changes(name=written, tags=tags.split(","), flags=flags or [])
            asset_book.change(visitor, asset_id, changes)
        except Refused as refused:
            if refused.problem.status != 422:
                raise
            trouble = {error.field: error.reason for error in refused.problem.errors}
    if not trouble:
        return RedirectResponse(f"/assets/{asset_id}?done=saved", 303)
    found = asset_book.read(visitor, asset_id)
    typed = {"name": name, "tags": tags, "flags": flags or []}
    return _detail(visitor, found, typed=typed, trouble=trouble, status=422)


@router.post("/assets/{asset_id}/archive")
def archive(visitor: SignedIn, asset_id: Id) -> RedirectResponse:
    asset_book.change(visitor, asset_id, Changes(archived=True))
    return RedirectResponse(f"/assets/{asset_id}?done=archived", 303)


@router.post("/assets/{asset_id}/restore")
def restore(visitor: SignedIn, asset_id: Id) -> RedirectResponse:
    asset_book.change(visitor, asset_id, Changes(archived=False))
    return RedirectResponse(f"/assets/{asset_id}?done=restored", 303)


@router.post("/assets/{asset_id}/delete")
def delete(visitor: SignedIn, asset_id: Id) -> RedirectResponse:
    asset_book.delete(visitor, asset_id)
    return RedirectResponse("/assets?done=deleted", 303)


def _name_trouble(name: str) -> dict[str, str]:
    if not name:
        return {"name": "Give it a name."}
    if len(name) > asset_book.LONGEST_NAME:
        return {"name": f"Use {asset_book.LONGEST_NAME} characters at most."}
    return {} if name.isprintable() else {"name": "Take the control characters out."}


def _shelf(
    visitor: Visitor,
    sought: Sought,
    *,
    cursor: int | None = None,
    done: str = "",
    turned: Sequence[Turned] = (),
    taken: int = 0,
    trouble: str = "",
    tags: str = "",
    tags_trouble: str = "",
) -> HTMLResponse:
    is_refused = bool(turned or trouble or tags_trouble)
    with visitor.records() as session:
        page, following = assets.listed(session, visitor.tenant, sought, cursor=cursor, limit=PAGE)
        return rendering.page(
            visitor,
            session,
            "assets.html",
            status=422 if is_refused else 200,
            assets=page,
            uses=asset_uses.counted(session, visitor.tenant, [it.id for it in page]),
            tags_in_use=assets.tags_in_use(session, visitor.tenant, most=TAGS_SHOWN),
            sought=sought,
            is_filtered=sought != Sought(),
            kinds=wording.ASSET_KINDS,
            flags=wording.FLAGS,
            flag_words=[(flag.value, label.text) for flag, label in wording.FLAGS.items()],
            rasters=asset_book.RASTER,
            largest=visitor.settings.asset_max_bytes,
            most_at_once=MOST_AT_ONCE,
            page={"next_cursor": following},
            is_first=cursor is None,
            done=done,
            turned=turned,
            taken=taken,
            trouble=trouble,
            tags_typed=tags,
            tags_trouble=tags_trouble,
        )


def _detail(
    visitor: Visitor,
    found: Asset,
    *,
    done: str = "",
    typed: Mapping[str, object] | None = None,
    trouble: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    """What cannot be read right now is said in its place; the rest of the page stands."""
    table, words, lost = None, "", ""
    try:
        table = asset_book.table(visitor, found)
        words = asset_book.words(visitor, found)
    except Refused as refused:
        lost = refused.problem.detail
    with visitor.records() as session:
        uploader = {names.of_user(found.uploaded_by)} if found.uploaded_by is not None else set[str]()
        return rendering.page(
            visitor,
            session,
            "asset.html",
            status=status,
            asset=found,
            table=table,
            words=words,
            lost=lost,
            used=asset_book.used(session, visitor, found),
            names=names.of_actors(session, uploader),
            kinds=wording.ASSET_KINDS,
            flags=wording.FLAGS,
            is_picture=asset_book.is_picture(found),
            typed=typed or {"name": found.name, "tags": ", ".join(found.tags), "flags": found.flags},
            trouble=trouble or {},
            done=done,
        )
