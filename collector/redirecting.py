"""Short links: `GET /r/{slug}` answers with the record's target once the click is on disk."""

from time import perf_counter

from collector import answers, click_ids, leading
from collector.addresses import Atlas, Whereabouts
from collector.answers import HeaderList
from collector.click_ids import ClickIds
from collector.consent import decide, objection, without_ids
from collector.directory import Directory, PreparedLink, Rules, Terms, Trust
from collector.edge_log import CLICKS, EdgeLog, LoggedEvent, line
from collector.edge_log.entries import NO_PROPS
from collector.ids import mint
from collector.leading import Ending, Lead, Visitor
from collector.limits import Window
from collector.metrics import Metrics
from collector.passwords import Passwords
from collector.refusals import NotNow, Refused
from collector.requests import Request, Send
from collector.signals import signals_of
from collector.uses import Uses
from marketing_pipelines.links.parameters import merged, with_parameters
from store.settings import Service, Settings

PREFIX = "/r/"
AGAIN_SOON = (b"retry-after", b"1")
# A tenant that is new to us keeps as little as any may ask for, until its own rules are read.
STRICTEST = Rules(0, needs_yes=True, keeps_addresses=False)

# What a page says instead: status, title, text.
ENDINGS = {
    Ending.ARCHIVED: (410, "This link has ended", "Whoever made it has put it away."),
    Ending.NOT_YET: (404, "This link is not open yet", "Please come again later."),
    Ending.EXPIRED: (410, "This link has ended", "It was meant for a time that is over."),
    Ending.USED_UP: (410, "This link has been used up", "It was meant for a certain number of people."),
    Ending.UNCOUNTED: (503, "One moment", "This link cannot be followed just now. Please try again."),
    Ending.BLOCKED: (403, "This link is blocked", "What it leads to is not safe to visit."),
    Ending.NOT_USABLE: (404, "This link leads nowhere", "Its target is not an address on the web."),
}
# Browsers hold the answer to a form to this too, and the target is on another site.
FORM_PAGE: HeaderList = [
    (name, value.replace(b"form-action 'self'", b"form-action 'self' https: http:"))
    for name, value in answers.PAGE
]


