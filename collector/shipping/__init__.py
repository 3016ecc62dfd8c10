"""From the edge log into ClickHouse: each record exactly once, about a second behind."""

from collector.shipping.shipper import Shipper

__all__ = ["Shipper"]
