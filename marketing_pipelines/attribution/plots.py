"""Pictures of who gets the credit."""

import io
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def shares(credits: pl.DataFrame) -> bytes:
    """A PNG with a bar for each channel and model; `credits` has model, channel and conversions."""
    from matplotlib.figure import Figure

    table = credits.pivot(on="model", index="channel", values="conversions", aggregate_function="sum")
    models = [name for name in table.columns if name != "channel"]
    table = table.fill_null(0).sort(models[0]) if models else table
    figure = Figure(figsize=(7, 1 + 0.4 * max(len(table), 1)), layout="constrained")
    axes = figure.subplots()
    thickness = 0.8 / max(len(models), 1)
    for number, name in enumerate(models):
        total = table[name].sum() or 1
        places = [row + number * thickness for row in range(len(table))]
        axes.barh(
            places, (table[name] * 100 / total).to_list(), height=thickness, label=name.replace("_", " ")
        )
    axes.set_yticks([row + 0.4 - thickness / 2 for row in range(len(table))], table["channel"].to_list())
    axes.set_xlabel("share of conversions, %")
    axes.spines[["top", "right"]].set_visible(False)
    if models:
        axes.legend(frameon=False)
    return _png(figure)


def shares_with_intervals(results: pl.DataFrame) -> bytes:
    """A PNG with a dot for each channel and model, and a line between its bounds.

    `results` has model, channel, share, share_low and share_high; who earns most by the first model stands on top.
    """
    from matplotlib.figure import Figure

    models = results["model"].unique(maintain_order=True).to_list()
    ranked = results.filter(model=models[0]).sort("share", "channel")["channel"].to_list() if models else []
    channels = [*sorted(set(results["channel"].to_list()) - set(ranked)), *ranked]
    figure = Figure(figsize=(8, 1 + 0.5 * max(len(channels), 1)), layout="constrained")
    axes = figure.subplots()
    for number, name in enumerate(models):
        own = results.filter(pl.col("model") == name, pl.col("share").is_not_null())
        places = [channels.index(channel) + (number + 0.5) / len(models) * 0.8 for channel in own["channel"]]
        share, low, high = (
            own[column].fill_null(own["share"]) * 100 for column in ("share", "share_low", "share_high")
        )
        bars = [(share - low).clip(0).to_list(), (high - share).clip(0).to_list()]
        axes.errorbar(share.to_list(), places, xerr=bars, fmt="o", markersize=3, label=name.replace("_", " "))
    axes.set_yticks([row + 0.4 for row in range(len(channels))], channels)
    axes.set_xlabel("share of conversions, %, and where nine of ten samples fall")
    axes.grid(axis="y", alpha=0.2)
    axes.spines[["top", "right"]].set_visible(False)
    if models:
        axes.legend(frameon=False, fontsize="small")
    return _png(figure)


def _png(figure: "Figure") -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return picture.getvalue()
