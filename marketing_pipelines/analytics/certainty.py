"""How sure a share of people is: between what and what it would lie nineteen times out of twenty."""

from dataclasses import dataclass
from math import sqrt

# Two-sided 95 %.
Z = 1.959964


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many people, and Wilson's interval around it, which holds for few and for rare ones too."""

    part: int
    whole: int

    @property
    def rate(self) -> float:
        return self.part / self.whole if self.whole else 0.0

    @property
    def low(self) -> float:
        return min(self.rate, max(0.0, self._centre - self._reach))

    @property
    def high(self) -> float:
        return max(self.rate, min(1.0, self._centre + self._reach))

    def differs(self, other: "Share") -> bool:
        """Whether chance alone hardly explains the difference: neither interval reaches into the other."""
        return self.low > other.high or other.low > self.high

    @property
    def _shrunk(self) -> float:
        return 1 + Z * Z / self.whole if self.whole else 1.0

    @property
    def _centre(self) -> float:
        return (self.rate + Z * Z / (2 * self.whole)) / self._shrunk if self.whole else 0.5

    @property
    def _reach(self) -> float:
        if not self.whole:
            return 0.5
        spread = self.rate * (1 - self.rate) / self.whole + (Z / (2 * self.whole)) ** 2
        return Z * sqrt(spread) / self._shrunk
