"""The script that pages include, as it is served, and what a page's author pastes to include it.

`t.js` is for reading. What is served is made of it here: without comments, with a letter for each name that the script
declares for itself, and without the blanks around punctuation. That asks four things of `t.js`: a comment has its
lines to itself, every statement ends in a semicolon or a brace, no text or pattern holds a blank, and a division has
blanks around it.
"""

import base64
import hashlib
import html
import re
import string
from pathlib import Path
from urllib.parse import urlencode, urlsplit

_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)
_DECLARED = re.compile(r"^  (?:const|let) (\w+)", re.MULTILINE)
# Texts and patterns are passed over; a name after a dot or before a colon is a property's and stays, a spread's goes.
_WORD = re.compile(
    r'"[^"\n]*"'
    r"|/(?:\\.|\[[^]\n]*]|[^/\\ \n])+/"
    r"|(?:(?<=\.{3})|(?<![.\w]))[A-Za-z]\w*(?![\w:])"
)
_PUNCTUATION = re.compile(r"\s*([=>?:&|,;{}()<+*!\[\]]+)\s*")


def _served(readable: str) -> str:
    """The script as it travels: it says the same in a quarter fewer bytes."""
    code = _COMMENT.sub("", readable).strip()
    letters = dict(zip(_DECLARED.findall(code), string.ascii_letters + "$_", strict=False))
    code = _WORD.sub(lambda word: letters.get(word[0], word[0]), code)
    return _PUNCTUATION.sub(r"\1", code).replace(";}", "}")


SCRIPT = _served(Path(__file__).with_name("t.js").read_text(encoding="utf-8")).encode()
VERSION = hashlib.sha256(SCRIPT).hexdigest()[:12]
PATH = f"/t.{VERSION}.js"
# Pages go on naming the build that they have pinned, whatever is newest: none that was released may be missing here.
KEPT = {f"/{path.name}": path.read_bytes() for path in Path(__file__).with_name("kept").glob("t.*.js")}
INTEGRITY = "sha384-" + base64.b64encode(hashlib.sha384(SCRIPT).digest()).decode()


def snippet(address: str, key: str) -> str:
    """The tag that puts this very version on a page; `address` is the collector's."""
    source = html.escape(_origin(address) + PATH)
    return (
        f'<script async src="{source}" integrity="{INTEGRITY}" crossorigin="anonymous" '
        f'data-key="{html.escape(key)}"></script>'
    )


def image(address: str, key: str) -> str:
    """What counts a visit where scripts do not run; the page's origin goes along, since keys are bound to it."""
    source = html.escape(f"{_origin(address)}/pixel.gif?{urlencode({'key': key})}")
    return (
        f'<noscript><img src="{source}" alt="" width="1" height="1" '
        'referrerpolicy="strict-origin-when-cross-origin"></noscript>'
    )


def content_security_policy(address: str) -> str:
    """What a page's policy has to allow for the pixel, to be joined with what the page needs itself."""
    origin = _origin(address)
    return "; ".join(f"{door}-src 'self' {origin}" for door in ("script", "connect", "img"))


def _origin(address: str) -> str:
    """Scheme, host and port; a policy or a tag must not be written into by what else an address may hold."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[\w.:\[\]-]+", parts.netloc, re.ASCII):
        raise ValueError(
            f"{address!r} is no address of a collector; give it like https://events.example.com."
        )
    return f"{parts.scheme}://{parts.netloc}"
