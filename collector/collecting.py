"""The doors for events: pages (`/collect`), servers (`/events`) and images (`/pixel.gif`)."""

from time import perf_counter

from collector import answers, click_ids, incoming, signature
from collector.addresses import Atlas
from collector.admission import Admission, Circumstances
from collector.answers import HeaderList
from collector.click_ids import ClickIds
from collector.consent import objection
from collector.directory import Directory, Sender
from collector.duplicates import DurableIds
from collector.edge_log import EdgeLog
from collector.incoming import IncomingEvent, Opened
from collector.limits import Window, refuse_beyond
from collector.metrics import Metrics
from collector.refusals import NotNow, Reason, Refused
from collector.rejections import Rejections
from collector.requests import Request, Send
from collector.signals import signals_of
from collector.taking import Taken, take
from store.records.collector_keys import KeyKind
from store.settings import Settings


class Door:
    """What is counted of one way in."""

    def __init__(self, name: str, metrics: Metrics) -> None:
        self.name = name
        self.label = f'door="{name}"'
        self.seconds = metrics.latency("request_seconds", self.label)


class Collecting:
    """Takes events in. A 2xx is a promise: what it answers for is on disk."""

    def __init__(
        self,
        settings: Settings,
        directory: Directory,
        atlas: Atlas,
        from_addresses: Window,
        log: EdgeLog,
        rejections: Rejections,
        metrics: Metrics,
    ) -> None:
        self._largest_sent = settings.collect_max_body_bytes
        self._largest = settings.collect_max_unpacked_bytes
        self._most = settings.collect_max_batch
        self._an_address_a_second = settings.collect_max_address_rate
        self._directory = directory
        self._atlas = atlas
        self._from_addresses = from_addresses
        self._from_keys = Window()
        self._log = log
        self._rejections = rejections
        self._metrics = metrics
        self._durable_ids = DurableIds()
        self._click_ids = ClickIds(settings.derived(click_ids.PURPOSE))
        self._pages = Door("collect", metrics)
        self._servers = Door("events", metrics)
        self._images = Door("pixel", metrics)

    async def from_pages(self, request: Request, send: Send) -> None:
        origin = request.origin
        cors = answers.cors(origin) if self._directory.welcomes(origin) else []
        if request.method != "POST":
            await _answer_other_method(request, origin if cors else "", send)
            return
        around = self._circumstances(request)
        body = b""
        try:
            self._ensure_open()
            body = await request.body(self._largest_sent)
            opened = incoming.opened(request.unpacked(body, self._largest), self._most)
            self._charge_address(request, opened, around)
            taken = self._take(opened, _key_of(request) or opened.key, origin, around)
        except (Refused, NotNow) as turned_away:
            await self._turn_away(turned_away, body, around, request, self._pages, send, cors)
            return
        await self._promise(taken, request, around, self._pages, send, cors)

    async def from_servers(self, request: Request, send: Send) -> None:
        if request.method != "POST":
            await _answer_other_method(request, "", send)
            return
        around = self._circumstances(request)
        signed = b""
        try:
            self._ensure_open()
            signed = await request.body(self._largest_sent)
            sender = self._signed_sender(request, signed)
            opened = incoming.opened(request.unpacked(signed, self._largest), self._most)
            taken = take(opened, lambda _: sender, self._admission(opened, around), self._durable_ids)
        except (Refused, NotNow) as turned_away:
            await self._turn_away(turned_away, signed, around, request, self._servers, send, [])
            return
        await self._promise(taken, request, around, self._servers, send, [])

    async def from_images(self, request: Request, send: Send) -> None:
        """An event without script, as the parameters of an image; whatever becomes of it, the page gets its image."""
        if request.method != "GET":
            await answers.answer(send, 405, [*answers.GIF, (b"allow", b"GET")])
            return
        around = self._circumstances(request)
        status = 200
        try:
            self._ensure_open()
            opened = incoming.opened(incoming.encoded(request.query()), 1)
            self._charge_address(request, opened, around)
            taken = self._take(opened, None, request.origin, around)
            if taken.accepted:
                await self._log.append([bytes(taken.records)])
            self._tell(taken, around, request, self._images)
            if taken.refused:
                status = taken.refused[0][0].reason.status
        except Refused as refused:
            self._rejections.keep(refused, request.query_string, around, request, self._images.name)
            status = refused.reason.status
        except NotNow:
            self._metrics.count("not_now")
            status = 503
        await answers.answer(send, status, answers.GIF, answers.PIXEL)
        self._images.seconds.add(perf_counter() - request.began)

    def _circumstances(self, request: Request) -> Circumstances:
        where = self._atlas.of(request.address)
        come = self._from_addresses.add(request.address, 1, request.began)
        return Circumstances(
            request.received_ms,
            objection(request.headers),
            request.user_agent,
            where,
            come,
            signals_of(request, where, come),
        )

    def _admission(self, opened: Opened, around: Circumstances) -> Admission:
        return Admission(
            around,
            self._atlas.of,
            self._directory.salts,
            self._click_ids,
            sent_at=opened.sent_at,
            consent=opened.consent,
        )

    def _ensure_open(self) -> None:
        self._log.refuse_when_full()
        if not self._directory.knows_senders:
            raise NotNow("The collector is starting and does not know its keys yet.", 1)

    def _charge_address(self, request: Request, opened: Opened, around: Circumstances) -> None:
        come = around.come
        if further := len(opened.events) - 1:
            come = self._from_addresses.add(request.address, further, request.began)
        refuse_beyond(self._an_address_a_second, come, "address")

    def _take(self, opened: Opened, key: str | None, origin: str, around: Circumstances) -> Taken:
        """What a page sent, by the request's key or else by each event's own."""
        known: dict[str | None, Sender] = {}

        def sender_of(event: IncomingEvent) -> Sender:
            named = key or event.key
            if (sender := known.get(named)) is None:
                sender = known[named] = self._directory.page_sender(named, origin)
            if sender.events_a_second:
                self._charge_key(named or origin, sender)
            return sender

        return take(opened, sender_of, self._admission(opened, around), self._durable_ids)

    def _charge_key(self, key: str, sender: Sender) -> None:
        come = self._from_keys.add(key, 1, perf_counter())
        refuse_beyond(sender.events_a_second, come, "key", sender.rules.tenant_id)

    async def _promise(
        self,
        taken: Taken,
        request: Request,
        around: Circumstances,
        door: Door,
        send: Send,
        cors: HeaderList,
    ) -> None:
        """Answers once everything that was taken is on disk."""
        if taken.accepted:
            try:
                await self._log.append([bytes(taken.records)])
            except NotNow as not_now:
                self._metrics.count("not_now")
                await answers.answer_not_now(send, not_now, request.id, cors, taken.to_be_sent_again())
                return
            if taken.chosen_ids:
                self._durable_ids.remember(taken.chosen_ids)
        self._tell(taken, around, request, door)
        if not taken.accepted and not taken.duplicates:
            first = taken.refused[0][0]
            hidden = [] if first.reason is Reason.WRONG_ORIGIN else cors
            await answers.answer_problem(send, first, request.id, hidden, taken.results)
        elif not taken.refused and request.headers.get(b"prefer") == b"return=minimal":
            await answers.answer(send, 204, cors)
        else:
            await answers.answer(send, 200, [*answers.JSON, *cors], answers.results(taken.results))
        door.seconds.add(perf_counter() - request.began)

    def _tell(self, taken: Taken, around: Circumstances, request: Request, door: Door) -> None:
        if taken.accepted:
            self._metrics.count("accepted", taken.accepted, door.label)
        if taken.duplicates:
            self._metrics.count("duplicates", taken.duplicates)
        for refused, payload in taken.refused:
            self._rejections.keep(refused, payload, around, request, door.name)

    def _signed_sender(self, request: Request, signed: bytes) -> Sender:
        key = self._directory.keys.get(_key_of(request) or "")
        if key is None or key.kind is not KeyKind.SERVER:
            raise Refused(Reason.UNKNOWN_KEY, "Name a server key of ours in X-Write-Key.")
        try:
            signature.verify(
                key.secrets,
                signed,
                timestamp=request.headers.get(b"x-timestamp"),
                signatures=request.headers.get(b"x-signature"),
                now_ms=request.received_ms,
            )
        except Refused as refused:
            refused.tenant_id = key.sender.rules.tenant_id
            raise
        return key.sender

    async def _turn_away(
        self,
        turned_away: Refused | NotNow,
        body: bytes,
        around: Circumstances,
        request: Request,
        door: Door,
        send: Send,
        cors: HeaderList,
    ) -> None:
        """The answer to a request that was not taken as a whole."""
        if isinstance(turned_away, NotNow):
            self._metrics.count("not_now")
            await answers.answer_not_now(send, turned_away, request.id, cors)
            return
        self._rejections.keep(turned_away, body, around, request, door.name)
        await answers.answer_problem(send, turned_away, request.id, cors)


def _key_of(request: Request) -> str | None:
    """The key that the request itself names."""
    if header := request.headers.get(b"x-write-key"):
        return header.decode("latin-1")
    return request.query().get("key") if request.query_string else None


async def _answer_other_method(request: Request, welcome_origin: str, send: Send) -> None:
    """A browser's question before it sends, or a mistake."""
    if request.method == "OPTIONS":
        allowed = answers.preflight(welcome_origin, request.headers) if welcome_origin else []
        await answers.answer(send, 204, allowed)
        return
    body = answers.problem(
        405, "Method not allowed", "Events are sent by POST.", reason="method", request_id=request.id
    )
    await answers.answer(send, 405, [*answers.PROBLEM, (b"allow", b"POST, OPTIONS")], body)
