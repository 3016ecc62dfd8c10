"""Experiments in Dagster."""
