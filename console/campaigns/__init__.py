"""What belongs together, when it runs, and the calendar of it."""
