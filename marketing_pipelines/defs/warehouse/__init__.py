"""The warehouse in Dagster: every dbt model an asset, every dbt test a check."""
