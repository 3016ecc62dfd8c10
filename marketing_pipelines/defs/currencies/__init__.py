"""Currencies in Dagster."""
