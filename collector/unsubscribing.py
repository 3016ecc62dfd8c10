"""The door for those who want no more mail: `/u/{token}`. A GET shows a page and changes nothing, since previewers
and scanners follow every link; a POST ends it at once (RFC 8058), without log-in, cookie or question."""

from collector import answers
from collector.edge_log import UNSUBSCRIBES, EdgeLog, LoggedUnsubscribe, line
from collector.metrics import Metrics
from collector.refusals import NotNow
from collector.requests import Request, Send
from store import unsubscribe_tokens
from store.unsubscribe_tokens import NotAToken

PREFIX = "/u/"


class Unsubscribing:
    """Needs no store to answer: the token proves itself, and what was asked is on disk before the answer."""

    def __init__(self, key: bytes, log: EdgeLog, metrics: Metrics) -> None:
        self._key = key
        self._log = log
        self._metrics = metrics

    async def leave(self, request: Request, send: Send) -> None:
        if request.method not in ("GET", "HEAD", "POST"):
            await answers.answer(send, 405, [*answers.PAGE, (b"allow", b"GET, HEAD, POST")])
            return
        try:
            leaving = unsubscribe_tokens.read(self._key, request.path[len(PREFIX) :])
        except NotAToken:
            self._count("not_a_token")
            page = answers.page(
                "This link is not complete",
                "Please open it again from the mail, or answer the mail and say that you want no more.",
            )
            await answers.answer(send, 404, answers.PAGE, page)
            return
        if request.method != "POST":
            self._count("shown")
            page = answers.page(
                "No more mail like this?",
                "One press, and this address gets no more marketing mail from the sender.",
                button="Unsubscribe",
            )
            await answers.answer(send, 200, answers.PAGE, page)
            return
        entry = LoggedUnsubscribe(
            tenant_id=leaving.tenant,
            received_at=request.received_ms,
            contact_id=leaving.contact,
            action_id=leaving.action,
        )
        try:
            await self._log.append([line(UNSUBSCRIBES, entry)])
        except NotNow as not_now:
            self._count("not_now")
            page = answers.page("One moment", "That could not be written down. Please press again.")
            retry = (b"retry-after", b"%d" % not_now.retry_after)
            await answers.answer(send, 503, [*answers.PAGE, retry], page)
            return
        self._count("unsubscribed")
        page = answers.page(
            "You are unsubscribed", "This address gets no more marketing mail from the sender."
        )
        await answers.answer(send, 200, answers.PAGE, page)

    def _count(self, outcome: str) -> None:
        self._metrics.count("unsubscribes", label=f'outcome="{outcome}"')
