"""What a file is, its own bytes say: whole, of the short list, and what it claims to be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.creatives.media_types import KIND_OF, MediaType, NotACreative, media_type_of
from tests.creatives import files

WHOLE = {
    MediaType.PNG: files.PNG,
    MediaType.JPEG: files.JPEG,
    MediaType.GIF: files.GIF,
    MediaType.WEBP: files.WEBP,
    MediaType.PDF: files.PDF,
    MediaType.SVG: files.SVG,
    MediaType.TEXT: files.TEXT,
    MediaType.HTML: files.HTML,
}


def test_every_type_is_known_by_its_bytes() -> None:
    # A table of values is text, unless it is said to be one.
    assert {media_type_of(content) for content in WHOLE.values()} == set(MediaType) - {MediaType.CSV}
    assert set(KIND_OF) == set(MediaType)
    assert media_type_of(files.CSV, "text/csv") is MediaType.CSV
    for media_type, content in WHOLE.items():
        assert media_type_of(content) is media_type
        assert media_type_of(content, f"{media_type.upper()}; charset=utf-8") is media_type


@pytest.mark.parametrize(
    "media_type", sorted(set(MediaType) - {MediaType.TEXT, MediaType.HTML, MediaType.CSV})
)
def test_what_says_it_is_something_else_is_refused(media_type: MediaType) -> None:
    for said in set(MediaType) - {media_type} | {"application/x-msdownload"}:
        with pytest.raises(NotACreative, match=f"says {said} and is {media_type}".replace("+", r"\+")):
            media_type_of(WHOLE[media_type], said)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        files.EXECUTABLE,
        files.ZIP,
        b"\xff\xfe\x00",
        b"text with a \0",
        b"\x1b[31mred",
        files.PNG[:-4],
        files.PNG + b"<script>alert(1)</script>",
        files.PNG.replace(b"IHDR", b"JHDR"),
        files.JPEG[:-2],
        files.JPEG + b"<?php system($_GET[0]);",
        files.GIF + b"<script>",
        files.WEBP + b"more",
        files.PDF[:20],
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<svg onload="alert(1)"/>',
        b'<!-- x --><svg><a href="javascript:alert(1)"/></svg>',
        b'<?xml version="1.0"?><svg><!ENTITY a "b"></svg>',
        b"<svg><foreignObject/></svg>",
    ],
)
def test_what_is_damaged_disguised_or_can_act_is_refused(content: bytes) -> None:
    with pytest.raises(NotACreative):
        media_type_of(content)


def test_words_are_what_they_are_said_to_be() -> None:
    assert media_type_of(files.HTML, "text/plain") is MediaType.TEXT
    assert media_type_of(b"no markup at all", "text/html") is MediaType.HTML
    assert media_type_of(files.SVG) is MediaType.SVG


@given(st.binary(max_size=400), st.sampled_from(["", *MediaType]))
def test_any_bytes_are_either_something_or_refused(content: bytes, said: str) -> None:
    try:
        found = media_type_of(content, said)
    except NotACreative:
        return
    assert found in MediaType
    assert said in ("", found)


@given(st.sampled_from([files.PNG, files.GIF, files.WEBP]), st.integers(0, 60))
def test_no_cut_off_picture_passes_for_a_whole_one(content: bytes, kept: int) -> None:
    cut = content[: min(kept, len(content) - 1)]
    try:
        found = media_type_of(cut)
    except NotACreative:
        return
    assert found in {MediaType.TEXT, MediaType.HTML}
