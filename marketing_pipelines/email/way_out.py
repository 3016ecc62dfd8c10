"""How a reader ends our mail: the address in the words, which differs with each reader, and the headers of RFC 8058."""

import re
from collections.abc import Mapping

_PLACE = re.compile(r"\{\{\s*unsubscribe\s*\}\}", re.IGNORECASE)
_END_OF_HTML = re.compile(r"(?=</body\s*>|</html\s*>)|\Z", re.IGNORECASE)
_LINE = "\n\n--\nUnsubscribe: {{ unsubscribe }}\n"
_LINK = '<p><a href="{{ unsubscribe }}">Unsubscribe</a></p>'


def with_way_out(template: Mapping[str, str]) -> dict[str, str]:
    """The words with a place for the address in each part, at its end where its author gave none."""
    text, html = template["text"], template["html"]
    if not _PLACE.search(text):
        text = f"{text.rstrip()}{_LINE}"
    if html and not _PLACE.search(html):
        html = _END_OF_HTML.sub(lambda _: _LINK, html, count=1)
    return {**template, "text": text, "html": html}


def filled(words: str, address: str) -> str:
    """The words with this address in its place; without an address the place stays as it is written."""
    return _PLACE.sub(lambda _: address, words) if address else words


def headers(address: str) -> dict[str, str]:
    """What lets a mail program offer a button that needs no page."""
    if not address:
        return {}
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
