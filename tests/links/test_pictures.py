"""Codes that phones read: the modules that segno computes, in the colours and the size asked for."""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
import segno

from marketing_pipelines.links import pictures
from marketing_pipelines.links.refusals import NotUsable

ADDRESS = "https://go.example/bcdfg27"
STROKE = re.compile(r"([Mmh])(-?\d+)(?: ([\d.]+))?")
SVG = "{http://www.w3.org/2000/svg}"
WRONG = [
    {"dark": "red"},
    {"dark": "#0000"},
    {"dark": '#000" onload="x'},
    {"dark": "#000\n"},
    {"light": "url(#x)"},
    {"light": ""},
    {"dark": "#fff"},
    {"dark": "#fff", "light": "#000"},
    {"dark": "#ff8", "light": "#fff"},
    {"scale": 0},
    {"scale": -1},
    {"scale": 10**9},
    {"border": -1},
    {"border": 21},
]


def modules(address: str, border: int) -> list[list[bool]]:
    code = segno.make(address, error="m", boost_error=False, micro=False)
    return [[bool(module) for module in row] for row in code.matrix_iter(border=border)]


def bits_of(image: bytes) -> Iterator[list[bool]]:
    """The rows of a PNG with one bit a pixel, dark being 0 as segno writes it in black and white."""
    width, height, depth, kind = struct.unpack(">IIBB", image[16:26])
    assert (depth, kind) == (1, 0)
    data = zlib.decompress(image[image.index(b"IDAT") + 4 : image.rindex(b"IEND") - 8])
    length = (width + 7) // 8
    row = bytes(length)
    for at in range(0, height * (length + 1), length + 1):
        written = data[at + 1 : at + 1 + length]
        # A row is written as it is, or as what is to be added to the one above.
        assert data[at] in (0, 2)
        row = (
            bytes((above + byte) % 256 for above, byte in zip(row, written, strict=True))
            if data[at]
            else written
        )
        yield [bit == "0" for bit in "".join(f"{byte:08b}" for byte in row)[:width]]


@pytest.mark.parametrize(("scale", "border"), [(1, 0), (3, 4), (8, 2)])
def test_an_image_shows_each_module_in_its_place(scale: int, border: int) -> None:
    rows = list(bits_of(pictures.png(ADDRESS, scale=scale, border=border)))
    assert [row[::scale] for row in rows[::scale]] == modules(ADDRESS, border)
    assert len(rows) == len(rows[0]) == scale * len(modules(ADDRESS, border))


def parsed(drawing: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(drawing)  # noqa: S314 (a drawing of our own)


def drawn_modules(path: str, size: int) -> list[list[bool]]:
    """What segno's path draws: strokes of the height of a module, from left to right."""
    rows = [[False] * size for _ in range(size)]
    x, y = 0, 0.0
    for command, across, down in STROKE.findall(path):
        if command == "h":
            for column in range(x, x + int(across)):
                rows[int(y)][column] = True
        x, y = (int(across), float(down)) if command == "M" else (x + int(across), y + float(down or 0))
    return rows


@pytest.mark.parametrize("border", [0, 4])
def test_a_drawing_shows_each_module_in_its_place(border: int) -> None:
    drawing = parsed(pictures.svg(ADDRESS, border=border))
    path = drawing.find(f"{SVG}path")
    assert path is not None
    expected = modules(ADDRESS, border)
    assert drawn_modules(path.attrib["d"], len(expected)) == expected


def test_a_drawing_has_a_title_and_nothing_that_a_strict_page_forbids() -> None:
    drawing = parsed(pictures.svg(f"{ADDRESS}?a=1&b=<2>", light="#FFE", dark="#1a2b3c"))
    title = drawing.find(f"{SVG}title")
    assert title is not None
    assert title.text == f"QR code for {ADDRESS}?a=1&b=%3C2%3E"
    assert drawing.attrib["role"] == "img"
    assert drawing.attrib["viewBox"].startswith("0 0 ")
    elements = list(drawing.iter())
    assert {element.tag.removeprefix(SVG) for element in elements} <= {"svg", "title", "g", "path"}
    names = {name for element in elements for name in element.attrib}
    assert not {name for name in names if name in ("style", "class", "href") or name.startswith("on")}


def test_without_a_ground_a_drawing_is_transparent() -> None:
    assert b"fill" not in pictures.svg(ADDRESS)
    assert b'fill="#ffe"' in pictures.svg(ADDRESS, light="#ffe")


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("draw", [pictures.svg, pictures.png])
def test_what_no_camera_could_read_is_refused(draw: Callable[..., bytes], wrong: dict[str, Any]) -> None:
    with pytest.raises(NotUsable):
        draw(ADDRESS, **wrong)


@pytest.mark.parametrize("address", ["", "go.example/x", "javascript:alert(1)", "https://go.example/\n<x>"])
def test_a_code_leads_to_an_address_on_the_web(address: str) -> None:
    with pytest.raises(NotUsable):
        pictures.svg(address)


def test_the_longest_address_fits_into_a_code() -> None:
    address = "https://go.example/" + "x" * (2048 - 19)
    assert len(pictures.png(address, scale=1)) > len(pictures.png(ADDRESS, scale=1))
