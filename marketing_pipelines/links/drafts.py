"""A link as people hand it over: everything that is said of one, before it has an owner and a number."""

from dataclasses import dataclass
from datetime import datetime

from marketing_pipelines.links.refusals import NotUsable
from marketing_pipelines.links.targets import Target


@dataclass(frozen=True, slots=True)
class LinkDraft:
    """`clicks` is what another service counted: a note, and never added to what is counted here."""

    target_url: str
    slug: str | None = None
    title: str = ""
    channel: str = ""
    campaign: str = ""
    tags: tuple[str, ...] = ()
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    max_clicks: int | None = None
    fallback_url: str | None = None
    is_archived: bool = False
    created_at: datetime | None = None
    clicks: int | None = None
    targets: tuple[Target, ...] = ()
    passed_parameters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.starts_at and self.expires_at and self.expires_at <= self.starts_at:
            raise NotUsable("The link expires before it starts; put one of the two right.")
        if self.max_clicks is not None and self.max_clicks < 1:
            raise NotUsable(
                "The link ends before its first click; write how many clicks it takes, or nothing."
            )
