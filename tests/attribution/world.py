"""A world in which it is known what every channel causes, to see how far from it each model is.

`python -m tests.attribution.world` prints the table that docs/attribution.md shows.

Some channels persuade: who met one buys more often than otherwise. Others harvest: they turn up before people who have
decided to buy, and change nothing. Nobody can see from the paths which is which, and neither can a model.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import prod
from random import Random

import polars as pl

from marketing_pipelines.attribution import Group, side_by_side

# Who meets a channel that persuades, and how many of those it makes buy who would not have.
MET_BY = {"display": 0.5, "email": 0.3, "organic_social": 0.25, "paid_search": 0.15}
PERSUADES = {"display": 0.01, "email": 0.05, "organic_social": 0.04, "paid_search": 0.1}
# Who meets a channel that harvests: people who have decided, and people who have not.
HARVESTS = {"retargeting": (0.5, 0.15), "brand_search": (0.45, 0.02), "direct": (0.5, 0.05)}
# One in ten likes the shop, and buys as often without any advertisement.
FANS, FANS_BUY, OTHERS_BUY = 0.1, 0.15, 0.005
WEEKS = 4

PEOPLE = 60_000
CHANNELS = sorted({*PERSUADES, *HARVESTS})


@dataclass(frozen=True, slots=True)
class World:
    """Everybody's path, one row a person who was seen, and how many conversions each channel caused."""

    people: int
    paths: pl.DataFrame
    caused: dict[str, float]

    def group(self) -> Group:
        """All people of this world as one half of a hold-out."""
        value = self.paths["value"]
        return Group(
            users=self.people,
            converters=int(self.paths["conversions"].sum()),
            value=float(value.sum()),
            value_squared=float((value**2).sum()),
        )


def live(people: int = PEOPLE, seed: int = 1, without: str = "") -> World:
    """Lets people live for four weeks, if wanted without a channel."""
    chance = Random(seed)
    caused = dict.fromkeys(CHANNELS, 0.0)
    rows = []
    for person in range(people):
        taste = FANS_BUY if chance.random() < FANS else OTHERS_BUY
        met = [each for each, often in MET_BY.items() if chance.random() < often and each != without]
        buys = _buys(taste, met)
        for channel in met:
            caused[channel] += buys - _buys(taste, [other for other in met if other != channel])
        decided = chance.random() < buys
        touches = [
            (chance.uniform(2, 7 * WEEKS), channel) for channel in met for _ in range(chance.randint(1, 3))
        ]
        for channel, (deciding, others) in HARVESTS.items():
            # Retargeting follows people who were on the site; the others are how people come back to buy.
            if chance.random() < (deciding if decided else others * bool(met)) and channel != without:
                touches.append((chance.uniform(0, 2), channel))
        if not touches and decided:
            touches = [(0.0, "direct")]
        if touches:
            touches.sort(reverse=True)
            worth = chance.uniform(20, 80) if decided else 0.0
            rows.append((person, *zip(*touches, strict=True), float(decided), worth, float(not decided)))
    paths = pl.DataFrame(
        [
            (person, channels, [timedelta(days=day) for day in days], *numbers)
            for person, days, channels, *numbers in rows
        ],
        schema={
            "user": pl.Int64,
            "path": pl.List(pl.String),
            "age": pl.List(pl.Duration("us")),
            "conversions": pl.Float64,
            "value": pl.Float64,
            "nulls": pl.Float64,
        },
        orient="row",
    )
    return World(people, paths, caused)


def _buys(taste: float, met: list[str]) -> float:
    """Who is not persuaded by one thing may be by the next."""
    return 1 - (1 - taste) * prod(1 - PERSUADES[channel] for channel in met)


def against_the_truth(world: World) -> pl.DataFrame:
    """For each channel its share of what channels caused, beside the share of all conversions that models give it."""
    caused = sum(world.caused.values())
    truth = pl.DataFrame(
        {"channel": list(world.caused), "truth": [each / caused for each in world.caused.values()]}
    )
    shares = side_by_side(world.paths).pivot(on="model", index="channel", values="share")
    return truth.join(shares, on="channel", how="left").sort("truth", "channel", descending=[True, False])


def misplaced(table: pl.DataFrame) -> dict[str, float]:
    """What part of its credit each model gives to channels that have not earned it."""
    return {
        name: float((table[name] - table["truth"]).clip(lower_bound=0).sum())
        for name in table.columns
        if name not in ("channel", "truth")
    }


def printed(world: World) -> str:
    """The table of truth in Markdown: a line for each channel, and what part of the credit lies with the wrong ones."""
    table = against_the_truth(world)
    names = table.columns[1:]
    lines = [
        "| " + " | ".join(["", *(name.replace("_", " ") for name in names)]) + " |",
        "| --- " + "| ---: " * len(names) + "|",
        *(
            "| " + " | ".join([row[0].replace("_", " "), *(f"{share:.0%}" for share in row[1:])]) + " |"
            for row in table.rows()
        ),
        "| **with the wrong channel** | | "
        + " | ".join(f"**{share:.0%}**" for share in misplaced(table).values())
        + " |",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(printed(live()))
