"""Offline uploads in Dagster: lists that people confirm become events."""
