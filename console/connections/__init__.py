"""What the tenant has connected: channels, what was granted at each, and the accounts that are read through it."""
