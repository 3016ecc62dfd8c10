"""Connections: what tenants granted us at providers, opened for those who read or send, renewed and sealed anew."""
