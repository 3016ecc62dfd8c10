"""Trends in Dagster."""
