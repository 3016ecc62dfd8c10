"""What may leave the house, as people write it, list it and stop it."""
