"""The central bank's reference rates as the sandbox plays them: working days, published in the afternoon.

A rate is a function of the seed, the currency and the day. The yen stands where the sandbox's advertisers count on it.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.reference_rates import Reach
from connectors.sandbox.performance import World
from connectors.sandbox.world import YEN_PER_EURO

PATH = "/reference-rates"
FIRST = date(2025, 1, 2)
_FRANKFURT = ZoneInfo("Europe/Berlin")
_PUBLISHED = time(16)
_CLOSED = {(1, 1), (5, 1), (12, 25), (12, 26)}
_USUALLY = {
    "USD": 1.16, "JPY": YEN_PER_EURO, "CZK": 24.3, "DKK": 7.46, "GBP": 0.87, "HUF": 390.0, "PLN": 4.25, "RON": 5.08,
    "SEK": 11.0, "CHF": 0.93, "ISK": 143.0, "NOK": 11.7, "TRY": 48.8, "AUD": 1.77, "BRL": 6.25, "CAD": 1.62,
    "CNY": 8.25, "HKD": 9.0, "IDR": 19_300.0, "ILS": 3.8, "INR": 103.0, "KRW": 1_660.0, "MXN": 21.4, "MYR": 4.9,
    "NZD": 2.02, "PHP": 68.0, "SGD": 1.51, "THB": 37.9, "ZAR": 20.2,
}  # fmt: skip


def address(sandbox: str) -> str:
    """Where the rates are read at the sandbox's address ("http://127.0.0.1:8790")."""
    return f"{sandbox.rstrip('/')}{PATH}"


@dataclass(frozen=True, slots=True)
class ReferenceRatesStandIn:
    """Answers with every published day that a document reaches back to."""

    world: World

    def routes(self) -> list[Route]:
        return [Route("/{document}", self._document, methods=["GET"])]

    async def _document(self, request: Request) -> Response:
        named = str(request.path_params["document"])
        if named not in set(Reach):
            return Response("There is no such document.", status_code=404)
        now = self.world.clock()
        first = FIRST if named == Reach.EVER else max(FIRST, now.date() - timedelta(days=90))
        days = "".join(self._cube(day) for day in _published(first, now))
        return Response(_ENVELOPE.format(days=days), media_type="text/xml")

    def _cube(self, day: date) -> str:
        rates = "".join(
            f"<Cube currency={quoteattr(currency)} rate='{self._rate(currency, day)}'/>"
            for currency in _USUALLY
        )
        return f"<Cube time='{day}'>{rates}</Cube>"

    def _rate(self, currency: str, day: date) -> Decimal:
        """Slow tides with a little noise on them: a percent or two around what is usual."""
        chance = random.Random(f"{self.world.seed}/{currency}/{day}")  # noqa: S311 - a world, not a secret
        tide = math.sin(day.toordinal() / 23 + len(currency) * ord(currency[0])) / 60
        rate = _USUALLY[currency] * (1 + tide) * chance.lognormvariate(0, 0.003)
        return Decimal(f"{rate:.5g}").quantize(Decimal("0.0001"))


def _published(first: date, now: datetime) -> Iterator[date]:
    """Newest first, as the bank lists them."""
    here = now.astimezone(_FRANKFURT)
    day = here.date() if here.time() >= _PUBLISHED else here.date() - timedelta(days=1)
    while day >= first:
        if day.weekday() < 5 and (day.month, day.day) not in _CLOSED:
            yield day
        day -= timedelta(days=1)


_ENVELOPE = (
    "<?xml version='1.0' encoding='UTF-8'?>"
    "<gesmes:Envelope xmlns:gesmes='http://www.gesmes.org/xml/2002-08-01'"
    " xmlns='http://www.ecb.int/vocabulary/2002-08-01/eurofxref'>"
    "<gesmes:subject>Reference rates</gesmes:subject>"
    "<gesmes:Sender><gesmes:name>Sandbox</gesmes:name></gesmes:Sender>"
    "<Cube>{days}</Cube></gesmes:Envelope>"
)
