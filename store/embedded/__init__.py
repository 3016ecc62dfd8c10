"""The embedded default: Postgres and ClickHouse out of Python wheels, for one machine and for the tests.

Nothing outside this package knows whether it talks to these engines or to a cluster.
"""