class Redirecting:
    """Follows links from memory. Where a visitor goes never depends on what the request says."""

    def __init__(
        self,
        settings: Settings,
        directory: Directory,
        atlas: Atlas,
        from_addresses: Window,
        log: EdgeLog,
        metrics: Metrics,
    ) -> None:
        self._address = settings.address(Service.COLLECTOR)
        self._directory = directory
        self._atlas = atlas
        self._from_addresses = from_addresses
        self._log = log
        self._metrics = metrics
        self._click_ids = ClickIds(settings.derived(click_ids.PURPOSE))
        self._key_of_chance = settings.derived("link-variants")
        self._passwords = Passwords()
        self._uses = Uses(settings)
        self._seconds = metrics.latency("request_seconds", 'door="r"')

    async def follow(self, request: Request, send: Send) -> None:
        link = self._directory.links.get(request.path[len(PREFIX) :])
        if request.method not in ("GET", "HEAD") and not (request.method == "POST" and _asks(link)):
            allow = b"GET, HEAD, POST" if _asks(link) else b"GET, HEAD"
            await answers.answer(send, 405, [*answers.PAGE, (b"allow", allow)])
        elif link is None:
            await self._leads_nowhere(send)
        else:
            await self._follow(link, request, send)
        self._seconds.add(perf_counter() - request.began)

    async def close(self) -> None:
        self._passwords.close()
        await self._uses.close()

    async def _follow(self, link: PreparedLink, request: Request, send: Send) -> None:
        terms, block_list = link.terms, self._directory.block_list
        where = self._atlas.of(request.address)
        come = self._from_addresses.add(request.address, 1, request.began)
        signals = signals_of(request, where, come)
        if terms is None:
            lead = leading.straight(link, block_list)
        elif ending := leading.closed(terms, request.received_ms):
            lead = leading.elsewhere(terms, ending, block_list)
        elif terms.password_hash and not await self._lets_in(link, terms.password_hash, request, send):
            return
        else:
            lead = await self._lead(link, terms, request, where, signals)
        if lead.address:
            await self._redirect(link, lead, request, where, signals, send)
        else:
            await self._say_why(lead.ending or Ending.NOT_USABLE, send)

    async def _lead(
        self, link: PreparedLink, terms: Terms, request: Request, where: Whereabouts, signals: tuple[str, ...]
    ) -> Lead:
        """Where the link leads this visitor, one use less where it has a limit."""
        block_list = self._directory.block_list
        if terms.targets:
            visitor = self._visitor(link, request, where)
            lead = leading.chosen(link, terms, visitor, block_list)
        else:
            lead = leading.straight(link, block_list)
        if terms.has_limit and lead.ending is None:
            is_person = leading.is_person(request.user_agent, signals)
            if ending := await self._uses.ending(link.link_id, is_person=is_person):
                return leading.elsewhere(terms, ending, block_list)
        return lead

    def _visitor(self, link: PreparedLink, request: Request, where: Whereabouts) -> Visitor:
        return Visitor(
            country=where.country,
            user_agent=request.user_agent,
            accept_language=request.headers.get(b"accept-language", b"").decode("latin-1"),
            chance=leading.chance_of(self._key_of_chance, link.link_id, request.address, request.user_agent),
        )

    async def _lets_in(self, link: PreparedLink, password_hash: str, request: Request, send: Send) -> bool:
        """Whether the request brings the link's password; else the form that asks for it is the answer."""
        status, outcome, text = 200, "password_asked", "Whoever gave you this link has its password, too."
        if request.method == "POST":
            try:
                if await self._passwords.fits(password_hash, link.link_id, request):
                    return True
                status, outcome, text = 403, "password_wrong", "That is not the password. Please try again."
            except Refused as refused:
                status, outcome, text = refused.reason.status, "password_refused", refused.detail
        self._count(outcome)
        page = answers.page("This link has a password", text, button="Go on", password="Password")  # noqa: S106 (a label)
        await answers.answer(send, status, FORM_PAGE, page)
        return False

    async def _redirect(
        self,
        link: PreparedLink,
        lead: Lead,
        request: Request,
        where: Whereabouts,
        signals: tuple[str, ...],
        send: Send,
    ) -> None:
        click = self._click(link, lead, request, where, signals)
        target = lead.address
        if link.terms and link.terms.passed_parameters:
            query = request.query_string.decode("latin-1")
            target = merged(target, query, link.terms.passed_parameters)
        signed = target
        if click.click_id:
            said = self._click_ids.signed(link.tenant_id, click.click_id)
            signed = with_parameters(target, (f"mp_cid={said}",))
        try:
            self._log.refuse_when_full()
            await self._log.append([line(CLICKS, click)])
        except NotNow:
            # The visitor goes on all the same, with a target that names no click.
            self._metrics.count("clicks_not_recorded")
            signed = target
        self._count(lead.ending or "followed")
        headers = [(b"location", signed.encode()), (b"cache-control", b"private, no-store")]
        # After a form the target is fetched, and the password goes no further.
        await answers.answer(send, 303 if request.method == "POST" else 302, headers)

    def _click(
        self,
        link: PreparedLink,
        lead: Lead,
        request: Request,
        where: Whereabouts,
        signals: tuple[str, ...],
    ) -> LoggedEvent:
        """The click as an event; its own id is the `mp_cid` that the target gets, unless the visitor objects."""
        rules = self._directory.rules.get(link.tenant_id, STRICTEST)
        decision = decide(None, objection(request.headers), needs_yes=rules.needs_yes)
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
            props=_props(lead),
            ip=where.shortened if rules.keeps_addresses else "",
            country=where.country,
            city=where.city,
            asn=where.asn,
            user_agent=request.user_agent,
            signals=signals,
        )

    async def _leads_nowhere(self, send: Send) -> None:
        if not self._directory.knows_links:
            self._metrics.count("not_now")
            page = answers.page("One moment", "The links are being read. Please try again.")
            await answers.answer(send, 503, [*answers.PAGE, AGAIN_SOON], page)
            return
        self._count("unknown")
        page = answers.page("This link does not exist", "There may be a letter too few or too many in it.")
        await answers.answer(send, 404, answers.PAGE, page)

    async def _say_why(self, ending: Ending, send: Send) -> None:
        self._count(ending)
        status, title, text = ENDINGS[ending]
        headers = [*answers.PAGE, AGAIN_SOON] if status == 503 else answers.PAGE
        await answers.answer(send, status, headers, answers.page(title, text))

    def _count(self, outcome: str) -> None:
        self._metrics.count("redirects", label=f'outcome="{outcome}"')


def _asks(link: PreparedLink | None) -> bool:
    """Whether the link has a password."""
    return link is not None and link.terms is not None and link.terms.password_hash != ""


def _props(lead: Lead) -> str:
    """What the click is remembered by beside its link: the variant that was shown, or why it led to the fallback."""
    if lead.variant_id:
        return f'{{"variant_id":{lead.variant_id}}}'
    return f'{{"fallback":"{lead.ending}"}}' if lead.ending else NO_PROPS
