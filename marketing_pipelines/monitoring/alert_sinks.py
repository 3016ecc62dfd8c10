"""The sinks that alerts are told to: the log, mail to people of the console, a web hook, and what notifiers bring."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Self

import httpx
import msgspec

from connectors import public_network, web_hooks
from connectors.errors import Duplicate, Forbidden, Invalid, Transient
from connectors.face import OutgoingMail, SendsMail
from connectors.web_hooks import WebHook
from marketing_pipelines.email import addresses
from marketing_pipelines.monitoring import notifiers
from marketing_pipelines.monitoring.alert_words import level_of, words_of
from marketing_pipelines.monitoring.notifiers import Message, Notifier
from marketing_pipelines.outbound import mail_server
from store.clock import now
from store.records.alert_notices import Notice
from store.records.alerts import Sink
from store.settings import Service, Settings

# A sensor's tick is cut off after a minute; nobody waits longer than this for any answer.
PATIENCE_SECONDS = 8.0

log = logging.getLogger("alerts")


class NoReader(Exception):
    """Nobody is there any more to be told."""


def configured(settings: Settings) -> list[str]:
    """Where this installation wants to be told."""
    wanted: dict[str, bool] = {
        Sink.LOG: True,
        Sink.MAIL: settings.sends_mail,
        Sink.WEB_HOOK: bool(settings.alert_webhook_url.get_secret_value()),
    }
    return [*(sink for sink, is_wanted in wanted.items() if is_wanted), *settings.notifiers]


class Sinks:
    """What it takes to tell, opened when it is first needed and closed at the end of the block."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._closing = ExitStack()
        self._mailer: SendsMail | None = None
        self._web: httpx.Client | None = None
        self._notifiers: dict[str, Notifier] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def tell(self, notice: Notice) -> None:
        """Returns when it is told; a ChannelError says why it is not."""
        match notice.sink:
            case Sink.LOG:
                self._write(notice)
            case Sink.MAIL:
                self._mail(notice)
            case Sink.WEB_HOOK:
                self._call(notice)
            case name:
                self._notify(name, notice)

    def _write(self, notice: Notice) -> None:
        alert, words = notice.alert, words_of(notice.alert)
        fields = {"alert": alert.id, "kind": alert.kind, "tenant": alert.tenant_id, "action": alert.action_id}
        log.log(level_of(alert.kind), "%s. %s", words.title, words.text, extra={"fields": fields})

    def _mail(self, notice: Notice) -> None:
        to = notice.to if notice.user else self._settings.alert_mail_to
        if not to:
            raise NoReader
        if self._mailer is None:
            self._mailer = self._closing.enter_context(
                mail_server.connect(self._settings, timeout_seconds=PATIENCE_SECONDS)
            )
        sender = addresses.sender(self._settings.mail_from)
        message_id = f"<alert-{notice.alert.id}-{notice.id}@{sender.domain}>"
        raw = self._letter(notice, to, message_id)
        self._mailer.send(OutgoingMail(sender=sender.address, recipient=to, message_id=message_id, raw=raw))

    def _letter(self, notice: Notice, to: str, message_id: str) -> bytes:
        words = words_of(notice.alert)
        mail = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
        mail["From"] = addresses.sender(self._settings.mail_from).header
        mail["To"] = addresses.Sender(to).header
        mail["Subject"] = words.title
        mail["Date"] = format_datetime(now())
        mail["Message-ID"] = message_id
        mail["Auto-Submitted"] = "auto-generated"
        where = f"Of {notice.tenant_name}. " if notice.tenant_name else ""
        mail.set_content(
            f"{words.text}\n\n{words.what_to_do}\n\n{self._address(notice)}\n\n"
            f"{where}The console told you, since you work with it.\n"
        )
        return mail.as_bytes()

    def _call(self, notice: Notice) -> None:
        if self._web is None:
            self._web = self._http()
        hook = WebHook(
            self._settings.alert_webhook_url.get_secret_value(),
            self._settings.alert_webhook_secret.get_secret_value(),
        )
        with _told_before_or_later():
            web_hooks.post(self._web, hook, self._body(notice), _id_of(notice))

    def _notify(self, name: str, notice: Notice) -> None:
        with _told_before_or_later():
            if name not in self._notifiers:
                given = {key: kept.get_secret_value() for key, kept in self._settings.notifiers[name].items()}
                self._notifiers[name] = notifiers.opened(name, given, self._https())
            notifiers.tell(name, self._notifiers[name], self._message(notice))

    def _https(self) -> httpx.Client:
        """For addresses that no setting has looked at."""
        http = self._http()
        if self._settings.production:
            http.event_hooks = {"request": [_refuse_in_the_clear]}
        return http

    def _http(self) -> httpx.Client:
        return self._closing.enter_context(
            public_network.client(
                allow_private=not self._settings.production,
                user_agent="marketing-pipelines",
                timeout=httpx.Timeout(PATIENCE_SECONDS),
            )
        )

    def _message(self, notice: Notice) -> Message:
        words = words_of(notice.alert)
        return Message(
            id=_id_of(notice),
            kind=notice.alert.kind,
            title=words.title,
            text=words.text,
            what_to_do=words.what_to_do,
            tenant=notice.tenant_name,
            url=self._address(notice),
        )

    def _body(self, notice: Notice) -> bytes:
        alert = notice.alert
        return msgspec.json.encode(
            {
                "text": self._message(notice).line,
                "id": alert.id,
                "kind": alert.kind,
                "tenant_id": alert.tenant_id,
                "action_id": alert.action_id,
                "occurred_at": alert.occurred_at,
                "about": alert.about,
                "url": self._address(notice),
            }
        )

    def _address(self, notice: Notice) -> str:
        """Where in the console there is more to read; it carries an id and no authority."""
        page = f"/actions/{notice.alert.action_id}" if notice.alert.action_id else "/alerts"
        return self._settings.address(Service.CONSOLE) + page


@contextmanager
def _told_before_or_later() -> Iterator[None]:
    """What was told before is told; a receiver that refuses may be put right meanwhile."""
    try:
        yield
    except Duplicate:
        return
    except Invalid as refused:
        raise Transient(what=refused.what, where=refused.where, code=refused.code) from refused


def _refuse_in_the_clear(request: httpx.Request) -> None:
    if request.url.scheme != "https":
        raise Forbidden(what="production tells over https:// only", where=request.url.host)


def _id_of(notice: Notice) -> str:
    return f"alert_{notice.alert.id}"


def is_for_good(trouble: Exception) -> bool:
    """Whether trying again would meet the same: a mail address that the server refuses for ever."""
    return isinstance(trouble, Invalid)
