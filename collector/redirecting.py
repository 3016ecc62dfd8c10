"""Short links: `GET /r/{slug}` answers with the record's target once the click is on disk."""

from time import perf_counter

from collector import answers
from collector.addresses import Atlas
from collector.consent import decide, objection, without_ids
from collector.directory import Directory, PreparedLink, Rules, Trust
from collector.edge_log import CLICKS, EdgeLog, LoggedEvent, line
from collector.ids import mint
from collector.limits import Window
from collector.metrics import Metrics
from collector.refusals import NotNow
from collector.requests import Request, Send
from collector.signals import signals_of
from collector.taking import encoded

PREFIX = "/r/"
STRICTEST = Rules(0, needs_yes=True, keeps_addresses=False)


class Redirecting:
    """Follows links from memory. Where a visitor goes never depends on what the request says."""

    def __init__(
        self,
        address: str,
        directory: Directory,
        atlas: Atlas,
        from_addresses: Window,
        log: EdgeLog,
        metrics: Metrics,
    ) -> None:
        self._address = address
        self._directory = directory
        self._atlas = atlas
        self._from_addresses = from_addresses
        self._log = log
        self._metrics = metrics
        self._seconds = metrics.latency("request_seconds", 'door="r"')

    async def follow(self, request: Request, send: Send) -> None:
        if request.method not in ("GET", "HEAD"):
            await answers.answer(send, 405, [*answers.PAGE, (b"allow", b"GET, HEAD")])
            return
        link = self._directory.link(request.path[len(PREFIX) :])
        if link is None:
            await self._leads_nowhere(send)
        elif link.is_archived:
            self._count("archived")
            page = answers.page("This link has ended", "Whoever made it has put it away.")
            await answers.answer(send, 410, answers.PAGE, page)
        elif not link.without_click:
            self._count("target_not_allowed")
            page = answers.page("This link leads nowhere", "Its target is not an address on the web.")
            await answers.answer(send, 404, answers.PAGE, page)
        else:
            await self._redirect(link, request, send)
            self._seconds.add(perf_counter() - request.began)

    async def _redirect(self, link: PreparedLink, request: Request, send: Send) -> None:
        click = self._click(link, request)
        target = link.without_click
        if click.click_id:
            target = link.before_click + click.click_id.encode() + link.after_click
        try:
            self._log.refuse_when_full()
            await self._log.append([line(CLICKS, encoded(click))])
        except NotNow:
            # The visitor goes on all the same, with a target that names no click.
            self._metrics.count("clicks_not_recorded")
            target = link.without_click
        self._count("followed")
        headers = [(b"location", target), (b"cache-control", b"private, no-store")]
        await answers.answer(send, 302, headers)

    def _click(self, link: PreparedLink, request: Request) -> LoggedEvent:
        """The click as an event; its own id is the `mp_cid` that the target gets, unless the visitor objects."""
        # A tenant that is new to us keeps as little as any may ask for, until its own rules are read.
        rules = self._directory.rules.get(link.tenant_id, STRICTEST)
        decision = decide(None, objection(request.headers), needs_yes=rules.needs_yes)
        where = self._atlas.of(request.address)
        come = self._from_addresses.add(request.address, 1, request.began)
        event_id = mint(request.received_ms)
        referrer = request.headers.get(b"referer", b"").decode("latin-1")[:2048]
        return LoggedEvent(
            tenant_id=link.tenant_id,
            event_id=event_id,
            event="click",
            received_at=request.received_ms,
            occurred_at=request.received_ms,
            trust=Trust.BROWSER,
            consent=decision.consent,
            consent_signals=decision.signals,
            url=self._address + request.path,
            referrer=referrer if decision.keeps_ids else without_ids(referrer),
            utm_source=link.utm_source,
            utm_medium=link.utm_medium,
            utm_campaign=link.utm_campaign,
            click_id=event_id if decision.keeps_ids else "",
            link_id=link.link_id,
            campaign_id=link.campaign_id,
            ip=where.shortened if rules.keeps_addresses else "",
            country=where.country,
            city=where.city,
            asn=where.asn,
            user_agent=request.user_agent,
            signals=signals_of(request, where, come),
        )

    async def _leads_nowhere(self, send: Send) -> None:
        if not self._directory.is_loaded:
            self._metrics.count("not_now")
            page = answers.page("One moment", "The links are being read. Please try again.")
            await answers.answer(send, 503, [*answers.PAGE, (b"retry-after", b"1")], page)
            return
        self._count("unknown")
        page = answers.page("This link does not exist", "There may be a letter too few or too many in it.")
        await answers.answer(send, 404, answers.PAGE, page)

    def _count(self, outcome: str) -> None:
        self._metrics.count("redirects", label=f'outcome="{outcome}"')
