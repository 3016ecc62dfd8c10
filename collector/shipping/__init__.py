"""From the edge log into ClickHouse: each record exactly once, about a second behind.

A process of its own (`python -m collector.shipping`), one a spool, so that loading never costs a request its time:
`shipper` goes round the volumes, `stretches` cuts what is next out of a segment, `cursor` remembers how far each sink
has come, `sinks` knows where each topic goes, `condition` tells the collectors how it is.
"""
