"""How a test asks whether a call is genuine."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from collector.hooks import Authorities, Call, Provider, Verified, verify
from collector.hooks.fetching import PATIENCE_SECONDS
from tests.collector.hooks.publishing import Publisher, publishing
from tests.collector.hooks.senders import SENDERS


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    with publishing(tmp_path_factory.mktemp("authority")) as publisher:
        yield publisher


@pytest.fixture
def publisher(published: Publisher) -> Publisher:
    published.publish_as_usual()
    return published


@dataclass(frozen=True)
class Edge:
    """The receiving side; each question is put by a process that remembers nothing."""

    publisher: Publisher
    patience: float = PATIENCE_SECONDS

    def verify(self, provider: Provider, call: Call, secret: str | None = None) -> Verified:
        async def ask() -> Verified:
            async with self.publisher.client() as http:
                kept = SENDERS[provider].secret if secret is None else secret
                return await verify(provider, call, kept, Authorities(http, self.patience))

        return asyncio.run(ask())


@pytest.fixture
def edge(publisher: Publisher) -> Edge:
    return Edge(publisher)
