"""Currencies: what other money was worth in euros on a day, so that values can be added up."""
