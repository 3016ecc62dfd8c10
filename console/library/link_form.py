"""The form of a link: what was typed into it, how a link stands in it, and what it asks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints

from console.door.admission import LARGEST_ID
from console.door.problems import FieldError, Refused
from console.door.sign_in import Visitor
from console.frame import timing
from console.frame.texts import Text
from console.library import link_book
from console.library.link_book import Wanted, WantedTarget
from marketing_pipelines.links import cells
from marketing_pipelines.links.refusals import NotUsable as NoLink
from store.records.links import Link
from store.records.schema import CampaignId

# A form has so many rows for targets; a link with more is changed over the API.
MOST_ROWS = 60
Cell = Annotated[Text, StringConstraints(max_length=4000)]


class LinkForm(BaseModel):
    """What stands in the form, as it was typed; the rows of targets come column by column."""

    long_url: Cell = ""
    slug: Cell = ""
    title: Cell = ""
    channel: Cell = ""
    campaign_id: Cell = ""
    tags: Cell = ""
    starts_at: Cell = ""
    expires_at: Cell = ""
    max_clicks: Cell = ""
    fallback_url: Cell = ""
    passed_parameters: Cell = ""
    password: Cell = ""
    no_password: bool = False
    to_url: list[Cell] = []
    to_weight: list[Cell] = []
    to_countries: list[Cell] = []
    to_devices: list[Cell] = []
    to_systems: list[Cell] = []
    to_languages: list[Cell] = []
    more: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A target as it stands in the form."""

    url: str = ""
    weight: str = "1"
    countries: str = ""
    devices: str = ""
    systems: str = ""
    languages: str = ""


def rows(form: LinkForm) -> list[Row]:
    """The rows in which something stands beside a weight."""
    columns = (
        form.to_url,
        form.to_weight,
        form.to_countries,
        form.to_devices,
        form.to_systems,
        form.to_languages,
    )
    height = max(map(len, columns))
    filled = [column + [""] * (height - len(column)) for column in columns]
    found = [Row(*(cell.strip() for cell in cells_)) for cells_ in zip(*filled, strict=True)]
    return [row for row in found if replace(row, weight="") != Row(weight="")]


def as_typed(visitor: Visitor, link: Link) -> LinkForm:
    said = link_book.as_wanted(link)
    return LinkForm(
        long_url=said.long_url,
        slug=link.slug,
        title=said.title,
        channel=said.channel,
        campaign_id=str(said.campaign or ""),
        tags=", ".join(said.tags),
        starts_at=_on_the_clock(visitor, said.starts_at),
        expires_at=_on_the_clock(visitor, said.expires_at),
        max_clicks=str(said.max_clicks or ""),
        fallback_url=said.fallback_url or "",
        passed_parameters=", ".join(said.passed_parameters),
        to_url=[it.url for it in said.targets],
        to_weight=[str(it.weight) for it in said.targets],
        to_countries=[", ".join(it.countries) for it in said.targets],
        to_devices=[", ".join(it.devices) for it in said.targets],
        to_systems=[", ".join(it.systems) for it in said.targets],
        to_languages=[", ".join(it.languages) for it in said.targets],
    )


def _on_the_clock(visitor: Visitor, moment: datetime | None) -> str:
    """As the browser's own field for it wants it; seconds only where there are some."""
    if moment is None:
        return ""
    there = moment.astimezone(visitor.time_zone).replace(tzinfo=None)
    return there.isoformat(timespec="seconds" if there.second else "minutes")


def changes(visitor: Visitor, form: LinkForm, link: Link) -> dict[str, Any]:
    said = wanted(visitor, form)
    named = [name for name in Wanted.__dataclass_fields__ if name not in {"slug", "password", "targets"}]
    changed = {name: getattr(said, name) for name in named}
    if len(link.targets) <= MOST_ROWS:
        changed["targets"] = said.targets
    if form.password or form.no_password:
        changed["password"] = "" if form.no_password else form.password
    return changed


def wanted(visitor: Visitor, form: LinkForm) -> Wanted:
    return Wanted(
        long_url=form.long_url,
        campaign=_campaign(form),
        channel=form.channel,
        slug=form.slug or None,
        title=form.title,
        tags=_of_line("tags", form.tags, cells.tags),
        starts_at=_moment(visitor, "starts_at", form.starts_at),
        expires_at=_moment(visitor, "expires_at", form.expires_at),
        max_clicks=_of_line("max_clicks", form.max_clicks.strip(), cells.number)
        if form.max_clicks.strip()
        else None,
        fallback_url=form.fallback_url.strip() or None,
        passed_parameters=_of_line("passed_parameters", form.passed_parameters, cells.parameters),
        targets=[_target(number, row) for number, row in enumerate(rows(form))],
        password=form.password,
    )


def _campaign(form: LinkForm) -> CampaignId | None:
    if not form.campaign_id:
        return None
    with _refusing("campaign_id"):
        number = cells.number(form.campaign_id)
        if not 0 < number <= LARGEST_ID:
            raise NoLink("There is no such campaign.")
        return CampaignId(number)


def _moment(visitor: Visitor, field: str, typed: str) -> datetime | None:
    if not typed.strip():
        return None
    try:
        read = datetime.fromisoformat(typed.strip())
    except ValueError:
        raise _wrong(field, "It is no date and time; write it like 2026-11-30T18:00.") from None
    return timing.meant(field, read, visitor.time_zone)


def _target(number: int, row: Row) -> WantedTarget:
    field = f"targets.{number}"
    if not row.url:
        raise _wrong(field, "Say where this one leads, or empty the whole row.")
    weight = _of_line(field, row.weight or "1", cells.number)
    return WantedTarget(
        row.url,
        weight,
        _pieces(row.countries),
        _pieces(row.devices),
        _pieces(row.systems),
        _pieces(row.languages),
    )


def _pieces(line: str) -> list[str]:
    return [piece for it in line.split(",") if (piece := it.strip())]


def _of_line(field: str, line: str, read: Any) -> Any:
    with _refusing(field):
        return read(line)


def troubles(refused: Refused) -> dict[str, str]:
    """By field; what concerns none of them is an error of the whole page."""
    if not refused.problem.errors:
        raise refused
    return {error.field: error.reason for error in refused.problem.errors}


def _wrong(field: str, reason: str) -> Refused:
    return Refused(422, reason, [FieldError(field, reason)])


@contextmanager
def _refusing(field: str) -> Iterator[None]:
    try:
        yield
    except NoLink as unusable:
        raise _wrong(field, str(unusable)) from None
