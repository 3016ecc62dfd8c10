"""The sandbox and a receiver of web hooks, each served over real HTTP on a port of its own."""

from collections.abc import Iterator

import pytest

from tests.connectors.running_sandbox import Sandbox, running
from tests.outbound.receiver import Receiver, receiving


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(Sandbox()) as served:
        yield served


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened
