"""The how-to builds a channel: its very code, read out of the page, under a name that is there."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from connectors.errors import Forbidden, Invalid, UnknownOutcome
from connectors.face import Connector
from connectors.publishing import FoundPlace, Network, Post, Published, Publishes
from tests.connectors.answering import answering

PAGE = Path(__file__).parents[2] / "docs/how-to/add-a-channel.md"
GIVEN = {"site": "https://chat.example", "email": "bot@chat.example", "api_key": "very-secret"}


@pytest.fixture(scope="module")
def zulip() -> Any:
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    module = ModuleType("zulip")
    exec(compile(code.replace(".ZULIP", ".SLACK"), str(PAGE), "exec"), module.__dict__)  # noqa: S102 - our own page
    return module.Zulip


def test_it_has_the_face(zulip: Any) -> None:
    with answering() as wire:
        opened = zulip.connect(GIVEN, wire)
    assert isinstance(opened, Connector)
    assert isinstance(opened, Publishes)
    assert GIVEN["api_key"] not in repr(opened)


def test_it_lists_publishes_and_finds_again(zulip: Any) -> None:
    streams = json.dumps({"result": "success", "streams": [{"stream_id": 7, "name": "general"}]}).encode()
    with answering((200, streams)) as wire:
        assert zulip.connect(GIVEN, wire).places() == [
            FoundPlace(id="7", name="general", network=Network.SLACK)
        ]
    with answering((200, b'{"result":"success","id":42}')) as wire:
        assert zulip.connect(GIVEN, wire).publish("7", Network.SLACK, Post(text="Hello")) == Published(
            id="42"
        )
    kept = {"messages": [{"id": 42, "content": "Hello", "timestamp": 1_790_000_000}]}
    with answering((200, json.dumps(kept).encode())) as wire:
        since = datetime.fromtimestamp(1_790_000_000, UTC)
        found = zulip.connect(GIVEN, wire).published_since("7", Network.SLACK, Post(text="Hello"), since)
        assert found == Published(id="42")


@pytest.mark.parametrize(
    ("answer", "error"),
    [((500, b""), UnknownOutcome), ((403, b"{}"), Forbidden), ((200, b"[]"), UnknownOutcome)],
)
def test_what_goes_wrong_has_its_class(zulip: Any, answer: tuple[int, bytes], error: type[Exception]) -> None:
    with answering(answer) as wire, pytest.raises(error):
        zulip.connect(GIVEN, wire).publish("7", Network.SLACK, Post(text="Hello"))


@pytest.mark.parametrize("place", ["", "1/2", "../1"])
def test_what_is_no_number_goes_nowhere(zulip: Any, place: str) -> None:
    with answering() as wire, pytest.raises(Invalid):
        zulip.connect(GIVEN, wire).publish(place, Network.SLACK, Post(text="Hello"))
