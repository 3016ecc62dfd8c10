"""The door for providers' web hooks: `/hooks/{provider}` and `/webhooks/{provider}`.

A genuine call is kept as it came and answered in milliseconds; what it means is other rooms' business.
"""

from base64 import b64encode
from collections.abc import Mapping
from time import perf_counter

import httpx
import msgspec

from collector import answers
from collector.directory import Directory, HookSecret
from collector.duplicates import DurableIds
from collector.edge_log import HOOKS, EdgeLog, LoggedCall, line
from collector.hooks import (
    LARGEST_BODY,
    Authorities,
    Call,
    CannotVerifyNow,
    NotGenuine,
    Provider,
    Verified,
    verify,
)
from collector.limits import Window, refuse_beyond
from collector.metrics import Metrics
from collector.refusals import NotNow, Reason, Refused
from collector.requests import Request, Send

PREFIXES = ("/hooks/", "/webhooks/")
# What is kept of a call's head: enough to interpret the body, and nothing that proves anything.
KEPT_HEADERS = (b"content-type", b"content-encoding", b"user-agent", b"x-amz-sns-message-type", b"webhook-id")
CALLS_A_SECOND = 500
PROVIDERS = {provider.value: provider for provider in Provider}
TEXT = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
XML = [(b"content-type", b"text/xml; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
# What Twilio is answered in plain text it sends to the phone: it is told that there is nothing to be said.
SILENCE: Mapping[Provider, bytes] = {Provider.TWILIO: b"<Response/>\n"}

_encoded = msgspec.json.Encoder().encode


class Receiving:
    """Takes providers' calls in; a 2xx says that the call is on disk, or was before."""

    def __init__(self, directory: Directory, log: EdgeLog, metrics: Metrics) -> None:
        self._directory = directory
        self._log = log
        self._metrics = metrics
        # Neither proxies of the environment nor redirects: whom it asks is a fixed list of addresses.
        self._http = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        self._authorities = Authorities(self._http)
        self._durable_ids = DurableIds()
        self._from_addresses = Window()
        self._seconds = metrics.latency("request_seconds", 'door="hooks"')

    async def close(self) -> None:
        await self._http.aclose()

    async def take(self, request: Request, send: Send) -> None:
        name = request.path.split("/", 2)[2]
        if request.method not in ("GET", "POST"):
            await answers.answer(send, 405, [*TEXT, (b"allow", b"GET, POST")])
            return
        if (provider := PROVIDERS.get(name)) is None:
            self._count("unknown", "no_such_provider")
            body = answers.problem(
                404,
                "Not found",
                "There is no such provider.",
                reason="unknown_provider",
                request_id=request.id,
            )
            await answers.answer(send, 404, answers.PROBLEM, body)
            return
        try:
            await self._take(provider, request, send)
        except Refused as refused:
            self._count(provider, refused.reason)
            await answers.answer_problem(send, refused, request.id, [])
        except NotNow as not_now:
            self._count(provider, "not_now")
            await answers.answer_not_now(send, not_now, request.id, [])
        self._seconds.add(perf_counter() - request.began)

    async def _take(self, provider: Provider, request: Request, send: Send) -> None:
        come = self._from_addresses.add(request.address, 1, request.began)
        refuse_beyond(CALLS_A_SECOND, come, "address")
        self._log.refuse_when_full()
        if not self._directory.knows_senders:
            raise NotNow("The collector is starting and does not know its secrets yet.", 1)
        body = await request.body(LARGEST_BODY)
        call = Call(request.headers, request.query(), body, request.received_ms)
        kept, verified = await self._proven(provider, call)
        if verified.answer is not None:
            self._count(provider, "challenge")
            await answers.answer(send, 200, TEXT, verified.answer)
            return
        event_id = verified.provider_event_id or verified.nonce
        known = (kept.tenant_id, f"{provider}:{event_id}")
        if event_id and known in self._durable_ids:
            self._count(provider, "repeated")
            await _answer(send, provider, b"known\n")
            return
        await self._log.append([line(HOOKS, _entry(kept, provider, event_id, call))])
        if event_id:
            self._durable_ids.remember([known])
        self._count(provider, "kept")
        await _answer(send, provider, b"kept\n")

    async def _proven(self, provider: Provider, call: Call) -> tuple[HookSecret, Verified]:
        """Whose secret proves the call; several tenants, and several secrets of one, are tried in turn."""
        unsure: CannotVerifyNow | None = None
        reason = NotGenuine(f"No secret of {provider} is kept here.")
        for kept in self._directory.hook_secrets.get(provider, ()):
            try:
                return kept, await verify(provider, call, kept.secret, self._authorities)
            except NotGenuine as not_genuine:
                reason = not_genuine
            except CannotVerifyNow as cannot:
                unsure = cannot
        if unsure is not None:
            raise unsure
        raise reason

    def _count(self, name: str, outcome: str | Reason) -> None:
        self._metrics.count("hook_calls", label=f'provider="{name}",outcome="{outcome}"')


async def _answer(send: Send, provider: Provider, done: bytes) -> None:
    silence = SILENCE.get(provider)
    await answers.answer(send, 200, TEXT if silence is None else XML, done if silence is None else silence)


def _entry(kept: HookSecret, provider: Provider, event_id: str | None, call: Call) -> LoggedCall:
    headers = {
        name.decode(): call.headers[name][:1024].decode("latin-1")
        for name in KEPT_HEADERS
        if name in call.headers
    }
    return LoggedCall(
        tenant_id=kept.tenant_id,
        received_at=call.received_ms,
        provider=provider,
        provider_event_id=event_id,
        secret_id=kept.number,
        headers=_encoded(headers).decode(),
        body=b64encode(call.body).decode(),
    )
