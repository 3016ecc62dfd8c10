"""Thompson sampling for clicks: a Beta belief for each variant, and traffic in proportion to the chance of being best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betainccinv, betaincinv, ndtr
from scipy.stats import beta as beta_distribution

# Panels of one standard deviation hold each belief's shape; twelve Gauss points integrate a panel to rounding error.
SIGMAS = 8
POINTS_A_PANEL = 12
FLOOR = 0.05


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of a variant's click rate: a Beta distribution."""

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        return self.alpha / (self.alpha + self.beta)

    def interval(self, mass: float = 0.95) -> tuple[float, float]:
        """The middle of the belief that holds this much of it."""
        tail = (1 - mass) / 2
        return float(betaincinv(self.alpha, self.beta, tail)), float(betainccinv(self.alpha, self.beta, tail))


UNIFORM = Posterior(1.0, 1.0)


def posterior(trials: int, successes: int, prior: Posterior = UNIFORM) -> Posterior:
    """The belief after so many trials, of which so many succeeded."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials: successes lie between 0 and the trials.")
    return Posterior(prior.alpha + successes, prior.beta + trials - successes)


def probability_best(posteriors: Sequence[Posterior]) -> list[float]:
    """The chance of each variant to have the highest rate of all, integrated, not simulated.

    P(i is best) is the integral of i's density times every other's chance to lie below. Panels are laid along
    the quantiles of all beliefs, so that a sharp one beside a wide one is still resolved.
    """
    if not posteriors:
        return []
    rates, steps = _grid(posteriors)
    densities = np.array([beta_distribution.pdf(rates, p.alpha, p.beta) for p in posteriors])
    below = np.array([betainc(p.alpha, p.beta, rates) for p in posteriors])
    chances = np.array(
        [
            np.sum(steps * densities[place] * np.prod(np.delete(below, place, axis=0), axis=0))
            for place in range(len(posteriors))
        ]
    )
    return (chances / chances.sum()).tolist()


def weights(posteriors: Sequence[Posterior], floor: float = FLOOR) -> list[float]:
    """Shares of traffic that follow the chance of being best; none falls under the floor, so all go on learning."""
    if not 0 <= floor * len(posteriors) <= 1:
        raise ValueError(f"A floor of {floor} for {len(posteriors)} variants is more than all the traffic.")
    free = 1 - floor * len(posteriors)
    return [floor + free * chance for chance in probability_best(posteriors)]


def _grid(posteriors: Sequence[Posterior]) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre points and their weights on panels between the quantiles of all beliefs."""
    tails = ndtr(-np.arange(SIGMAS + 1.0))
    edges = np.unique(
        np.concatenate(
            [
                quantiles(belief.alpha, belief.beta, tails)
                for belief in posteriors
                for quantiles in (betaincinv, betainccinv)
            ]
        )
    )
    points, shares = np.polynomial.legendre.leggauss(POINTS_A_PANEL)
    half_widths = np.diff(edges)[:, None] / 2
    middles = (edges[:-1] + edges[1:])[:, None] / 2
    return (middles + half_widths * points).ravel(), (half_widths * shares).ravel()
