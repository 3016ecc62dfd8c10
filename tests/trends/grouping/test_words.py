"""Words: spellings of one word agree, numbers stay, and scripts without blanks are read as well."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.trends.grouping import words


def said(title: str, language: str = "", summary: str = "") -> set[int]:
    """The terms of a text, by number; two texts are only comparable within one matrix."""
    return matrix((title, language, summary))[0]


def matrix(*texts: tuple[str, str, str]) -> list[set[int]]:
    frame = pl.DataFrame(texts, schema=["title", "language", "summary"], orient="row")
    told = words.matrix(frame)
    return [set(told.indices[told.indptr[row] : told.indptr[row + 1]].tolist()) for row in range(len(texts))]


@pytest.mark.parametrize(
    ("word", "terms"),
    [
        ("Boots", ["boot"]),
        ("Companies", ["company"]),
        ("boss", ["boss"]),
        ("gas", ["gas"]),
        ("ＢＯＯＴ", ["boot"]),
        ("straße", ["strasse"]),
        ("cafe\u0301", ["café"]),
        ("4,2", ["4.2"]),
        ("60,000", ["60000"]),
        ("60.000", ["60000"]),
        ("٤٥", ["45"]),
        ("Q2", ["q2"]),
        ("компании", ["компан"]),
        ("компания", ["компан"]),
        ("الشركة", ["شركه"]),
        ("شركة", ["شركه"]),
        ("裁员", ["裁员"]),
        ("新款手表", ["新款", "款手", "手表"]),
        ("ｶﾒﾗ", ["カメ", "メラ"]),
        ("삼성전자는", ["삼성", "성전", "전자", "자는"]),
        ("文", ["文"]),
        ("ẩm", ["ẩm"]),
        ("საქართველო", ["საქართველო"]),
        ("s", []),
    ],
)
def test_a_word_stands_for_its_terms(word: str, terms: list[str]):
    assert words.terms_of(word) == terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme’s boots cost $45M", "acme boot cost 45 m"),
        ("Acme cuts 500 jobs | The Daily Wire", "Acme cuts 500 jobs"),
        ("Acme cuts 500 jobs – Wire", "“ACME CUTS 500 JOBS”"),
        ("Apple发布新品", "apple 发布新品"),
        ("١٢ مليون", "12 مليون"),
    ],
)
def test_spellings_agree(one: str, other: str):
    first, second = matrix((one, "", ""), (other, "", ""))
    assert first == second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Q2 2026", "Q3 2026"),
        ("4.2", "42"),
        ("Acme cuts 500 jobs - 2026", "Acme cuts 500 jobs"),
        ("дом", "dom"),
    ],
)
def test_what_tells_texts_apart_stays(one: str, other: str):
    first, second = matrix((one, "", ""), (other, "", ""))
    assert first != second


def test_stop_words_go_where_the_language_is_known():
    assert not said("It is what it is", "en")
    assert not said("It is what it is", "en-GB")
    assert said("It is what it is")
    assert len(said("die Schuhe", "de")) == 1
    assert len(said("Die boots", "en")) == 2


def test_a_summary_counts_less_than_a_title_and_what_software_writes_below_it_not_at_all():
    frame = pl.DataFrame(
        {
            "title": ["boots"],
            "summary": ["boots and coats. The post Boots appeared first on Wire."],
            "language": ["en"],
        }
    )
    told = words.matrix(frame)
    assert sorted(told.data.tolist()) == [words.SUMMARY_WEIGHT, 1 + words.SUMMARY_WEIGHT]


def test_a_text_is_read_so_far_and_no_farther():
    long = " ".join(f"word{number}" for number in range(100_000))
    assert len(said(long, summary=long)) < 100


@given(st.lists(st.tuples(st.text(), st.sampled_from(["", "en", "ar", "x" * 40]), st.text()), max_size=5))
def test_any_text_has_words_or_none(texts: list[tuple[str, str, str]]):
    valid = [tuple(part.encode("utf-8", "replace").decode() for part in text) for text in texts]
    told = words.matrix(
        pl.DataFrame(
            valid, schema={"title": pl.String, "language": pl.String, "summary": pl.String}, orient="row"
        )
    )
    assert len(told.indptr) - 1 == len(texts)
    assert (told.data > 0).all()
    assert (told.data <= words.MOST_WEIGHT).all()
