"""The public edge: what the internet touches. Small, fast, and it keeps its promise.

One event's way: `edge` (which door) → `requests` (bytes and headers) → `collecting` or `redirecting` → `incoming`
(what was sent) → `admission` (what is kept of it) → `edge_log` (on disk, then answered) → `shipping` (into
ClickHouse, exactly once). `directory` knows keys and links, so that no request waits for Postgres.
"""
