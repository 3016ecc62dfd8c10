"""Analytics in Dagster: exports that people ask for."""
