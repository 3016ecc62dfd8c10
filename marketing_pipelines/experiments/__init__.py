"""Which variant is best, how sure we are, and how much traffic each should get meanwhile."""

from marketing_pipelines.experiments.thompson import Posterior, posterior, probability_best, weights

__all__ = ["Posterior", "posterior", "probability_best", "weights"]
