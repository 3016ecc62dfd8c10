"""The one daily partitioning: what shares it can be back-filled in one run, from ads to attribution."""

import dagster as dg

# Today counts: its numbers are partial, and people look at them.
DAYS = dg.DailyPartitionsDefinition(start_date="2026-01-01", end_offset=1)
