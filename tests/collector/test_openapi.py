"""The document of the doors: it is drawn from what decodes and answers, and a running collector keeps to it."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import hypothesis
import jsonschema
import msgspec
import pytest
import schemathesis
from argon2 import PasswordHasher
from fastapi import FastAPI
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from collector import openapi
from collector.hooks import Provider
from collector.incoming import IncomingEvent
from collector.openapi.schemas import MEANINGS, schemas
from store import records, unsubscribe_tokens
from store.audit import Actor, ActorKind
from store.records import hooks
from store.records.links import Link
from store.records.schema import ContactId
from store.settings import Role, Settings, load
from store.unsubscribe_tokens import Leaving
from tests.collector.conftest import SHOP, Collector, Site, environment, running_collector, sign_headers

# What uvicorn adds to every answer.
ALWAYS = {"date", "content-length", "content-type"}


def no_header_is_untold(ctx: Any, response: Response, case: Case) -> None:
    """The document names every header that the doors set themselves; a status that it lacks is another check's."""
    told = case.operation.definition.raw["responses"].get(str(response.status_code))
    if told is None:
        return
    untold = set(response.headers) - ALWAYS - {name.lower() for name in told.get("headers", {})}
    assert not untold, f"{case.method} {case.path} answered {response.status_code} with {untold}"


CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    no_header_is_untold,
]


def hot_doors() -> dict[str, Any]:
    """Without FastAPI's own routes."""
    return openapi.document(load(_env_file=None), FastAPI(title="Collector", version="0").openapi())


every_door = schemathesis.openapi.from_dict(hot_doors())
doors = schemathesis.openapi.from_dict(hot_doors()).exclude(
    path=["/attribution/collect", "/webhooks/{provider}"]
)
doors.config.phases.coverage.enabled = False


TOKEN = uuid.uuid4().hex
LOCKED, PASSWORD = f"l-{uuid.uuid4().hex[:10]}", "let me in"


@pytest.fixture(scope="module")
def collector(
    settings: Settings, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collector]:
    """One that knows the secret of a hook, and takes any number of requests."""
    with records.session(settings, Role.OWNER) as session:
        hooks.keep_secret(
            session, Actor(ActorKind.OPERATOR, "test"), site.tenant, provider=Provider.POSTMARK, secret=TOKEN,
            label="test", sealing_key=settings.derived(hooks.SEALED_FOR),
        )  # fmt: skip
        locked = PasswordHasher().hash(PASSWORD)
        session.add(Link(tenant_id=site.tenant, slug=LOCKED, target_url=f"{SHOP}/", password_hash=locked))
    given = environment(
        settings, tmp_path_factory.mktemp("edge"), DEFAULT_TENANT=site.slug, COLLECT_MAX_ADDRESS_RATE="0"
    )
    with running_collector(given, ships=False) as running:
        yield running


@doors.parametrize()
@hypothesis.settings(max_examples=25)
def test_whatever_is_sent_is_answered_as_the_document_says(case: Case, collector: Collector) -> None:
    case.call_and_validate(str(collector.http.base_url), checks=CHECKS, allow_redirects=False)


@pytest.mark.faults
@pytest.mark.timeout(900)
@every_door.parametrize()
@hypothesis.settings(max_examples=100)
def test_however_much_is_sent_it_is_answered_as_the_document_says(case: Case, collector: Collector) -> None:
    case.call_and_validate(
        str(collector.http.base_url), checks=[*CHECKS, unsupported_method], allow_redirects=False
    )


EVENT = {
    "event": "lead",
    "value": "12.50",
    "currency": "EUR",
    "ts": "2026-11-01T10:00:00+01:00",
    "props": {"a": 1},
}
WRONG = {"event": "lead", "value": "much"}
TABLE: list[tuple[str, str, dict[str, Any], int]] = [
    ("post", "/collect", {"json": EVENT}, 200),
    ("post", "/collect", {"json": [EVENT, WRONG], "headers": {"Origin": SHOP}}, 200),
    ("post", "/attribution/collect", {"json": {"events": [EVENT]}, "headers": {"Prefer": "return=minimal"}}, 204),
    ("post", "/collect", {"json": WRONG}, 400),
    ("post", "/collect", {"json": EVENT, "headers": {"X-Write-Key": "pk_nobody"}}, 401),
    ("post", "/collect", {"json": {**EVENT, "key": "{browser_key}"}, "headers": {"Origin": "https://a.example"}}, 403),
    ("post", "/collect", {"content": b"x" * 600_000}, 413),
    ("post", "/collect", {"json": [EVENT] * 501}, 413),
    ("post", "/collect", {"json": EVENT, "headers": {"Content-Encoding": "br"}}, 415),
    (
        "options", "/collect",
        {"headers": {"Origin": SHOP, "Access-Control-Request-Method": "POST"}}, 204,
    ),
    ("options", "/events", {"headers": {"Origin": SHOP}}, 204),
    ("post", "/events", {"json": EVENT}, 401),
    ("get", "/pixel.gif", {"params": {"event": "page_view", "url": "https://shop.example/"}}, 200),
    ("get", "/pixel.gif", {"params": {"value": "much"}}, 400),
    ("get", "/pixel.gif", {"params": {"key": "pk_nobody"}}, 401),
    ("get", "/r/{slug}", {}, 302),
    ("head", "/r/{slug}", {}, 302),
    ("post", "/r/{slug}", {"data": {"password": "none"}}, 405),
    ("get", "/u/{token}", {}, 200),
    ("head", "/u/{token}", {}, 200),
    ("post", "/u/{token}", {}, 200),
    ("post", "/hooks/{provider}", {"json": {"RecordType": "Open"}, "headers": {"X-Webhook-Token": TOKEN}}, 200),
    ("post", "/hooks/{provider}", {"json": {}}, 401),
    ("get", "/healthz", {}, 200),
    ("get", "/readyz", {}, 200),
    ("get", "/metrics", {}, 200),
    ("get", "/edge.css", {}, 200),
    ("get", "/openapi.json", {}, 200),
    ("get", "/t.js", {}, 200),
    ("get", "/t.js", {"headers": {"Accept-Encoding": "identity"}}, 200),
]  # fmt: skip


