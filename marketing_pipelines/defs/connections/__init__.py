"""Connections in Dagster."""
