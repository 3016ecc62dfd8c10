"""Pictures of what is rising."""

import io

import polars as pl

MOST_BARS = 12
LONGEST_NAME = 60


def rising(scores: pl.DataFrame) -> bytes:
    """A PNG of the fastest stories, mentions now beside mentions before; `scores` has title, recent, before."""
    from matplotlib.figure import Figure

    shown = scores.head(MOST_BARS).reverse()
    figure = Figure(figsize=(8, 1 + 0.4 * max(len(shown), 1)), layout="constrained")
    axes = figure.subplots()
    places = range(len(shown))
    axes.barh([place + 0.2 for place in places], shown["recent"].to_list(), 0.4, label="last 24 hours")
    axes.barh(
        [place - 0.2 for place in places], shown["before"].to_list(), 0.4, label="24 to 72 hours before"
    )
    # parse_math: a title with two dollar signs is no formula
    axes.set_yticks(list(places), [title[:LONGEST_NAME] for title in shown["title"]], parse_math=False)
    axes.set_xlabel("sources that mention it")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return picture.getvalue()
