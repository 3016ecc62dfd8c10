"""The links of a mail, so that who approves it sees where it leads."""

import re
from html.parser import HTMLParser

_URL = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}"


class _Hrefs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 (the parser's face)
        self.found.update(value for name, value in attrs if name in {"href", "src", "action"} and value)


def found_in(text: str, html: str) -> list[str]:
    """Every address that the text or the HTML leads to, each once, in alphabetical order."""
    hrefs = _Hrefs()
    hrefs.feed(html)
    hrefs.close()
    return sorted(hrefs.found | {url.rstrip(_TRAILING) for url in _URL.findall(text)})
