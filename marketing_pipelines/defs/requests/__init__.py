"""What people ask for in the console, in Dagster."""
