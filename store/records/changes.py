"""The channel on which Postgres tells that a tenant's records have changed, by triggers on what people watch."""

CHANNEL = "mp_changes"
