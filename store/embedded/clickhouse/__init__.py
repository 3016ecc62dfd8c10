"""The embedded ClickHouse: chDB's engine in one process, served over ClickHouse's own HTTP interface.

`python -m store.embedded.clickhouse --data DIR --port N --password-file FILE` starts it.  Importing this package
loads neither chDB nor a web server, and works without the `embedded` extra.
"""
