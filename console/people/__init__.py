"""Those who work here and those who are written to."""
