"""Scores for a million stories beside scipy's own test in a loop, and bursts of a thousand topics beside a plain EWMA.

python -m bench.trends_scores

A story costs scipy's loop so many times as much as here; the quickest of some rounds counts. The plain z-score is that of
the textbooks: how many EWMA standard deviations a count is above the EWMA, with the same half-life and threshold. What either
finds is tried on weeks of noise with bursts of three hours in a tenth of the topics, and on weeks without.

A moment of a million mentions is scored in the embedded ClickHouse as `trend_scores` does it: counted, worded and tested; the limit
beside it is reading the columns that it needs.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binomtest

from bench import houses
from marketing_pipelines.trends import bursts, scoring, velocity
from store import events

Numbers = NDArray[np.float64]

STORIES = 1_000_000
SAMPLE = 1_000
ROUNDS = 5
LIMIT_S = 2.0
LINE = "{:<24}{:>10}{:>10}{:>12}{:>16}{:>10}"

TOPICS = 1_000
DAY = 24
WEEK = 7 * DAY
RATES = [0.05, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200]
SIZES = [3, 5, 10]
# Variance over mean, or the relative variance of rates that stray themselves.
NOISES = {"Poisson": (1.0, 0.0), "twice its variance": (2.0, 0.0), "rates stray by .1": (1.0, 0.1)}
WEEKS = 4

# Of three days; how often a story is told falls off as it does in life.
MENTIONS = 1_000_000
MOMENT = datetime(2026, 6, 4, 12, tzinfo=UTC)
TOLD = (
    """insert into raw.story_members
         (tenant_id, feed_id, entry_id, story_id, why, likeness, topic, weight, published_at, assigned_at)
       select 1 + number % 10, cityHash64(number, 1) % 1000, hex(number),
         hex(sipHash128(intDiv(200000, 1 + cityHash64(number, 2) % 200000))), 'same words', 0.9,
         concat('topic ', toString(number % 20)), 1,
         {as_of:DateTime64(3, 'UTC')} - toIntervalSecond(1 + cityHash64(number, 3) % 259000) as at, at
       from numbers({mentions:UInt64})""",
    """insert into raw.feed_entries (tenant_id, feed_id, entry_id, title, link, summary, published_at, first_seen_at)
       select tenant_id, feed_id, entry_id, concat('A headline of some eight words about ', story_id),
         concat('https://news.example/', entry_id), repeat('A summary that nobody reads here. ', 6), published_at, assigned_at
       from raw.story_members""",
)
READ = """select max(feed_id), max(entry_id), max(story_id), max(topic), max(weight), max(published_at), max(assigned_at)
    from raw.story_members"""


def quickest(work: Callable[[], object]) -> float:
    """Seconds of the quickest round."""
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def one_by_one(recent: NDArray[np.int64], before: NDArray[np.int64]) -> None:
    for now, then in zip(recent.tolist(), before.tolist(), strict=True):
        if now + then:
            tested = binomtest(now, now + then, velocity.STEADY)
            tested.proportion_ci()


def time_scores(chance: np.random.Generator) -> None:
    few_told_often = (
        np.minimum(chance.zipf(1.6, STORIES), 1_000),
        np.minimum(chance.zipf(1.6, STORIES) - 1, 1_000),
    )
    pair = chance.permutation(STORIES)
    worlds = {
        "counts as they fall": few_told_often,
        "no two stories alike": (pair // 1_000, pair % 1_000),
    }
    print(LINE.format("stories", "number", "seconds", "of limit", "binomtest, each", "ratio"))
    for name, (recent, before) in worlds.items():
        seconds = quickest(lambda recent=recent, before=before: velocity.score(recent, before))
        began = time.perf_counter()
        one_by_one(recent[:SAMPLE], before[:SAMPLE])
        each = (time.perf_counter() - began) / SAMPLE
        told = (
            f"{seconds:.2f}",
            f"{seconds / LIMIT_S:.2f}",
            f"{each * 1e6:,.0f} µs",
            f"{each * STORIES / seconds:,.0f}×",
        )
        print(LINE.format(name, f"{STORIES:,}", *told), flush=True)


def time_a_moment() -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = houses.settled(Path(folder))
        with houses.with_engines(house), closing(events.connect(house)) as client:
            for statement in TOLD:
                client.command(statement, {"mentions": MENTIONS, "as_of": MOMENT})
            scored = scoring.score_as_of(client, MOMENT)
            assert scored["sources"].sum() > 0
            seconds = quickest(lambda: scoring.score_as_of(client, MOMENT))
            read = quickest(lambda: client.query(READ))
    print(LINE.format("a moment, in ClickHouse", "mentions", "seconds", "of limit", "reading alone", "ratio"))
    told = f"{seconds:.2f}", f"{seconds / LIMIT_S:.2f}", f"{read:.2f} s", f"{seconds / read:.1f}×"
    print(LINE.format(f"{len(scored):,} stories", f"{MENTIONS:,}", *told), flush=True)


def rhythm(hours: int) -> Numbers:
    hour = np.arange(WEEK)
    is_night, is_weekend = (hour % DAY < 7) | (hour % DAY == 23), hour // DAY >= 5
    pace = np.where(is_night, 1 / 3, 1) * np.where(is_weekend, 0.6, 1)
    return np.resize(pace / pace.mean(), hours)


def drawn(chance: np.random.Generator, expected: Numbers, multiple: float, straying: float) -> Numbers:
    if straying:
        expected = expected * chance.gamma(1 / straying, straying, expected.shape)
    if multiple > 1:
        return chance.negative_binomial(expected / (multiple - 1), 1 / multiple).astype(float)
    return chance.poisson(expected).astype(float)


def plain(counts: Numbers) -> NDArray[np.bool_]:
    """Where a count is more EWMA standard deviations above the EWMA of the hours before than the threshold."""
    topics = pl.DataFrame(counts.T)
    half_life, start = bursts.HALF_LIFE, bursts.START
    mean = topics.select(pl.all().ewm_mean(half_life=half_life, min_samples=start).shift(1)).to_numpy().T
    spread = topics.select(pl.all().ewm_std(half_life=half_life, min_samples=start).shift(1)).to_numpy().T
    return counts - mean > bursts.THRESHOLD * np.maximum(spread, 1e-9)


def time_bursts(chance: np.random.Generator) -> None:
    print(LINE.format("topics", "hours", "seconds", "of limit", "plain EWMA", "ratio"))
    of_topics = np.exp(chance.uniform(np.log(0.05), np.log(200), (TOPICS, 1)))
    for days in (7, 21):
        counts = drawn(chance, of_topics * rhythm(days * DAY), 2, 0)
        mine, theirs = (quickest(lambda find=find, counts=counts: find(counts)) for find in (ours, plain))
        told = f"{mine:.2f}", f"{mine / LIMIT_S:.2f}", f"{theirs:.2f} s", f"{theirs / mine:.2f}×"
        print(LINE.format(f"{TOPICS:,}", days * DAY, *told))


def ours(counts: Numbers) -> NDArray[np.bool_]:
    return bursts.score(counts).is_burst


Finder = Callable[[Numbers], NDArray[np.bool_]]
FINDERS: dict[str, Finder] = {"ours": ours, "plain EWMA": plain}


def found(find: Finder, size: int, noise: tuple[float, float], chance: np.random.Generator) -> list[float]:
    """The share of bursts that is found, by the rate of their topics."""
    hits = {rate: list[bool]() for rate in RATES}
    for _ in range(WEEKS):
        of_topics = np.resize(RATES, TOPICS)
        expected = of_topics[:, None] * rhythm(WEEK)
        bursting = chance.permutation(TOPICS)[: TOPICS // 10]
        begins = chance.integers(2 * DAY, WEEK - 3, len(bursting))
        for topic, hour in zip(bursting, begins, strict=True):
            expected[topic, hour : hour + 3] *= size
        is_burst = find(drawn(chance, expected, *noise))
        for topic, hour in zip(bursting, begins, strict=True):
            hits[of_topics[topic]].append(bool(is_burst[topic, hour : hour + 2].any()))
    return [float(np.mean(of_rate)) for of_rate in hits.values()]


def false_hours_a_day(find: Finder, noise: tuple[float, float], chance: np.random.Generator) -> float:
    """How many hours of how many topics are called bursts where there are none."""
    false = 0
    for _ in range(WEEKS):
        of_topics = np.exp(chance.uniform(np.log(RATES[0]), np.log(RATES[-1]), (TOPICS, 1)))
        false += find(drawn(chance, of_topics * rhythm(WEEK), *noise)).sum()
    return false / WEEKS / ((WEEK - bursts.START) / DAY)


def tell_what_is_found() -> None:
    line = "{:<22}{:<14}{:>6}" + "{:>6}" * len(RATES) + "{:>16}"
    print("Bursts found within two hours, in per cent, by the mentions an hour of their topics.")
    print(line.format("noise", "by", "size", *(f"{rate:g}" for rate in RATES), "false a day"))
    for name, noise in NOISES.items():
        for by, find in FINDERS.items():
            false = false_hours_a_day(find, noise, np.random.default_rng(7))
            for size in SIZES:
                shares = found(find, size, noise, np.random.default_rng(size))
                told = (f"{share:.0%}" for share in shares)
                print(line.format(name, by, f"{size}×", *told, f"{false:.2f}"), flush=True)


def main() -> None:
    chance = np.random.default_rng(7)
    time_scores(chance)
    print()
    time_a_moment()
    print()
    time_bursts(chance)
    print()
    tell_what_is_found()


if __name__ == "__main__":
    main()
