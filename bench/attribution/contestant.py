"""One contestant in a process of its own: reads paths, gives credit some times over, prints what that took.

python bench/attribution/contestant.py NAME FILE ROUNDS

Runs in whatever environment has the package, and so imports nothing of ours before it is ours to run.
"""

import json
import resource
import sys
import time
from collections.abc import Callable

SEPARATOR = ">"

# Gives the shares of channels, in order of their names, or something else where they are not compared.
Work = Callable[[], object]


def ours(name: str, file: str) -> Work:
    import polars as pl

    from marketing_pipelines import attribution

    what, _, coded = name.partition(", ")
    paths = pl.read_parquet(file, columns=["path", "conversions", "value", "nulls"])
    if coded:
        paths = paths.with_columns(pl.col("path").cast(pl.List(pl.Categorical)))

    def shares(credits: pl.DataFrame) -> list[float]:
        return (credits["conversions"] / credits["conversions"].sum()).to_list()

    works: dict[str, Work] = {
        "markov 1": lambda: shares(attribution.markov(paths)),
        "markov 2": lambda: shares(attribution.markov(paths, order=2)),
        "shapley": lambda: shares(attribution.shapley(paths)),
        "five rules": lambda: attribution.side_by_side(paths, family=attribution.Family.RULES),
        "100 replicates": lambda: attribution.intervals(paths, attribution.model("markov")),
    }
    return works[what]


def channel_attribution(name: str, file: str) -> Work:
    import ChannelAttribution  # pyright: ignore[reportMissingImports]
    import pandas as pd

    paths = pd.read_parquet(file, columns=["told", "conversions", "value", "nulls"])
    if name == "five rules":
        return lambda: ChannelAttribution.heuristic_models(
            paths, "told", "conversions", var_value="value", sep=SEPARATOR, flg_pro=False
        )  # fmt: skip
    order = int(name.split()[1])

    def markov() -> list[float]:
        credits = ChannelAttribution.markov_model(
            paths, "told", "conversions", var_value="value", var_null="nulls", order=order, sep=SEPARATOR,
            verbose=False, flg_pro=False,
        )  # fmt: skip
        credits = credits["result"] if isinstance(credits, dict) else credits
        earned = credits.sort_values("channel_name")["total_conversions"]
        return (earned / earned.sum()).to_list()

    return markov


def marketing_attribution_models(name: str, file: str) -> Work:
    assert name == "markov 1", "there are no chains of higher order in it"
    import mam  # pyright: ignore[reportMissingImports]
    import polars as pl

    paths = pl.read_parquet(file, columns=["told", "conversions", "value", "nulls"]).with_columns(
        bought=pl.col("conversions") > 0, times=pl.col("conversions") + pl.col("nulls")
    )

    def markov() -> list[float]:
        made = mam.MAM(
            paths, "grouped_journey", "told", "bought", occurrences_colname="times",
            path_separator=SEPARATOR, conversion_value_colname="value",
        )  # fmt: skip
        removed = made.run_markov().metadata["removal_effect"]["removal_effect"].sort_index()
        return (removed / removed.sum()).to_list()

    return markov


PACKAGES = {
    "ours": ours,
    "ChannelAttribution": channel_attribution,
    "marketing_attribution_models": marketing_attribution_models,
}


def main(package: str, name: str, file: str, rounds: int) -> None:
    work = PACKAGES[package](name, file)
    seconds, shares = [], None
    for _ in range(rounds):
        started = time.perf_counter()
        shares = work()
        seconds.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = shares if isinstance(shares, list) else None
    print(json.dumps({"seconds": min(seconds), "peak": peak, "shares": told}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
