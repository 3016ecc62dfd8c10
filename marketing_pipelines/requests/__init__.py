"""Requests: what people ask for in the console and one run at a time does for them."""
