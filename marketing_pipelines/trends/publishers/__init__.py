"""Asking publishers: politely, within bounds, and knowing what went wrong."""
