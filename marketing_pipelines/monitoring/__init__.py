"""Looking after the house itself: what grows without bound is pruned, what must be whole is verified."""
