"""What every screen shares: how it is rendered, what words, days and forms mean."""
