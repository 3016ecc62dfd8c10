"""Buffer's answers as its documentation has them, and a connector that gets them one after the other."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx

from connectors.buffer import Buffer
from connectors.retries import Patience
from tests.conftest import TRUST
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import NOON

Answer = tuple[int, bytes]

PLACE = "64c01a2b3c4d5e6f70819203"
POST = "66f0a1b2c3d4e5f607182930"
ORGANIZATION = "5f0e1d2c3b4a59687766554a"
KEY = {"access_token": "very-secret"}
GRANT = {
    **KEY,
    "refresh_token": "quite-secret",
    "client_id": "app-7",
    "client_secret": "most-secret",
}
UNAUTHENTICATED = (
    401,
    b'{"errors":[{"message":"An authentication JWT or Access Token is required",'
    b'"extensions":{"code":"UNAUTHENTICATED"}}]}',
)


def said(**data: Any) -> Answer:
    return 200, json.dumps({"data": data}).encode()


def refused(code: str, message: str = "No.", status: int = 200, **more: str) -> Answer:
    trouble = {"message": message, "extensions": {"code": code, **more}}
    return status, json.dumps({"data": None, "errors": [trouble]}).encode()


def channel(service: str = "mastodon", **changed: Any) -> Answer:
    told = {
        "id": PLACE,
        "name": "lindgruen",
        "displayName": "Lindgrün",
        "service": service,
        "organizationId": ORGANIZATION,
        "isDisconnected": False,
        "isLocked": False,
        "metadata": {},
    }
    return said(channel={**told, **changed})


def taken(status: str = "sending", **more: Any) -> Answer:
    return said(createPost={"__typename": "PostActionSuccess", "post": standing(status, **more)})


def standing(status: str, **more: Any) -> dict[str, Any]:
    return {"id": POST, "status": status, "externalLink": None, "error": None, **more}


@contextmanager
def buffer(
    *answers: Answer,
    attempts: int = 1,
    given: dict[str, str] = KEY,
    headers: dict[str, str] | None = None,
) -> Iterator[tuple[Buffer, list[httpx.Request]]]:
    heard: list[httpx.Request] = []
    with (
        answering(*answers, headers=headers) as wire,
        httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [heard.append]}) as http,
    ):
        patience = Patience(attempts=attempts, sleep=lambda _: None)
        wire = replace(wire, http=http, patience=patience, clock=lambda: NOON)
        yield Buffer.connect(given, wire), heard


def told_in(request: httpx.Request) -> dict[str, Any]:
    """The input of an operation."""
    return json.loads(request.content)["variables"]["input"]


def operation(request: httpx.Request) -> str:
    return json.loads(request.content)["query"].split("(")[0].split("{")[0].strip()
