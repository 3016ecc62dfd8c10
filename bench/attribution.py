"""How fast a million paths are credited, beside a plain loop over the same paths.

python -m bench.attribution [paths]
"""

import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable

import polars as pl
from rich.console import Console
from rich.table import Table

from marketing_pipelines.attribution import last_touch, linear

CHANNELS = [
    "affiliate", "ai_assistant", "direct", "display", "email", "organic_search",
    "paid_other", "paid_search", "paid_social", "referral", "sms", "organic_social",
]  # fmt: skip
LONGEST = 8
ROUNDS = 5

Credits = dict[str, tuple[float, float]]


def paths(number: int) -> pl.DataFrame:
    """Paths of one to eight touches over a dozen channels, the same each time."""
    chance = random.Random(7)
    return pl.DataFrame(
        {
            "path": [chance.choices(CHANNELS, k=chance.randint(1, LONGEST)) for _ in range(number)],
            "conversions": [float(chance.randint(0, 3)) for _ in range(number)],
            "value": [chance.random() * 100 for _ in range(number)],
            "nulls": [float(chance.randint(0, 9)) for _ in range(number)],
        }
    )


def plain_last_touch(rows: list[tuple]) -> Credits:
    conversions: defaultdict[str, float] = defaultdict(float)
    value: defaultdict[str, float] = defaultdict(float)
    for path, count, worth, _ in rows:
        conversions[path[-1]] += count
        value[path[-1]] += worth
    return {channel: (conversions[channel], value[channel]) for channel in conversions}


def plain_linear(rows: list[tuple]) -> Credits:
    conversions: defaultdict[str, float] = defaultdict(float)
    value: defaultdict[str, float] = defaultdict(float)
    for path, count, worth, _ in rows:
        share = 1 / len(path)
        for channel in path:
            conversions[channel] += count * share
            value[channel] += worth * share
    return {channel: (conversions[channel], value[channel]) for channel in conversions}


def best_of(rounds: int, work: Callable[[], object]) -> float:
    """Seconds of the quickest round; the others had company."""
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def agree(frame: pl.DataFrame, plain: Credits) -> bool:
    return all(
        abs(conversions - plain[channel][0]) < 1e-6 * max(conversions, 1)
        and abs(value - plain[channel][1]) < 1e-6 * max(value, 1)
        for channel, conversions, value in frame.rows()
    )


def main(number: int) -> None:
    frame = paths(number)
    rows = frame.rows()
    table = Table("rule", "seconds", "plain loop", "ratio", title=f"{number:,} paths")
    for rule, plain in ((last_touch, plain_last_touch), (linear, plain_linear)):
        if not agree(rule(frame), plain(rows)):
            raise SystemExit(f"{rule.__name__} and the plain loop do not agree")
        ours = best_of(ROUNDS, lambda rule=rule: rule(frame))
        theirs = best_of(2, lambda plain=plain: plain(rows))
        table.add_row(rule.__name__, f"{ours:.3f}", f"{theirs:.3f}", f"{theirs / ours:.1f}x")
    Console().print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
