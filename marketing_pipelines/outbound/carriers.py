"""What takes messages from us: what carries mail and the web hooks of the settings, opened once a run."""

from contextlib import ExitStack
from functools import cached_property

import httpx

from connectors import public_network
from connectors.face import SendsMail
from marketing_pipelines.outbound import mail_server
from store.settings import Settings

_PATIENCE = httpx.Timeout(15.0, connect=5.0)


class Carriers:
    """The connections of one run, each opened when the first message needs it."""

    def __init__(self, settings: Settings, closing: ExitStack) -> None:
        self._settings, self._closing = settings, closing

    @cached_property
    def mail(self) -> SendsMail:
        return self._closing.enter_context(mail_server.connect(self._settings))

    @cached_property
    def web(self) -> httpx.Client:
        """For addresses that somebody typed: in production they lead to the public network only."""
        return self._closing.enter_context(
            public_network.client(
                allow_private=not self._settings.production,
                user_agent="marketing-pipelines",
                timeout=_PATIENCE,
            )
        )
