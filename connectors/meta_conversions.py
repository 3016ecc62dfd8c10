"""Conversions told to Meta, as server events of its Conversions API.

As its reference says: up to 1,000 events at once; one of them that is wrong, or older than seven days, and none is taken;
website events need the browser's user agent and the page's address, a `Purchase` its value; `fbc` is `fb.1.<milliseconds of the click>.<fbclid>` where
a server makes it.

Of two copies of what happened in a shop (`physical_store`) the first counts: same dataset, `event_time`, `event_name` and
`order_id`, within seven days. Of everything else that is promised for the pair of a browser's event and a server's alone, by
`event_id` and `event_name` within 48 hours; of two servers' events nothing is said, and of Meta's other way (`external_id`,
`fbp`) that neither is discarded. So those repeats are not taken to be harmless. (Shops may tell of 62 days; seven are kept to
here, since that is for how long copies are known.) Nor is there a trial: what is sent with a `test_event_code` is used for
measurement all the same, so that checking sends nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from connectors.answers import digits_only
from connectors.conversions import (
    ActionSource,
    ConsentStatus,
    Conversion,
    ConversionTarget,
    Reported,
    number,
    require_age,
    require_batch,
)
from connectors.errors import Invalid, UnknownOutcome
from connectors.meta_graph import WHERE, Graph, number_of

MOST = 1000
OLDEST = timedelta(days=7)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = "id,name,is_unavailable"
_CONSENTS = ("ad_user_data", "ad_personalization")
_WORTH_SOMETHING = "Purchase"
_OF_A_WEBSITE = ("source_url", "user_agent")


class _Pixel(msgspec.Struct):
    id: str
    name: str = ""
    is_unavailable: bool = False


class _Received(msgspec.Struct):
    events_received: int


class Conversions:
    """What one token may report to the pixels, which Meta calls datasets as well."""

    def __init__(self, graph: Graph, clock: Callable[[], datetime]) -> None:
        self._graph, self._clock = graph, clock

    def targets(self, account: str) -> list[ConversionTarget]:
        edge = f"act_{digits_only(account, where=WHERE)}/adspixels"
        return [
            ConversionTarget(id=it.id, name=it.name, is_open=not it.is_unavailable)
            for it in self._graph.each(edge, {"fields": _FIELDS}, _Pixel)
        ]

    def require(self, conversion: Conversion) -> None:
        """Meta knows no consent beside an event: what somebody said no to is not told at all."""
        if not (conversion.fbclid or conversion.hashed_email):
            raise _wrong("fbclid", "there is no click of Meta's, and nobody whom Meta could know")
        if conversion.fbclid and conversion.clicked_at is None:
            raise _wrong("clicked_at", "Meta wants to know when the click was")
        for name in _CONSENTS:
            if getattr(conversion, name) is not ConsentStatus.GRANTED:
                raise _wrong(name, "was not consented to")
        if conversion.action_source is ActionSource.WEBSITE:
            for name in _OF_A_WEBSITE:
                if not getattr(conversion, name):
                    raise _wrong(name, "is what Meta wants to know of whatever happened on a website")
        if conversion.name == _WORTH_SOMETHING and conversion.value is None:
            raise _wrong("value_micros", f"is what Meta wants to know of a {_WORTH_SOMETHING}")
        require_age(conversion, OLDEST, self._clock(), where=WHERE)

    def report(self, account: str, pixel: str, conversions: Sequence[Conversion]) -> Reported:
        named = self._looked_at(account, pixel, conversions)
        events = msgspec.json.encode([dict(_event(each)) for each in conversions]).decode()
        received = self._graph.write(f"{named}/events", {"data": events}, _Received).events_received
        if received != len(conversions):
            what = f"Meta received {received} of {len(conversions)}, and does not say which"
            raise UnknownOutcome(what=what, where=WHERE)
        return Reported(received)

    def check(self, account: str, pixel: str, conversions: Sequence[Conversion]) -> Reported:
        """By what Meta documents, and by looking whether the pixel is there."""
        named = self._looked_at(account, pixel, conversions)
        if self._graph.read(named, {"fields": _FIELDS}, _Pixel).is_unavailable:
            raise _wrong("target", "is a pixel that Meta has closed")
        return Reported(len(conversions))

    def _looked_at(self, account: str, pixel: str, conversions: Sequence[Conversion]) -> str:
        digits_only(account, where=WHERE)
        require_batch(conversions, MOST, self.require, where=WHERE)
        return number_of(pixel, field="target")


def repeat_is_harmless(conversion: Conversion) -> bool:
    return conversion.action_source is ActionSource.PHYSICAL_STORE


def _event(conversion: Conversion) -> Iterator[tuple[str, Any]]:
    yield "event_id", conversion.id
    yield "event_name", conversion.name
    yield "event_time", (conversion.at - _EPOCH) // timedelta(seconds=1)
    yield "action_source", conversion.action_source
    if conversion.source_url:
        yield "event_source_url", conversion.source_url
    yield "user_data", dict(_person(conversion))
    order = {"order_id": conversion.id}
    if conversion.value is None:
        yield "custom_data", order
    else:
        value = msgspec.Raw(number(conversion.value))
        yield "custom_data", {**order, "value": value, "currency": conversion.currency}


def _person(conversion: Conversion) -> Iterator[tuple[str, Any]]:
    if conversion.fbclid and conversion.clicked_at is not None:
        milliseconds = (conversion.clicked_at - _EPOCH) // timedelta(milliseconds=1)
        yield "fbc", f"fb.1.{milliseconds}.{conversion.fbclid}"
    if conversion.hashed_email:
        yield "em", [conversion.hashed_email]
    if conversion.user_agent:
        yield "client_user_agent", conversion.user_agent


def _wrong(field: str, what: str) -> Invalid:
    return Invalid(what=what, where=WHERE, field=field)
