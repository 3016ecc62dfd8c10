"""An answer stops when its reader goes, at whatever moment that is."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from store.embedded.clickhouse.server import Speaker


@pytest.mark.parametrize("turns", range(6))
def test_a_cancellation_in_the_midst_of_a_message_is_heard(turns: int) -> None:
    async def speak() -> bool:
        gate = asyncio.Event()

        async def send(_: MutableMapping[str, Any]) -> None:
            await gate.wait()

        async def answer_without_end() -> None:
            speaker = Speaker(send, "26.9", "UTC")
            while True:
                await speaker.say(b"rows")
                await asyncio.sleep(0)

        answering = asyncio.create_task(answer_without_end())
        await asyncio.sleep(0.01)
        gate.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        answering.cancel()
        await asyncio.wait([answering], timeout=1)
        heard = answering.cancelled()
        answering.cancel()
        return heard

    assert asyncio.run(speak())
