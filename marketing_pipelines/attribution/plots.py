"""Pictures of who gets the credit."""

import io

import polars as pl


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
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return picture.getvalue()
