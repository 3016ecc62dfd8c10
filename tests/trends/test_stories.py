"""Stories: which entries tell the same thing, and that it stays so however they come in."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import cosine_similarity

from marketing_pipelines.trends import stories
from marketing_pipelines.trends.grouping import likeness, words
from marketing_pipelines.trends.grouping.joining import LIKE_AN_ENTRY
from marketing_pipelines.trends.stories import Why
from tests.trends.headlines import Newsroom

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SCHEMA = {
    "feed_id": pl.Int64,
    "entry_id": pl.String,
    "title": pl.String,
    "link": pl.String,
    "summary": pl.String,
    "language": pl.String,
    "published_at": pl.Datetime("us", "UTC"),
}
# (feed, title, link, days after noon)
Row = tuple[int, str, str, float]


def came(*rows: Row, summary: str = "", language: str = "en") -> pl.DataFrame:
    return pl.DataFrame(
        [
            (feed, str(number), title, link, summary, language, NOON + timedelta(days=days))
            for number, (feed, title, link, days) in enumerate(rows)
        ],
        schema=SCHEMA,
        orient="row",
    )


def one_story(*rows: Row, language: str = "en") -> bool:
    return stories.assign(came(*rows, language=language))["story_id"].n_unique() == 1


def groups(story_ids: Sequence[str]) -> list[int]:
    """Which entries are together, whatever their story is called."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(story, len(numbers)) for story in story_ids]


def in_slices(entries: pl.DataFrame, cuts: Sequence[int]) -> pl.DataFrame:
    """What is known after the entries came slice by slice and every merge was recorded."""
    known: pl.DataFrame | None = None
    for begin, end in zip([0, *cuts], [*cuts, len(entries)], strict=True):
        assigned = stories.assign(entries[begin:end], known)
        merged = {other: row["story_id"] for row in assigned.iter_rows(named=True) for other in row["joins"]}
        known = pl.concat([known, assigned]) if known is not None else assigned
        known = known.with_columns(pl.col("story_id").replace(merged))
    assert known is not None
    return known


@pytest.fixture(scope="module")
def news() -> pl.DataFrame:
    return Newsroom(11).published(3_000, days=3)


def test_one_address_is_one_story():
    told = stories.assign(
        came(
            (1, "Boots are back", "https://a.example/boots?utm_source=rss", 0),
            (2, "Nobody expected this footwear", "http://www.a.example/boots/", 5),
            (3, "Coats", "https://a.example/coats", 0),
        )
    )
    assert groups(told["story_id"].to_list()) == [0, 0, 1]
    assert told["why"].to_list() == [Why.ALONE, Why.SAME_ADDRESS, Why.ALONE]
    assert told["likeness"].to_list() == [0, 1, 0]


@pytest.mark.parametrize(
    ("title", "other", "language"),
    [
        (
            "Acme acquires Boulder Boots for $4.2 billion",
            "Acme to buy Boulder Boots in $4.2B deal | The Daily Wire",
            "en",
        ),
        (
            "Acme acquires Boulder Boots for $4.2 billion",
            "“ACME ACQUIRES BOULDER BOOTS FOR $4,2 BILLION”",
            "en",
        ),
        ("Акме покупает компанию Боулдер за 4,2 млрд", "Акме купит компанию Боулдер за 4,2 млрд", "ru"),
        ("苹果公司发布新款智能手表", "苹果公司发布新款智能手表！", ""),
        ("شركة أكمي تستحوذ على بولدر مقابل 4.2 مليار", "شركه اكمي تستحوذ على بولدر مقابل ٤.٢ مليار", "ar"),
    ],
)
def test_other_words_for_one_event_are_one_story(title: str, other: str, language: str):
    assert one_story(
        (1, title, "https://a.example/x", 0), (2, other, "https://b.example/y", 0.1), language=language
    )


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Acme Q2 2026 revenue rises 12% to $4.2 billion", "Acme Q3 2026 revenue rises 9% to $4.9 billion"),
        ("Acme launches Boulder Boots", "Acme launches Pebble Coats"),
        ("Acme fined €40 million over privacy violations", "Bemco fined €65 million over privacy violations"),
        ("Boots", "Boots"),
        ("", ""),
        ("…", "!!!"),
        ("The who and the what of it", "What is it with the who"),
    ],
)
def test_another_event_is_another_story(title: str, other: str):
    assert not one_story((1, title, "https://a.example/x", 0), (2, other, "https://b.example/y", 0.1))


