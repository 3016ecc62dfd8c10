"""The ground floor: settings, records (Postgres), events (ClickHouse), secrets, audit and the clock.

Everything else may import it; it imports nothing else of ours.
"""
