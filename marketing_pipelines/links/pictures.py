"""Short addresses as QR codes: pictures for a page, a poster or a parcel."""

import io
import re

import segno

from marketing_pipelines.links.refusals import NotUsable
from marketing_pipelines.links.targets import usable_target

# What is left readable when a seventh of a code is dirty or torn: the usual level, M.
ERROR_CORRECTION = "m"
# The margin that the standard asks for around a code.
BORDER = 4
WIDEST_BORDER = 20
# A pixel more each way costs time and paper: this is five inches at 600 dots an inch.
WIDEST = 3000
WHITE = "#fff"
# What cameras need to tell the modules from the ground; the measure is that of WCAG.
LEAST_CONTRAST = 3.0

_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")


def svg(
    address: str, *, dark: str = "#000", light: str | None = None, scale: int = 8, border: int = BORDER
) -> bytes:
    """A drawing with the address as its title, without styles or scripts: it may stand in any page."""
    address = usable_target(address)
    code = _code(address, dark, light, scale, border)
    drawn = io.BytesIO()
    code.save(
        drawn,
        kind="svg",
        dark=dark,
        light=light,
        scale=scale,
        border=border,
        title=f"QR code for {address}",
        unit="px",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        nl=False,
    )
    # A reader of screens takes a drawing for a picture only if it says so.
    return drawn.getvalue().replace(b"<svg ", b'<svg role="img" ', 1)


def png(
    address: str, *, dark: str = "#000", light: str | None = WHITE, scale: int = 8, border: int = BORDER
) -> bytes:
    """An image of `scale` pixels a module."""
    code = _code(usable_target(address), dark, light, scale, border)
    drawn = io.BytesIO()
    code.save(drawn, kind="png", dark=dark, light=light, scale=scale, border=border)
    return drawn.getvalue()


def _code(address: str, dark: str, light: str | None, scale: int, border: int) -> segno.QRCode:
    for colour in (dark, light):
        if colour is not None and not _COLOUR.fullmatch(colour):
            raise NotUsable(f"{colour[:20]!r} is no colour of a code; write it like #000 or #1a2b3c.")
    if (_luminance(light or WHITE) + 0.05) / (_luminance(dark) + 0.05) < LEAST_CONTRAST:
        raise NotUsable(
            f"Cameras cannot tell {dark} from {light or WHITE}; take a darker one on a lighter one."
        )
    if not 0 <= border <= WIDEST_BORDER:
        raise NotUsable(f"A code's border is 0 to {WIDEST_BORDER} modules, not {border}.")
    code = segno.make(address, error=ERROR_CORRECTION, boost_error=False, micro=False)
    most = WIDEST // code.symbol_size(border=border)[0]
    if not 1 <= scale <= most:
        raise NotUsable(f"The scale of this code is 1 to {most}, not {scale}.")
    return code


def _luminance(colour: str) -> float:
    """How light a colour looks, 0 for black to 1 for white."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    red, green, blue = (_linear(int(digits[at : at + 2], 16) / 255) for at in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
