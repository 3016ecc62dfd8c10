"""Formats: an outlet's entries as RSS 2.0, Atom, RSS 1.0 or a JSON Feed, with ids and dates as each is used to."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli.demo.news.entries import SERVED, Entry, published
from cli.demo.news.outlets import Format, Language, Outlet

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_BERLIN_WINTER = timezone(timedelta(hours=1))


def document(outlet: Outlet, moment: datetime, address: str, reach_back: timedelta = SERVED) -> bytes:
    """The outlet's feed at a moment, as it is served at an address."""
    entries = published(outlet, moment, reach_back)
    if outlet.format is Format.JSON:
        return _json(outlet, address, entries)
    changed = max((entry.published_at for entry in entries), default=moment.replace(microsecond=0))
    template = _TEMPLATES.get_template(f"{outlet.format}.jinja")
    text = template.render(
        outlet=outlet, address=address, entries=entries, changed=changed, rfc822=_rfc822(outlet)
    )
    return text.encode()


def _rfc822(outlet: Outlet):
    """Dates of mails; German software states them in German time."""
    if outlet.language is Language.GERMAN:
        return lambda moment: format_datetime(moment.astimezone(_BERLIN_WINTER))
    return lambda moment: format_datetime(moment, usegmt=True)


def _json(outlet: Outlet, address: str, entries: Sequence[Entry]) -> bytes:
    items = [
        {
            "id": f"{outlet.site}/{entry.slug}",
            "url": entry.link,
            "title": entry.title,
            "content_text": entry.summary,
            "date_published": entry.published_at.isoformat(),
        }
        for entry in entries
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": outlet.site,
        "feed_url": address,
        "language": outlet.language,
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()
