"""The rules by which events are read, as one value: whoever computes again says by which."""

from collections.abc import Callable
from dataclasses import dataclass

from marketing_pipelines.events import user_agents
from marketing_pipelines.events.user_agents import Verdict

# Raised with every change of a rule or a list that gives an event another meaning; a test holds both together.
RULES_VERSION = 2


@dataclass(frozen=True, slots=True)
class Rules:
    """A version, and who is taken for a program by what its user agent says."""

    version: int = RULES_VERSION
    verdict: Callable[[str], Verdict] = user_agents.verdict


RULES = Rules()
