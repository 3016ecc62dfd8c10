"""Assets and short links."""
