"""A console that can write mails, and what came of them: links out of real messages of a real mail server."""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

from marketing_pipelines.email import system_mails
from store.settings import Settings
from tests.console.visitors import Forms
from tests.outbound.office import MailServer

_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Post:
    """The mail server, and the console that hands its mails over when `carried` is called."""

    settings: Settings
    site: str
    server: MailServer

    def carried(self) -> int:
        """As the watch does; gives how many mails left the house."""
        return system_mails.send(self.settings)

    def letters(self, to: str) -> list[EmailMessage]:
        return [received.mail for received in self.server.received if received.to == to]

    def link(self, to: str) -> str:
        """The path with its token in the newest mail to somebody."""
        found = _LINK.search(self.letters(to)[-1].get_content())
        assert found, "no link in the mail"
        address = urlsplit(found[0])
        return f"{address.path}?{address.query}"

    def token(self, to: str) -> str:
        return token_of(self.link(to))

    def stranger(self) -> Forms:
        return Forms(self.site)


def token_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]
