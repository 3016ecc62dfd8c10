"""Chance: what happens in the invented world, decided by what it is about and by nothing else."""

from random import Random


def dice(*what: object) -> Random:
    """Dice that fall the same way for the same thing."""
    return Random("/".join(map(str, what)))  # noqa: S311 (a world, not a secret)
