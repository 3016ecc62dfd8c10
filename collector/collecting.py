"""The doors for events: pages (`/collect`), servers (`/events`) and images (`/pixel.gif`)."""

from collector import answers, incoming, requests, signature
from collector.admission import Circumstances, Sender, Trust
from collector.answers import HeaderList
from collector.directory import Directory
from collector.duplicates import DurableIds
from collector.edge_log import EdgeLog, Topic
from collector.incoming import Envelope
from collector.metrics import Metrics
from collector.refusals import NotNow, Reason, Refused
from collector.requests import Headers, Receive, Scope, Send
from collector.taking import SenderOf, Taken, rejection, take
from store.records.people import KeyKind
from store.settings import Settings


class Collecting:
    """Takes events in. A 2xx is a promise: what it answers for is on disk."""

    def __init__(self, settings: Settings, directory: Directory, log: EdgeLog, metrics: Metrics) -> None:
        self._largest = settings.collect_max_body_bytes
        self._most = settings.collect_max_batch
        self._directory = directory
        self._log = log
        self._metrics = metrics
        self._durable_ids = DurableIds()

    async def from_pages(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = requests.headers_of(scope)
        origin = requests.origin_of(headers)
        cors = answers.cors(origin) if self._directory.welcomes(origin) else []
        if scope["method"] != "POST":
            await _answer_other_method(scope, headers, origin if cors else "", send)
            return
        around = requests.circumstances(scope, headers)
        body = b""
        try:
            self._ensure_open()
            body = await requests.body_of(headers, receive, self._largest)
            envelope = incoming.opened(body, self._most)
            key = _key_of(scope, headers) or envelope.key
            taken = self._take(envelope, lambda event: self._page_sender(key or event.key, origin), around)
            await self._promise(taken, "collect", send, cors)
        except (Refused, NotNow) as turned_away:
            await self._answer_turned_away(turned_away, body, around, send, cors)

    async def from_servers(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = requests.headers_of(scope)
        if scope["method"] != "POST":
            await _answer_other_method(scope, headers, "", send)
            return
        around = requests.circumstances(scope, headers)
        signed = b""
        try:
            self._ensure_open()
            signed = await requests.raw_body_of(headers, receive, self._largest)
            sender = self._signed_sender(_key_of(scope, headers), headers, signed, around)
            body = requests.unpacked(signed, headers.get(b"content-encoding", b""), self._largest)
            taken = self._take(incoming.opened(body, self._most), lambda _: sender, around)
            await self._promise(taken, "events", send, [])
        except (Refused, NotNow) as turned_away:
            await self._answer_turned_away(turned_away, signed, around, send, [])

    async def from_images(self, scope: Scope, _: Receive, send: Send) -> None:
        """An event without script, as the parameters of an image; whatever becomes of it, the page gets its image."""
        if scope["method"] != "GET":
            await answers.answer(send, 405, [*answers.GIF, (b"allow", b"GET")])
            return
        headers = requests.headers_of(scope)
        around = requests.circumstances(scope, headers)
        status = 200
        try:
            self._ensure_open()
            event = incoming.encoded(requests.query_of(scope))
            origin = requests.origin_of(headers)
            taken = self._take(
                Envelope(events=[event]), lambda event: self._page_sender(event.key, origin), around
            )
            await self._log.append(taken.frames)
            self._count(taken, "pixel")
            if taken.refusals:
                status = taken.refusals[0].reason.status
        except Refused as refused:
            self._keep_refusal(refused, scope["query_string"], around)
            status = refused.reason.status
        except NotNow:
            self._metrics.count("not_now")
            status = 503
        await answers.answer(send, status, answers.GIF, answers.PIXEL)

    def _ensure_open(self) -> None:
        self._log.refuse_when_full()
        if not self._directory.is_loaded:
            raise NotNow("The collector is starting and does not know its keys yet.", 1)

    def _take(self, envelope: Envelope, sender_of: SenderOf, around: Circumstances) -> Taken:
        return take(envelope, sender_of, around, self._durable_ids, Topic.EVENTS)

    async def _promise(self, taken: Taken, door: str, send: Send, cors: HeaderList) -> None:
        """Answers once everything that was taken is on disk."""
        if taken.accepted:
            try:
                await self._log.append(taken.frames)
            except NotNow as not_now:
                self._metrics.count("not_now")
                await answers.answer_not_now(send, not_now, cors, taken.to_be_sent_again())
                return
            self._durable_ids.remember(taken.chosen_ids)
        else:
            self._log.append_unattended(taken.frames)
        self._count(taken, door)
        if taken.accepted or taken.duplicates:
            await answers.answer(send, 200, [*answers.JSON, *cors], answers.results(taken.results))
            return
        first = taken.refusals[0]
        hidden = [] if first.reason is Reason.WRONG_ORIGIN else cors
        await answers.answer_problem(send, first, hidden, taken.results)

    def _count(self, taken: Taken, door: str) -> None:
        if taken.accepted:
            self._metrics.count("accepted", taken.accepted, f'door="{door}"')
        if taken.duplicates:
            self._metrics.count("duplicates", taken.duplicates)
        for refused in taken.refusals:
            self._metrics.count("rejected", label=f'reason="{refused.reason}"')

    def _page_sender(self, key: str | None, origin: str) -> Sender:
        if not key:
            if self._directory.default_tenant is None:
                raise Refused(Reason.MISSING_KEY, "Send the site's key as `key`, ?key= or X-Write-Key.")
            return Sender(self._directory.default_tenant, Trust.UNTRUSTED)
        known = self._directory.keys.get(key)
        if known is None or known.kind is not KeyKind.BROWSER:
            raise Refused(Reason.UNKNOWN_KEY, "This is no browser key of ours, or it has been revoked.")
        if not known.allows(origin):
            page = origin[:200] or "no origin"
            detail = f"The key is not for pages of {page}; add it to the key's origins."
            raise Refused(Reason.WRONG_ORIGIN, detail, known.tenant_id)
        return Sender(known.tenant_id, Trust.BROWSER)

    def _signed_sender(
        self, public_key: str | None, headers: Headers, signed: bytes, around: Circumstances
    ) -> Sender:
        key = self._directory.keys.get(public_key or "")
        if key is None or key.kind is not KeyKind.SERVER:
            raise Refused(Reason.UNKNOWN_KEY, "Name a server key of ours in X-Write-Key.")
        try:
            signature.verify(
                key.secret,
                signed,
                timestamp=headers.get(b"x-timestamp"),
                signatures=headers.get(b"x-signature"),
                now_ms=around.received_ms,
            )
        except Refused as refused:
            refused.tenant_id = key.tenant_id
            raise
        return Sender(key.tenant_id, Trust.SERVER)

    async def _answer_turned_away(
        self,
        turned_away: Refused | NotNow,
        body: bytes,
        around: Circumstances,
        send: Send,
        cors: HeaderList,
    ) -> None:
        """The answer to a request that was not taken as a whole."""
        if isinstance(turned_away, NotNow):
            self._metrics.count("not_now")
            await answers.answer_not_now(send, turned_away, cors)
            return
        self._keep_refusal(turned_away, body, around)
        await answers.answer_problem(send, turned_away, cors)

    def _keep_refusal(self, refused: Refused, payload: bytes, around: Circumstances) -> None:
        """Kept and counted; nobody waits for that."""
        self._metrics.count("rejected", label=f'reason="{refused.reason}"')
        self._log.append_unattended([rejection(refused, payload, around)])


def _key_of(scope: Scope, headers: Headers) -> str | None:
    """The key that the request itself names."""
    if header := headers.get(b"x-write-key"):
        return header.decode("latin-1")
    return requests.query_of(scope).get("key")


async def _answer_other_method(scope: Scope, headers: Headers, welcome_origin: str, send: Send) -> None:
    """A browser's question before it sends, or a mistake."""
    if scope["method"] == "OPTIONS":
        await answers.answer(send, 204, answers.preflight(welcome_origin, headers) if welcome_origin else [])
        return
    body = answers.problem(405, "Method not allowed", "Events are sent by POST.", reason="method")
    await answers.answer(send, 405, [*answers.PROBLEM, (b"allow", b"POST, OPTIONS")], body)
