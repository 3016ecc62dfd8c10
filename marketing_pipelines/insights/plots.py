"""Pictures of what advertising costs, and of how that changed afterwards."""

import io
from collections.abc import Mapping
from datetime import date
from decimal import Decimal


def amounts(by_day: Mapping[tuple[date, str], Decimal]) -> bytes:
    """A PNG with an amount for each day, a panel a currency: amounts in two currencies share no axis."""
    from matplotlib.figure import Figure

    currencies = sorted({currency for _, currency in by_day}) or [""]
    figure = Figure(figsize=(7, 2.2 * len(currencies)), layout="constrained")
    panels = figure.subplots(len(currencies), 1, squeeze=False)[:, 0]
    for axes, currency in zip(panels, currencies, strict=True):
        days = sorted(day for day, of in by_day if of == currency)
        axes.bar([day.isoformat() for day in days], [float(by_day[day, currency]) for day in days])
        axes.set_ylabel(currency, parse_math=False)
        axes.tick_params(axis="x", rotation=60, labelsize=7)
        axes.spines[["top", "right"]].set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return picture.getvalue()