@pytest.fixture(scope="module")
def document(collector: Collector) -> dict[str, Any]:
    return collector.http.get("/openapi.json").json()


@pytest.mark.parametrize(("method", "door", "asked", "status"), TABLE)
def test_each_answer_is_in_the_document(
    collector: Collector,
    document: dict[str, Any],
    settings: Settings,
    site: Site,
    method: str,
    door: str,
    asked: dict[str, Any],
    status: int,
) -> None:
    key = settings.derived(unsubscribe_tokens.PURPOSE)
    token = unsubscribe_tokens.token(key, Leaving(tenant=site.tenant, contact=ContactId(1), action=1))
    path = door.format(slug=site.link, token=token, provider=Provider.POSTMARK)
    said = json.loads(json.dumps(asked.get("json")).replace("{browser_key}", site.browser_key))
    answer = collector.http.request(method, path, **(asked | {"json": said} if said else asked))
    assert answer.status_code == status
    as_documented(document, method, door, answer)


def as_documented(document: dict[str, Any], method: str, door: str, answer: httpx.Response) -> None:
    case = schemathesis.openapi.from_dict(document)[door][method].Case(
        path_parameters=dict.fromkeys(("slug", "token", "provider"), "x")
    )
    case.validate_response(answer, checks=CHECKS)


def test_a_signed_event_and_a_known_pixel_are_answered_as_documented(
    collector: Collector, document: dict[str, Any], site: Site
) -> None:
    body = json.dumps(EVENT).encode()
    signed = collector.http.post("/events", content=body, headers=sign_headers(site, body))
    assert signed.status_code == 200
    as_documented(document, "post", "/events", signed)
    tag = collector.http.get("/t.js").headers["etag"]
    known = collector.http.get("/t.js", headers={"If-None-Match": tag})
    assert known.status_code == 304
    as_documented(document, "get", "/t.js", known)


@pytest.mark.parametrize(
    ("method", "form", "status"),
    [
        ("get", {}, 200),
        ("head", {}, 200),
        ("post", {"password": "no"}, 403),
        ("post", {"password": PASSWORD}, 303),
    ],
)
def test_a_link_with_a_password_is_answered_as_documented(
    collector: Collector, document: dict[str, Any], method: str, form: dict[str, str], status: int
) -> None:
    answer = collector.http.request(method, f"/r/{LOCKED}", data=form)
    assert answer.status_code == status
    as_documented(document, method, "/r/{slug}", answer)


def test_the_served_document_is_the_one_that_is_tried(document: dict[str, Any]) -> None:
    assert {path: document["paths"][path] for path in hot_doors()["paths"]} == hot_doors()["paths"]


def test_every_field_of_an_event_is_explained() -> None:
    assert set(MEANINGS) == {field.encode_name for field in msgspec.structs.fields(IncomingEvent)}


def test_what_the_document_says_of_an_event_is_what_the_decoder_takes() -> None:
    """Each at the bound and beyond it."""
    event = schemas(1)[IncomingEvent.__name__]
    components = {"components": {"schemas": schemas(1)}}
    for said, fits in [
        (EVENT, True),
        ({}, False),
        ({"event": ""}, False),
        ({"event": "e" * 64}, True),
        ({"event": "e" * 65}, False),
        ({"event": "e", "id": "i" * 128}, True),
        ({"event": "e", "id": "i" * 129}, False),
        ({"event": "e", "ts": 1.5, "sent_at": "1" * 40}, True),
        ({"event": "e", "ts": "1" * 41}, False),
        ({"event": "e", "currency": "EURO"}, False),
        ({"event": "e", "consent": True}, True),
        ({"event": "e", "consent": "denied"}, True),
        ({"event": "e", "consent": "perhaps"}, False),
        ({"event": "e", "value": 1, "props": None, "unknown": []}, True),
        ({"event": "e", "value": "1"}, True),
        ({"event": "e", "value": True}, False),
    ]:
        assert jsonschema.Draft202012Validator({**event, **components}).is_valid(said) is fits, said
        assert decodes(said) is fits, said


def decodes(said: dict[str, Any]) -> bool:
    try:
        msgspec.json.decode(json.dumps(said), type=IncomingEvent)
    except msgspec.ValidationError:
        return False
    return True
