"""What each channel caused in the demo's history: no model can see it, whoever made the history can."""

from collections.abc import Iterable, Sequence
from math import prod

from cli.demo.world import PERSUASION, persuaded
from marketing_pipelines.events.channels import Channel


def caused(lives: Iterable[Sequence[Channel]]) -> dict[Channel, float]:
    """Orders that nobody would have expected without a channel, over people and the ways by which each came, in order."""
    missing = dict.fromkeys(PERSUASION, 0.0)
    for ways in lives:
        expected = buys(ways)
        for channel in set(ways):
            missing[channel] += expected - buys([way for way in ways if way is not channel])
    return missing


def buys(ways: Sequence[Channel]) -> float:
    """The chance that somebody who comes by these ways orders at one of the visits."""
    return 1 - prod(1 - persuaded(ways[:number], way) for number, way in enumerate(ways))