@pytest.mark.parametrize(
    ("monday", "tuesday"),
    [
        ("Morning briefing for everybody in marketing", "Morning briefing for everybody in marketing"),
        ("Daily links from around the web, Monday", "Daily links from around the web, Tuesday"),
        ("Daily links from around the web, November 2", "Daily links from around the web, November 3"),
        ("The very best podcast, episode 41", "The very best podcast, episode 42"),
    ],
)
def test_a_column_is_another_story_each_day(monday: str, tuesday: str):
    rows = [(1, monday, "https://a.example/1", 0.0), (1, tuesday, "https://a.example/2", 1.0)]
    assert not one_story(*rows)
    # From then on nobody's entry of that title is taken for another's.
    told = stories.assign(
        came(*rows, (2, tuesday, "https://b.example/1", 1.1), (3, monday, "https://c.example/1", 2.0))
    )
    assert told["story_id"].n_unique() == 4


def test_a_feed_that_repeats_itself_on_one_day_tells_one_story():
    title = "Buy the very best boots today"
    assert one_story((1, title, "https://a.example/1", 0), (1, title, "https://a.example/2", 0.01))


def test_a_page_that_one_feed_links_to_under_many_titles_is_no_evidence():
    rows: list[Row] = [
        (1, f"Episode of {name}", "https://a.example/podcast", 0) for name in ("boots", "coats", "hats")
    ]
    assert stories.assign(came(*rows))["story_id"].n_unique() == 3


def test_the_same_words_after_days_of_silence_are_another_story():
    title = "Acme Cloud is down for thousands of users"
    told = [
        (feed, title, f"https://{feed}.example/x", days) for feed, days in enumerate([0.0, 2.5, 5.0, 8.5])
    ]
    assert groups(stories.assign(came(*told))["story_id"].to_list()) == [0, 0, 0, 1]


def test_small_steps_lead_to_no_other_story():
    """Each title shares most of its words with the next, and the last none with the first."""
    names = "Acme Bemco Cando Delta Eagle Fargo Gimbo Hanso Inkel Jumbo Kappa Lambo Mondo Nando Orbit Prado"
    vocabulary = names.split()
    chain: list[Row] = [
        (step, " ".join(vocabulary[step : step + 8]), f"https://{step}.example/x", step / 100)
        for step in range(9)
    ]
    told = groups(stories.assign(came(*chain))["story_id"].to_list())
    assert told[0] == told[1]
    assert told[0] not in told[5:]


def test_an_entry_between_two_stories_makes_them_one_and_the_oldest_stays():
    older = (1, "Acme buys Boulder Boots from Cando for 4200 million dollars", "https://a.example/x", 0)
    newer = (2, "Acme and Cando: everything about the deal", "https://b.example/y", 0)
    window = stories.assign(came(older, newer))
    assert window["story_id"].n_unique() == 2
    linking = came(
        (3, "Boulder Boots of Cando: Acme buys for 4200 million dollars", "https://b.example/y", 0.1)
    )
    told = stories.assign(linking.with_columns(entry_id=pl.lit("9")), window).row(0, named=True)
    assert told["story_id"] == window["story_id"][1]  # one page in common does not make two stories one …
    assert told["joins"] == []

    window = stories.assign(
        came(older, (2, "Acme buys Boulder Boots, Cando sells for 4200 million", "https://b.example/y", 0))
    )
    parted = window.with_columns(story_id=pl.Series(["old", "new"]))
    told = stories.assign(linking.with_columns(entry_id=pl.lit("9")), parted).row(0, named=True)
    assert (told["story_id"], told["joins"]) == (
        "old",
        ["new"],
    )  # … unless their first entries are alike as well


def test_an_unchanged_entry_keeps_its_story_and_an_edited_one_is_looked_at_again():
    window = stories.assign(
        came(
            (1, "Acme buys Boulder Boots for 4200 million", "https://a.example/x", 0),
            (2, "Acme buys Boulder Boots for 4200 million dollars", "https://b.example/y", 0),
        )
    )
    assert window["story_id"].n_unique() == 1
    again = stories.assign(window.drop("story_id", "why", "likeness", "joins"), window)
    assert again["story_id"].to_list() == window["story_id"].to_list()
    assert set(again["why"]) == {Why.KNOWN}

    edited = came((1, "Delta opens a factory in Porto with 300 jobs", "https://a.example/x", 0))
    told = stories.assign(edited, window).row(0, named=True)
    assert told["why"] == Why.ALONE
    assert told["story_id"] not in window["story_id"]

    alone = stories.assign(edited)
    retitled = edited.with_columns(title=pl.lit("Bemco leaves Leeds"), link=pl.lit("https://a.example/other"))
    assert stories.assign(retitled, alone)["story_id"].to_list() == alone["story_id"].to_list()


