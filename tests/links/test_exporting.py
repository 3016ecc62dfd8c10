"""Links as a CSV that may be opened anywhere and comes back as it went."""

import csv
import io
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.events.user_agents import Device
from marketing_pipelines.links import columns
from marketing_pipelines.links.drafts import LinkDraft
from marketing_pipelines.links.exporting import write_links
from marketing_pipelines.links.importing import read_links
from marketing_pipelines.links.targets import Target

ADDRESS = "https://go.example/"
SHOP = "https://shop.example/sale"

FIRST = datetime(2000, 1, 1)  # noqa: DTZ001 (hypothesis wants its bounds without a zone)
SECOND = datetime(2050, 1, 1)  # noqa: DTZ001 (the same)
LAST = datetime(2100, 1, 1)  # noqa: DTZ001 (the same)

letters = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]) | st.sampled_from("=+-@'\",;| \t\n"),
    max_size=40,
)
lines = letters.map(lambda text: " ".join(text.split()))
tags = letters.map(lambda text: " ".join(text.replace(",", " ").replace("|", " ").split())).filter(bool)
addresses = st.sampled_from(
    [SHOP, "https://shop.example/a?b=1,2&c=%22x;y#=1", "http://xn--bcher-kva.example:81"]
)
targets = st.builds(
    Target,
    url=addresses,
    weight=st.integers(0, 100),
    countries=st.frozensets(st.sampled_from(["AT", "CH", "DE"])),
    devices=st.frozensets(st.sampled_from(Device)),
    systems=st.frozensets(st.sampled_from(["iOS", "Android", "=1+1"])),
    languages=st.frozensets(st.sampled_from(["de", "pt-br"])),
    variant_id=st.integers(0, 10**9),
)
drafts = st.builds(
    LinkDraft,
    target_url=addresses,
    slug=st.none(),
    title=lines,
    channel=lines,
    campaign=lines,
    tags=st.lists(tags, max_size=4, unique=True).map(tuple),
    starts_at=st.none() | st.datetimes(FIRST, SECOND, timezones=st.just(UTC)),
    expires_at=st.none() | st.datetimes(SECOND.replace(year=2051), LAST, timezones=st.just(UTC)),
    max_clicks=st.none() | st.integers(1, 10**12),
    fallback_url=st.none() | addresses,
    is_archived=st.booleans(),
    created_at=st.none() | st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
    clicks=st.none() | st.integers(0, 10**12),
    targets=st.lists(targets, max_size=3).map(tuple),
)


def written(*links: LinkDraft) -> str:
    return "".join(write_links(links, ADDRESS))


@given(st.lists(drafts, max_size=4))
def test_what_goes_out_comes_back(links: list[LinkDraft]) -> None:
    found = read_links(written(*links))
    assert list(found.drafts.values()) == links
    assert not found.problems


@given(st.sampled_from(["-a", "~", "_x", "A.b", "7", "-"]))
def test_slugs_that_look_like_formulas_come_back_too(slug: str) -> None:
    assert [link.slug for link in read_links(written(LinkDraft(SHOP, slug=slug))).drafts.values()] == [slug]


@given(st.lists(drafts, max_size=3))
def test_no_cell_is_a_formula(links: list[LinkDraft]) -> None:
    cells = [cell for row in csv.reader(io.StringIO(written(*links)[1:], newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


@given(st.text(max_size=20) | st.text("'=+-@＝\t\r\nx", max_size=8))
def test_a_cell_that_is_escaped_is_unescaped_to_the_same(text: str) -> None:
    assert columns.unescaped(columns.escaped(text)) == text


def test_the_short_address_comes_first_and_excel_is_told_the_encoding() -> None:
    head, line = written(LinkDraft(SHOP, slug="spring", title="=1+1")).splitlines()
    assert head.startswith('\ufeff"short_address","slug","target_url",')
    assert line.startswith(f'"{ADDRESS}spring","spring","{SHOP}","\'=1+1",')


def test_an_export_has_no_column_for_passwords() -> None:
    assert not [column for column in columns.OURS if "password" in column]


def test_lines_are_written_one_by_one() -> None:
    def links():
        yield LinkDraft(SHOP)
        raise AssertionError("nobody asked for a second one")

    lines_ = write_links(links(), ADDRESS)
    assert "target_url" in next(lines_)
    assert SHOP in next(lines_)
