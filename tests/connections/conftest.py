"""Connections of a tenant, opened at the sandbox over real HTTP."""

from tests.connectors.conftest import sandbox
from tests.insights.conftest import _nobody_else_advertises, advertiser, house_of_runs

__all__ = ["_nobody_else_advertises", "advertiser", "house_of_runs", "sandbox"]
