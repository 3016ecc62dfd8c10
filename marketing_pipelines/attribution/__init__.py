"""Who deserves the credit: attribution models over paths, usable on their own.

A model takes one polars frame with the columns `path` (channel names, first touch to last), `conversions`
(how often that path converted), `value` (what those conversions were worth) and `nulls` (how often it did
not convert), and gives one frame: `channel`, `conversions`, `value`, sorted by channel.
"""

from marketing_pipelines.attribution.catalogue import Family, Model, model, models
from marketing_pipelines.attribution.rules import first_touch, last_touch, linear

__all__ = ["Family", "Model", "first_touch", "last_touch", "linear", "model", "models"]
