"""Who deserves the credit: attribution models over paths, usable on their own.

A model takes one polars frame with the columns `path` (channel names, first touch to last), `conversions`
(how often that path converted), `value` (what those conversions were worth) and `nulls` (how often it did
not convert), and gives one frame: `channel`, `conversions`, `value`, sorted by channel.
"""

from marketing_pipelines.attribution.catalogue import Family, Model, model, models
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
    "Model",
    "Tuning",
    "Weights",
    "first_touch",
    "last_non_direct",
    "last_touch",
    "linear",
    "markov",
    "model",
    "models",
    "order_likelihoods",
    "position_based",
    "shapley",
    "time_decay",
]
