"""How large a picture is once it is unpacked: read off its header, without unpacking it."""

import io
import warnings

from marketing_pipelines.creatives.media_types import MediaType
from marketing_pipelines.creatives.refusals import NotACreative

# A few kilobytes can say that they are a picture of gigabytes; what shows it would run out of memory.
MOST_PIXELS = 50_000_000
WIDEST = 20_000
_FORMATS = {MediaType.PNG: "PNG", MediaType.JPEG: "JPEG", MediaType.GIF: "GIF", MediaType.WEBP: "WEBP"}


def pixels(content: bytes, media_type: MediaType) -> tuple[int, int]:
    """Width and height; NotACreative for one that cannot be read, or is larger than anybody shows."""
    from PIL import Image  # drawing is a small part of what imports this

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[_FORMATS[media_type]]) as picture:
                width, height = picture.size
    except Image.DecompressionBombError:
        raise _too_many() from None
    except Exception as error:
        raise NotACreative(f"begins like {media_type} and cannot be read as a picture") from error
    if not 0 < width <= WIDEST or not 0 < height <= WIDEST or width * height > MOST_PIXELS:
        raise _too_many()
    return width, height


def _too_many() -> NotACreative:
    return NotACreative(
        f"is a picture of more than {MOST_PIXELS // 1_000_000} million pixels, "
        f"or more than {WIDEST:,} one way; make it smaller"
    )