def test_only_title_link_and_id_are_needed_and_other_columns_are_kept():
    entries = came((1, "x", "https://a.example/x", 0), (1, "x", "https://a.example/x", 0)).select(
        "entry_id", "title", "link"
    )
    told = stories.assign(entries.with_columns(weight=pl.lit(2)))
    assert told.columns == ["entry_id", "title", "link", "weight", "story_id", "why", "likeness", "joins"]
    assert told["story_id"].n_unique() == 1
    assert stories.assign(entries.clear()).height == 0
    assert stories.assign(entries, told.clear())["story_id"].to_list() == told["story_id"].to_list()


def test_a_spam_feed_is_one_story_and_long_texts_are_cut():
    spam = came(
        *[(1, "Cheap boots for you and everybody", f"https://a.example/{n}", 0) for n in range(10_000)]
    )
    assert stories.assign(spam)["story_id"].n_unique() == 1
    long = came(
        (1, "word " * 20_000, "https://a.example/x", 0),
        (2, "y", "https://a.example/y", 0),
        summary="w é文 " * 25_000,
    )
    assert stories.assign(long).height == 2
    assert words.matrix(long.with_columns(language=pl.lit(""))).nnz < 400


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(0, 1_200), max_size=5).map(sorted))
def test_slices_give_the_same_stories_with_the_same_ids(news: pl.DataFrame, cuts: list[int]):
    entries = news.head(1_200)
    at_once, sliced = stories.assign(entries), in_slices(entries, cuts)
    assert sliced["story_id"].to_list() == at_once["story_id"].to_list()
    assert sliced["likeness"].to_list() == pytest.approx(at_once["likeness"].to_list(), abs=1e-6)


def test_what_a_shorter_window_can_change(news: pl.DataFrame):
    """Only the weights: rarity is counted from where the window begins, so that pairs close to the threshold may fall otherwise."""
    whole = stories.assign(news)
    window, today = whole[600:2_000], news[2_000:]
    told = pl.concat([window, stories.assign(today, window)])
    pairs = pl.DataFrame({"expected": whole["story_id"][600:], "found": told["story_id"]})
    assert pair_count(pairs, "expected", "found") > 0.98 * max(
        pair_count(pairs, "expected"), pair_count(pairs, "found")
    )


def pair_count(frame: pl.DataFrame, *by: str) -> int:
    return frame.group_by(*by).len().select((pl.col("len") * (pl.col("len") - 1) // 2).sum()).item()


def test_no_pair_is_missed(news: pl.DataFrame):
    vectors = likeness.vectors(words.matrix(news))
    every = np.tril(cosine_similarity(vectors.toarray()), -1)
    every[:1_000] = 0
    found = likeness.pairs(vectors, 1_000, LIKE_AN_ENTRY)
    told = set(zip(found.text.tolist(), found.earlier.tolist(), strict=True))
    clear = set(zip(*(at.tolist() for at in np.nonzero(every > LIKE_AN_ENTRY + 1e-5)), strict=True))
    assert len(clear) > 1_000
    number = Counter(text for text, _ in clear)
    assert not {pair for pair in clear - told if number[pair[0]] <= likeness.MOST_ALIKE}
    assert all(every[pair] > LIKE_AN_ENTRY - 1e-5 for pair in told)
    assert found.cosine == pytest.approx(
        [every[pair] for pair in zip(found.text, found.earlier, strict=True)], abs=1e-5
    )


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_headlines_become_the_events_that_they_tell_of(seed: int):
    told = stories.assign(Newsroom(seed).published(12_000, days=10))
    right = pair_count(told, "event", "story_id")
    assert right / pair_count(told, "story_id") >= 0.99
    assert right / pair_count(told, "event") >= 0.9


HOSTILE = st.text(max_size=30) | st.sampled_from(
    [
        "",
        "\0",
        "ـ",
        "ｱﾞ",
        "٤٫٢",
        "http://[",
        "javascript:1",
        "https://a.example/x",
        "https://b.example/%",
        "a" * 500,
        "的 的 的",
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 2), HOSTILE, HOSTILE, HOSTILE, st.none() | st.floats(-9, 9)), max_size=6
    ),
    st.integers(0, 6),
)
def test_every_entry_has_a_story(rows: list[tuple[int, str, str, str, float | None]], known: int):
    entries = pl.DataFrame(
        [
            (
                feed,
                str(n),
                title.replace("\ud800", ""),
                link,
                summary,
                "",
                None if days is None else NOON + timedelta(days=days),
            )
            for n, (feed, title, link, summary, days) in enumerate(rows)
        ],
        schema=SCHEMA,
        orient="row",
    )
    told = in_slices(entries, [min(known, len(rows))])
    assert told["story_id"].str.len_chars().eq(32).all()
    assert told["story_id"].to_list() == stories.assign(entries)["story_id"].to_list()
