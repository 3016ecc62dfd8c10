"""Short links: `GET /r/{slug}` answers with the record's target once the click is on disk."""

from collector import answers, bots, requests
from collector.admission import Circumstances, Trust, mint
from collector.consent import Consent, decide, without_ids
from collector.directory import Directory, PreparedLink
from collector.edge_log import EdgeLog, LoggedEvent, Topic
from collector.edge_log.framing import framed
from collector.metrics import Metrics
from collector.refusals import NotNow
from collector.requests import Headers, Receive, Scope, Send
from collector.taking import packed

PREFIX = "/r/"


class Redirecting:
    """Follows links from memory. Where a visitor goes never depends on what the request says."""

    def __init__(self, address: str, directory: Directory, log: EdgeLog, metrics: Metrics) -> None:
        self._address = address
        self._directory = directory
        self._log = log
        self._metrics = metrics

    async def follow(self, scope: Scope, _: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await answers.answer(send, 405, [*answers.PAGE, (b"allow", b"GET, HEAD")])
            return
        link = self._directory.link(scope["path"][len(PREFIX) :])
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
            await self._redirect(link, scope, send)

    async def _redirect(self, link: PreparedLink, scope: Scope, send: Send) -> None:
        headers = requests.headers_of(scope)
        around = requests.circumstances(scope, headers)
        click = self._click(link, scope, headers, around)
        target = link.without_click
        if click.click_id:
            target = link.before_click + click.click_id.encode() + link.after_click
        try:
            self._log.refuse_when_full()
            await self._log.append([framed(Topic.CLICKS, packed(click))])
        except NotNow:
            # The visitor goes on all the same, with a target that names no click.
            self._metrics.count("clicks_not_recorded")
            target = link.without_click
        self._count("followed")
        headers_out = [(b"location", target), (b"cache-control", b"private, no-store")]
        await answers.answer(send, 302, headers_out)

    def _click(
        self, link: PreparedLink, scope: Scope, headers: Headers, around: Circumstances
    ) -> LoggedEvent:
        """The click as an event; its own id is the `mp_cid` that the target gets, unless the visitor objects."""
        decision = decide(None, objects=around.objects)
        silent = decision is Consent.DENIED
        event_id = mint(around.received_ms)
        referrer = headers.get(b"referer", b"").decode("latin-1")[:2048]
        return LoggedEvent(
            tenant_id=link.tenant_id,
            event_id=event_id,
            event="click",
            received_at=around.received_ms,
            occurred_at=around.received_ms,
            trust=Trust.BROWSER.value,
            consent=decision.value,
            url=self._address + scope["path"],
            referrer=without_ids(referrer) if silent else referrer,
            utm_source=link.utm_source,
            utm_medium=link.utm_medium,
            utm_campaign=link.utm_campaign,
            click_id="" if silent else event_id,
            link_id=link.link_id,
            campaign_id=link.campaign_id,
            ip=around.address,
            user_agent=around.user_agent,
            is_bot=around.is_program or scope["method"] == "HEAD" or bots.is_prefetch(headers),
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
