"""Pictures and tables in the metadata of a materialisation, for people who would rather look than read."""

import base64
from collections.abc import Sequence
from typing import Any

import dagster as dg


def picture(png: bytes, what: str) -> dg.MarkdownMetadataValue:
    """A picture that the Dagster UI shows in place."""
    return dg.MetadataValue.md(f"![{what}](data:image/png;base64,{base64.b64encode(png).decode()})")


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> dg.MarkdownMetadataValue:
    """A table that the Dagster UI shows in place; without a row it says so."""
    if not rows:
        return dg.MetadataValue.md("none")
    lines = [headings, ["---"] * len(headings), *rows]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines))


def _cell(cell: Any) -> str:
    """Names are written by people; a bar in one must not end the cell."""
    text = f"{cell:,.3f}" if isinstance(cell, float) else str(cell)
    return text.replace("|", "\\|").replace("\n", " ")
