"""Insights: what ad accounts report about themselves, read day by day into one table."""
