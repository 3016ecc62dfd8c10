"""What Dagster sees, one folder a domain; nothing imports this package."""
