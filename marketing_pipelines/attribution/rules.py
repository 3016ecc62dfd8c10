"""Rules: models that share a conversion out by the place of each touch alone. Every touch counts, repeats too."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from marketing_pipelines.attribution.catalogue import Family, register
from marketing_pipelines.attribution.crediting import Split
from marketing_pipelines.attribution.paths import Paths, by_path
from marketing_pipelines.attribution.tuning import Weights


@register(Family.RULES, "First touch")
def first_touch(paths: Paths) -> Split:
    """All credit goes to the channel that was met first."""
    return _to_one(paths, paths.firsts)


@register(Family.RULES, "Last touch")
def last_touch(paths: Paths) -> Split:
    """All credit goes to the channel that was met last."""
    return _to_one(paths, paths.lasts)


@register(Family.RULES, "Last non-direct touch")
def last_non_direct(paths: Paths, direct: str = "direct") -> Split:
    """All credit goes to the last channel that was not direct; to direct where there was nothing else."""
    if direct not in paths.channels:
        return _to_one(paths, paths.lasts)
    others = paths.touches != paths.channels.index(direct)
    latest = np.maximum.accumulate(np.where(others, np.arange(len(others)), -1))[paths.lasts]
    return _to_one(paths, np.where(latest >= paths.firsts, latest, paths.lasts))


@register(Family.RULES, "Linear")
def linear(paths: Paths) -> Split:
    """Every touch on the way gets the same share."""
    return paths.split(np.repeat(1 / paths.lengths, paths.lengths))


@register(Family.RULES, "Position-based")
def position_based(paths: Paths, weights: tuple[float, float, float] = Weights()) -> Split:
    """The first and the last touch get most, 40 % each unless set otherwise, and those between share the rest."""
    first, middle, last = weights
    lengths = paths.lengths
    ends = first + last
    shares = np.repeat(middle / sum(weights) / np.maximum(lengths - 2, 1), lengths)
    of_two = first / ends if ends else 0.5
    by_length = np.minimum(lengths, 3)
    shares[paths.lasts] = np.array([0, 1, 1 - of_two, last / sum(weights)])[by_length]
    shares[paths.firsts] = np.array([0, 1, of_two, first / sum(weights)])[by_length]
    return paths.split(shares)


@register(Family.RULES, "Time decay", needs=("age",))
def time_decay(paths: Paths, half_life: timedelta = timedelta(days=7)) -> Split:
    """A touch counts half as much for every half-life, seven days unless set otherwise, between it and the conversion."""
    if paths.ages is None:
        raise ValueError(
            "Paths lack the column age; time decay needs how long before the conversion each touch was."
        )
    # Only differences within a path matter; counted from its latest touch, not even those of years vanish.
    lengths = paths.lengths
    latest = np.minimum.reduceat(paths.ages, paths.firsts) if len(paths) else paths.ages
    counts = np.exp2((np.repeat(latest, lengths) - paths.ages) / (half_life / timedelta(days=1)))
    whole = np.add.reduceat(counts, paths.firsts) if len(paths) else counts
    return paths.split(counts / np.repeat(whole, lengths))


def _to_one(paths: Paths, places: np.ndarray) -> Split:
    """All of a path to the touch at a place."""
    return by_path(np.ones(len(paths)), paths.touches[places], np.arange(len(paths) + 1), len(paths.channels))
