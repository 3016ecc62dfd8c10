"""Lists of links, as Bitly, Dub and people with spreadsheets hand them over."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.links import importing
from marketing_pipelines.links.drafts import LinkDraft
from marketing_pipelines.links.importing import Problem, read_links
from marketing_pipelines.links.targets import Target, usable_target

SHOP = "https://shop.example/sale"
BITLY = """Link,Custom Link,Title,Destination URL,Tags,Date Created,Total Engagements
https://bit.ly/3xYz12,https://go.example/spring,Spring sale,https://shop.example/sale,"mail,spring",2026-04-01T10:00:00+0000,"1,204"
https://bit.ly/4aBc34,,,https://shop.example/,a|b,2026-04-02,0
"""
BITLY_API = """id,title,long_url,created_at,link,archived,tags
bit.ly/3xYz12,Spring,https://shop.example/sale,2026-04-01T10:00:00+0000,https://bit.ly/3xYz12,true,
"""
BITLY_TEMPLATE = """Long URL,Backhalf,Tags,Title,UTM Source,UTM Medium,UTM Campaign,UTM Term,UTM Content
https://shop.example/sale?utm_source=partner,spring,mail,Spring,news,email,spring sale,,
"""
DUB = """Link ID,Short link,Destination URL,Title,Tags,Clicks,Created at,Archived,Expires At
link_1,https://dub.sh/spring,https://shop.example/sale,Spring sale,"mail, spring",42,2026-04-01T10:00:00.000Z,false,2026-12-31T23:00:00.000Z
link_2,https://dub.sh,https://shop.example/,,,0,2026-04-01T10:00:00.000Z,false,
"""
DUB_API = """domain,key,url,expiresAt,expiredUrl,ios,android,geo,password
dub.sh,app,https://shop.example/app,2026-12-31,https://shop.example/over,https://ios.example/,https://android.example/,"{""AT"": ""https://shop.example/at"", ""de"": ""https://shop.example/de""}",
"""


def only(text: str) -> LinkDraft:
    found = read_links(text)
    assert not found.problems
    assert len(found.drafts) == 1
    return found.drafts[2]


def refused(text: str) -> Problem:
    found = read_links(text)
    assert not found.drafts
    assert len(found.problems) == 1
    return found.problems[0]


def row(**cells: str) -> str:
    """A list of one link."""
    cells = {"target_url": SHOP, **cells}
    quoted = ('"' + cell.replace('"', '""') + '"' for cell in cells.values())
    return f"{','.join(cells)}\n{','.join(quoted)}\n"


def test_an_export_of_bitly_is_read() -> None:
    found = read_links(BITLY)
    assert not found.problems
    assert list(found.drafts.values()) == [
        LinkDraft(
            SHOP,
            slug="spring",
            title="Spring sale",
            tags=("mail", "spring"),
            created_at=datetime(2026, 4, 1, 10, tzinfo=UTC),
            clicks=1204,
        ),
        LinkDraft(
            "https://shop.example/",
            slug="4aBc34",
            tags=("a", "b"),
            created_at=datetime(2026, 4, 2, tzinfo=UTC),
            clicks=0,
        ),
    ]


def test_the_names_of_bitlys_api_and_of_its_template_are_read_too() -> None:
    link = only(BITLY_API)
    assert (link.slug, link.target_url, link.is_archived) == ("3xYz12", SHOP, True)
    link = only(BITLY_TEMPLATE)
    assert (link.slug, link.tags) == ("spring", ("mail",))
    assert link.target_url == f"{SHOP}?utm_source=partner&utm_medium=email&utm_campaign=spring+sale"


def test_an_export_of_dub_is_read() -> None:
    found = read_links(DUB)
    assert not found.problems
    spring, root = found.drafts.values()
    assert (spring.slug, spring.target_url, spring.clicks) == ("spring", SHOP, 42)
    assert spring.tags == ("mail", "spring")
    assert spring.expires_at == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert root.slug is None


def test_what_dub_does_by_country_and_system_becomes_targets() -> None:
    link = only(DUB_API)
    assert (link.slug, link.fallback_url) == ("app", "https://shop.example/over")
    countries, ios, android = frozenset({"AT", "DE"}), frozenset({"iOS"}), frozenset({"Android"})
    assert link.targets == (
        Target("https://shop.example/at", countries=frozenset({"AT"})),
        Target("https://shop.example/de", countries=frozenset({"DE"})),
        Target("https://ios.example/", systems=ios),
        Target("https://ios.example/", systems=ios, countries=countries),
        Target("https://android.example/", systems=android),
        Target("https://android.example/", systems=android, countries=countries),
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_spreadsheets_write_lists_in_many_ways(delimiter: str, encoding: str, end: str) -> None:
    lines = ["slug,title,target_url", "spring,Früh,https://shop.example/sale"]
    text = end.join(line.replace(",", delimiter) for line in lines)
    found = read_links(text.encode(encoding))
    assert list(found.drafts.values()) == [LinkDraft(SHOP, slug="spring", title="Früh")]
    assert not found.problems


def test_text_may_begin_with_a_byte_order_mark_too() -> None:
    assert only("\ufeff" + row(slug="a")).slug == "a"


def test_formulas_are_text_and_nothing_else() -> None:
    formula = '=HYPERLINK("https://evil.example","x")'
    assert only(row(title=formula)).title == formula
    assert only(row(title="'@SUM(1)")).title == "@SUM(1)"
    assert only(row(title="'tis spring")).title == "'tis spring"


def test_columns_that_mean_nothing_here_and_rows_without_anything_are_passed_over() -> None:
    found = read_links(f"Notes,URL,Folder\n\n,,\nx,{SHOP},y\nx,{SHOP},y,too,many\n")
    assert [draft.target_url for draft in found.drafts.values()] == [SHOP, SHOP]
    assert not found.problems


LEFT_OUT = {
    ("target_url", "shop.example"): "whole",
    ("target_url", "javascript:alert(1)"): "whole",
    ("slug", "docs/intro"): "characters",
    ("slug", "robots.txt"): "answers itself",
    ("short_address", "https://dub.sh/docs/intro"): "characters",
    ("expires_at", "04/05/2026"): "2026-11-30",
    ("expires_at", "0001-01-01T00:00+14:00"): "2026-11-30",
    ("starts_at", "soon"): "2026-11-30",
    ("max_clicks", "many"): "whole number",
    ("max_clicks", "-3"): "whole number",
    ("max_clicks", "٣"): "whole number",
    ("fallback_url", "nowhere"): "whole",
    ("is_archived", "perhaps"): "neither true nor false",
    ("channel", "x" * 41): "longer than 40",
    ("campaign", "a\x00b"): "control",
    ("geo", "AT"): "Countries",
    ("geo", '{"AUT": "https://shop.example"}'): "two capitals",
    ("geo", '{"AT": "shop.example"}'): "whole",
    ("ios", "app://open"): "whole",
    ("targets", "[{}]"): "targets cannot be read",
    ("targets", '[{"url": "https://shop.example", "weight": -1}]'): "targets cannot be read",
    ("targets", '[{"url": "javascript:alert(1)"}]'): "whole",
    ("targets", "[" * 5000): "targets cannot be read",
    ("password", "hunter2"): "password",
}


@pytest.mark.parametrize(("cell", "why"), LEFT_OUT.items())
def test_a_row_that_could_lead_astray_is_left_out_and_says_why(cell: tuple[str, str], why: str) -> None:
    column, written = cell
    problem = refused(row(**{column: written}))
    assert (problem.row, problem.column, problem.is_left_out) == (2, column, True)
    assert why in problem.what
    assert len(problem.excerpt) <= importing.LONGEST_EXCERPT
    assert "hunter2" not in repr(problem)


COMES_WITHOUT = {
    ("title", "x" * 256): "longer than 255",
    ("title", "a\x07b"): "control",
    ("tags", "x" * 51): "longer than 50",
    ("tags", ",".join(map(str, range(31)))): "30 tags",
    ("created_at", "Apr 1, 2026"): "2026-11-30",
    ("clicks", "1.5K"): "whole number",
}


@pytest.mark.parametrize(("cell", "why"), COMES_WITHOUT.items())
def test_a_note_that_cannot_be_read_keeps_no_link_out(cell: tuple[str, str], why: str) -> None:
    found = read_links(row(**dict([cell])))
    assert list(found.drafts.values()) == [LinkDraft(SHOP)]
    assert [(problem.column, problem.is_left_out) for problem in found.problems] == [(cell[0], False)]
    assert why in found.problems[0].what


def test_tags_may_not_make_an_address_too_long() -> None:
    problem = refused(row(target_url=f"{SHOP}?{'x' * 1900}", utm_source="y" * 255))
    assert (problem.column, problem.is_left_out) == ("target_url", True)
    assert "longer than 2048" in problem.what


def test_a_row_without_an_address_is_left_out_under_the_name_its_column_has() -> None:
    problem = refused("Title,Long URL\nSpring,\n")
    assert (problem.row, problem.column) == (2, "Long URL")
    assert "does not say where" in problem.what


def test_a_link_that_ends_before_it_starts_is_left_out() -> None:
    assert "before it starts" in refused(row(starts_at="2026-12-01", expires_at="2026-11-01")).what
    assert "before its first click" in refused(row(max_clicks="0")).what


def test_the_second_of_two_with_one_slug_is_left_out() -> None:
    found = read_links(f"slug,url\nspring,{SHOP}\nSpring,{SHOP}\nspring,{SHOP}\n")
    assert [draft.slug for draft in found.drafts.values()] == ["spring", "Spring"]
    assert [(problem.row, problem.column, problem.excerpt) for problem in found.problems] == [
        (4, "slug", "spring")
    ]
    assert "row 2" in found.problems[0].what


def test_a_list_may_not_lead_back_to_us() -> None:
    found = read_links(row(target_url="https://go.example/r/a"), own_hosts={"go.example"})
    assert "leads back" in found.problems[0].what


def test_the_rows_after_a_broken_one_are_read() -> None:
    found = read_links(f'url,title\n{SHOP},"{"x" * 200_000}"\n{SHOP},b\n{SHOP},"never closed\n')
    assert [problem.row for problem in found.problems] == [2]
    assert "no CSV" in found.problems[0].what
    assert [draft.title for draft in found.drafts.values()] == ["b", "never closed"]


@pytest.mark.parametrize(
    ("text", "row", "why"),
    [
        ("", 1, "no first row"),
        (b"", 1, "no first row"),
        ("\n", 1, "no first row"),
        ("slug,title\na,b\n", 1, "lead"),
        ("x" * 200_000, 1, "no first row"),
        ("url," * 300 + "\n", 1, "columns"),
        (b"url\n\xff", 0, "UTF-8"),
        (b"\xff\xfeu", 0, "UTF-8"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\xe9", 0, "UTF-8"),
        (b"x" * (importing.MOST_BYTES + 1), 0, "split"),
    ],
)
def test_a_file_that_is_no_list_of_links_is_one_problem(text: str | bytes, row: int, why: str) -> None:
    found = read_links(text)
    assert not found.drafts
    assert [problem.row for problem in found.problems] == [row]
    assert why in found.problems[0].what


def test_what_stands_below_the_last_row_that_is_read_is_said() -> None:
    found = read_links("url\n" + "\n" * (importing.MOST_ROWS + 5))
    assert [problem.row for problem in found.problems] == [importing.MOST_ROWS + 2]
    assert "split" in found.problems[0].what


HEADERS = [
    "url",
    "slug",
    "Key",
    "Long URL",
    "geo",
    "targets",
    "tags",
    "clicks",
    "expires_at",
    "max_clicks",
    "utm_source",
]
CELLS = st.sampled_from([SHOP, "1", '"', '""', "\n", "\x00", "{}", "[]", "'=", "2026-01-01", "true"])


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_any_file_is_read_without_a_fault(text: str | bytes) -> None:
    found = read_links(text)
    assert found.problems or found.drafts


@given(
    st.lists(st.sampled_from(HEADERS), min_size=1, max_size=5),
    st.lists(st.lists(CELLS | st.text(max_size=30), max_size=6), max_size=6),
    st.sampled_from(importing.DELIMITERS),
)
def test_any_rows_are_links_or_problems(header: list[str], rows: list[list[str]], delimiter: str) -> None:
    text = "\n".join(delimiter.join(cells) for cells in [["url", *header], *rows])
    found = read_links(text)
    for draft in found.drafts.values():
        assert usable_target(draft.target_url) == draft.target_url
    for problem in found.problems:
        assert problem.what
        assert len(problem.excerpt) <= importing.LONGEST_EXCERPT
