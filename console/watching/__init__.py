"""What happened and whether everything runs: read, hardly ever changed."""
