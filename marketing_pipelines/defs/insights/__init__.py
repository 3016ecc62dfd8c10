"""Insights in Dagster."""
