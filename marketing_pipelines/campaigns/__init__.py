"""Campaigns: what their dates mean, what comes next, and whom they are for."""
