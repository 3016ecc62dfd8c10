"""Pictures of how currencies moved against the euro."""

import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from connectors.reference_rates import Rate

MOST_LINES = 8


def movements(history: Iterable[Rate]) -> bytes:
    """A PNG with how far those currencies that moved most came from their first rate, in percent."""
    from matplotlib.dates import date2num
    from matplotlib.figure import Figure

    by_currency: defaultdict[str, list[tuple[date, float]]] = defaultdict(list)
    for rate in history:
        by_currency[rate.currency].append((rate.day, float(rate.per_euro)))
    moved = {currency: _percent(rates) for currency, rates in by_currency.items()}
    boldest = sorted(moved, key=lambda currency: max(map(abs, moved[currency])), reverse=True)[:MOST_LINES]
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    for currency in boldest:
        days = date2num([day for day, _ in by_currency[currency]])
        axes.plot(days, moved[currency], label=currency, linewidth=1.4)
    axes.xaxis_date()
    axes.set_ylabel("per euro, change in %")
    axes.tick_params(axis="x", rotation=30, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    if boldest:
        axes.legend(frameon=False, ncols=4, fontsize=8)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return picture.getvalue()


def _percent(rates: Sequence[tuple[date, float]]) -> list[float]:
    first = rates[0][1]
    return [(rate / first - 1) * 100 for _, rate in rates]
