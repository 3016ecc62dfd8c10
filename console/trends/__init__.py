"""Trends: the feeds that a tenant reads, found, listed, changed and carried from one reader to another."""
