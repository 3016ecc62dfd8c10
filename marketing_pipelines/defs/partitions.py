"""The one daily partitioning: what shares it can be back-filled in one run, from ads to attribution."""

import dagster as dg

# A year and a half before the first house, for what it brings along: ads, rates, uploads. Today counts: its numbers are
# partial, and people look at them.
DAYS = dg.DailyPartitionsDefinition(start_date="2025-01-01", end_offset=1)
