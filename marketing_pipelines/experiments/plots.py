"""Pictures of what is believed of each variant."""

import io
from collections.abc import Mapping

from marketing_pipelines.experiments.thompson import Posterior


def beliefs(posteriors: Mapping[str, Posterior]) -> bytes:
    """A PNG with the density of each variant's click rate."""
    import numpy as np
    from matplotlib.figure import Figure
    from scipy.stats import beta

    ranges = [belief.interval(0.999) for belief in posteriors.values()] or [(0.0, 1.0)]
    rates = np.linspace(min(low for low, _ in ranges), max(high for _, high in ranges), 400)
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    for name, belief in posteriors.items():
        density = beta.pdf(rates, belief.alpha, belief.beta)
        axes.plot(rates * 100, density, label=name)
        axes.fill_between(rates * 100, density, alpha=0.15)
    axes.set_xlabel("click rate, %")
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)
    if posteriors:
        axes.legend(frameon=False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return picture.getvalue()
