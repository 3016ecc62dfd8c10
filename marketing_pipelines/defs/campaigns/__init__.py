"""Campaigns in Dagster: their calendar, and the recipients that people bring along."""
