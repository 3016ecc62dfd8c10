"""Billing: what payment providers tell, read as it comes."""
