"""Stories of 100,000 headlines, and of one day's beside a month of them, and how many of the pairs are right.

python -m bench.trends_stories

The peer is what scikit-learn offers for the same question: TfidfVectorizer, then the earlier texts within a radius, of the
same texts at the same threshold. It compares every text with every other, gives no stories, and is tried on a part.
"""

import resource
import time
from collections.abc import Callable
from typing import TypeVar

import polars as pl

from marketing_pipelines.trends import stories
from marketing_pipelines.trends.grouping.joining import LIKE_AN_ENTRY
from tests.trends.headlines import Newsroom

ENTRIES = 100_000
WINDOW, DAY = 120_000, 4_000
COMPARED = 20_000
ROUNDS = 5
LINE = "{:<44}{:>10}{:>10}{:>12}{:>10}"

Answer = TypeVar("Answer")


def quickest(work: Callable[[], Answer], rounds: int = ROUNDS) -> tuple[float, float, Answer]:
    """The least seconds and processor seconds of some rounds, and what the work gave."""
    clocks, answer = [], None
    for _ in range(rounds):
        began = time.perf_counter(), time.process_time()
        answer = work()
        clocks.append((time.perf_counter() - began[0], time.process_time() - began[1]))
    taken, used = zip(*clocks, strict=True)
    assert answer is not None
    return min(taken), min(used), answer


def by_scikit_learn(entries: pl.DataFrame) -> int:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    vectors = TfidfVectorizer().fit_transform((entries["title"] + " " + entries["summary"]).to_list())
    near = NearestNeighbors(radius=1 - LIKE_AN_ENTRY, metric="cosine").fit(vectors)
    return near.radius_neighbors_graph(vectors).nnz


def pair_count(frame: pl.DataFrame, *by: str) -> int:
    return frame.group_by(*by).len().select((pl.col("len") * (pl.col("len") - 1) // 2).sum()).item()


def rightness(assigned: pl.DataFrame) -> str:
    right = pair_count(assigned, "event", "story_id")
    precision, recall = right / pair_count(assigned, "story_id"), right / pair_count(assigned, "event")
    return f"precision {precision:.4f}, recall {recall:.4f} of pairs"


def told(what: str, target: str, seconds: float, processor: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(LINE.format(what, f"{seconds:.2f}", f"{processor:.2f}", target, f"{peak:,.0f}"), flush=True)


def main() -> None:
    print(
        "Seconds, the quickest of some rounds; memory is the peak of the whole process so far, headlines included.\n"
    )
    print(LINE.format("what", "seconds", "of CPU", "to reach", "peak MB"))
    month = Newsroom(101).published(WINDOW + DAY)
    stories.assign(month.head(100))
    entries = Newsroom(102).published(ENTRIES)

    seconds, processor, at_once = quickest(lambda: stories.assign(entries))
    told(f"{ENTRIES:,} entries at once", "5", seconds, processor)
    window = stories.assign(month[:WINDOW])
    seconds, processor, day = quickest(lambda: stories.assign(month[WINDOW:], window))
    told(f"{DAY:,} beside a window of {WINDOW:,}", "1", seconds, processor)

    part = entries.head(COMPARED)
    ours, processor, _ = quickest(lambda: stories.assign(part))
    told(f"{COMPARED:,} entries at once", "", ours, processor)
    theirs, processor, _ = quickest(lambda: by_scikit_learn(part), rounds=2)
    told(f"{COMPARED:,} by NearestNeighbors, pairs only", "", theirs, processor)
    print(f"\nratio of time: {ours / theirs:.2f} (below 1 is faster than scikit-learn's neighbours)")
    print(f"{ENTRIES:,} at once: {rightness(at_once)}")
    print(f"{WINDOW:,} and a day: {rightness(pl.concat([window, day]))}")


if __name__ == "__main__":
    main()
