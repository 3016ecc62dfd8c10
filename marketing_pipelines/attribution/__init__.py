"""Who deserves the credit: attribution models over paths, usable on their own.

A model takes one polars frame with the columns `path` (channel names, first touch to last), `conversions`
(how often that path converted), `value` (what those conversions were worth) and `nulls` (how often it did
not convert), and gives one frame: `channel`, `conversions`, `value`, sorted by channel.
"""

from marketing_pipelines.attribution.catalogue import Family, Model, model, models
from marketing_pipelines.attribution.comparison import disagreement, side_by_side
from marketing_pipelines.attribution.hold_outs import Group, chance_of_sizes, lift, smallest_effect
from marketing_pipelines.attribution.intervals import intervals
from marketing_pipelines.attribution.journeys import conversion_lags, path_lengths
from marketing_pipelines.attribution.lots import Lot, Side
from marketing_pipelines.attribution.margins import marginal
from marketing_pipelines.attribution.markov import markov, order_likelihoods
from marketing_pipelines.attribution.rules import (
    first_touch,
    last_non_direct,
    last_touch,
    linear,
    position_based,
    time_decay,
)
from marketing_pipelines.attribution.shapley import shapley
from marketing_pipelines.attribution.tuning import Tuning, Weights

__all__ = [
    "Family",
    "Group",
    "Lot",
    "Model",
    "Side",
    "Tuning",
    "Weights",
    "chance_of_sizes",
    "conversion_lags",
    "disagreement",
    "first_touch",
    "intervals",
    "last_non_direct",
    "last_touch",
    "lift",
    "linear",
    "marginal",
    "markov",
    "model",
    "models",
    "order_likelihoods",
    "path_lengths",
    "position_based",
    "shapley",
    "side_by_side",
    "smallest_effect",
    "time_decay",
]
