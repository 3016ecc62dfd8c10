"""How far each model is from what is known to have caused the demo's orders.

`python -m tests.cli.demo.test_truth` prints the table that docs/attribution.md shows.
"""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cli.demo import shop, truth, world
from cli.demo.visitors import Visitor
from cli.demo.world import Places
from marketing_pipelines.events.channels import Channel
from tests.attribution.world import World, against_the_truth, misplaced, printed

MOMENT = datetime(2026, 11, 20, 15, 20, tzinfo=UTC)
PAGE = Path(__file__).parents[3] / "docs" / "attribution.md"


# By which ways somebody came, and what they ordered and when; nobody orders twice.
Life = tuple[list[tuple[datetime, Channel]], list[tuple[datetime, float]]]


def lives(places: Places) -> dict[Visitor, Life]:
    """Of everybody whom the pixel could follow."""
    found: dict[Visitor, Life] = defaultdict(lambda: ([], []))
    for visit, rows in world.told(MOMENT, places):
        if visit.visitor.is_person and visit.visitor.sid and rows:
            ways, orders = found[visit.visitor]
            ways.append((visit.started_at, visit.way.channel))
            orders += [
                (row["occurred_at"], float(row["value"])) for row in rows if row["event"] == "purchase"
            ]
    return found


def lived(places: Places) -> World:
    """The demo's shop as a world: paths up to the order, and what each channel caused."""
    everybody = lives(places).values()
    rows = []
    for number, (ways, orders) in enumerate(everybody):
        until, value = orders[0] if orders else (MOMENT, 0.0)
        ages, path = zip(*((until - at, channel.value) for at, channel in ways if at <= until), strict=True)
        rows.append((number, list(path), list(ages), float(bool(orders)), value, float(not orders)))
    schema = {
        "user": pl.Int64,
        "path": pl.List(pl.String),
        "age": pl.List(pl.Duration("us")),
        **dict.fromkeys(("conversions", "value", "nulls"), pl.Float64),
    }
    caused = truth.caused([channel for _, channel in ways] for ways, _ in everybody)
    told = {channel.value: orders for channel, orders in caused.items()}
    return World(len(everybody), pl.DataFrame(rows, schema=schema, orient="row"), told)


@pytest.fixture(scope="module")
def demo(places: Places) -> World:
    return lived(places)


def test_what_a_channel_causes_is_what_is_missing_without_it() -> None:
    email, direct = Channel.EMAIL, Channel.DIRECT
    alone, both = truth.buys([email]), truth.buys([email, direct])
    assert alone == pytest.approx(world.PERSUASION[email])
    # The second visit is persuaded by itself and, half as much, by the letter before.
    assert both == pytest.approx(1 - (1 - 0.05) * (1 - (0.022 + 0.025)))
    assert truth.caused([[email, direct]])[email] == pytest.approx(both - world.PERSUASION[direct])
    assert truth.caused([[email]])[direct] == 0


def test_orders_are_as_many_as_the_truth_foretells(places: Places) -> None:
    """Chance alone moves a count by its root, three times that one time in 400."""
    foretold = 0.0
    ordered = 0
    for ways, orders in lives(places).values():
        foretold += truth.buys([channel for _, channel in ways])
        ordered += len(orders)
    assert ordered > 100
    assert abs(ordered - foretold) < 3 * ordered**0.5


def test_the_page_shows_how_far_each_model_is_from_it(demo: World) -> None:
    page = PAGE.read_text()
    assert printed(demo) in page
    told = " ".join(page.split())
    assert f"{demo.people:,} people came to {shop.NAME}" in told
    table = against_the_truth(demo)
    assert "five of nine misplace 4 % or less" in told
    assert sum(part < 0.045 for part in misplaced(table).values()) == 5
    orders, shares = int(demo.paths["conversions"].sum()), table["truth"].to_numpy()
    assert f"with {orders} orders chance alone misplaces 5 %" in told
    drawn = np.random.default_rng(1).multinomial(orders, shares, size=2_000) / orders
    assert (drawn - shares).clip(min=0).sum(axis=1).mean() == pytest.approx(0.05, abs=0.005)


if __name__ == "__main__":
    from tests.cli.demo.conftest import somewhere

    print(printed(lived(somewhere())))
