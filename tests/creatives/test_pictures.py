"""Pixels: read off the header, so that a few bytes that say they are gigabytes are never unpacked."""

import struct
import zlib

import pytest

from marketing_pipelines.creatives import pictures
from marketing_pipelines.creatives.media_types import MediaType
from marketing_pipelines.creatives.refusals import NotACreative
from tests.creatives import files


def png(width: int, height: int) -> bytes:
    """A whole little file that says it is so large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return files.PNG[:12] + chunk + struct.pack(">I", zlib.crc32(chunk)) + files.PNG[33:]


def test_width_and_height_are_those_of_the_header() -> None:
    assert pictures.pixels(files.PNG, MediaType.PNG) == (1, 1)
    assert pictures.pixels(png(1200, 630), MediaType.PNG) == (1200, 630)
    assert pictures.pixels(files.GIF, MediaType.GIF) == (1, 1)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (png(50_000, 50_000), MediaType.PNG),
        (png(8_000, 8_000), MediaType.PNG),
        (png(20_001, 1), MediaType.PNG),
        (png(2**31 - 1, 2**31 - 1), MediaType.PNG),
        (b"GIF89a\xff\xff\xff\xff\x00\x00\x00;", MediaType.GIF),
        (files.JPEG, MediaType.JPEG),
        (files.GIF, MediaType.PNG),
        (b"", MediaType.WEBP),
    ],
)
def test_what_nobody_could_show_is_refused(content: bytes, media_type: MediaType) -> None:
    with pytest.raises(NotACreative):
        pictures.pixels(content, media_type)
