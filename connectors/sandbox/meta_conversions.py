"""Conversions as the sandbox's Meta takes them: all of a request or none, and of copies only a shop's once."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.meta_campaigns import granted, require_person
from connectors.sandbox.meta_graph import Asked, Door, Refused, Said, chosen, no_such_object, page
from connectors.sandbox.world import accounts_of

_MOST = 1000
_OLDEST = timedelta(days=7)
_TOO_OLD, _NOBODY = 2804003, 2804050
_CLICK = re.compile(r"fb\.[0-2]\.[0-9]{13}\.[^.\s]\S*")


class _Person(msgspec.Struct, forbid_unknown_fields=True):
    em: list[Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]] = []
    fbc: str = ""
    client_user_agent: str = ""


class _Order(msgspec.Struct, forbid_unknown_fields=True):
    order_id: str = ""
    value: Decimal | None = None
    currency: Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{3})?\Z")] = ""


class _Event(msgspec.Struct, forbid_unknown_fields=True):
    event_name: Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
    event_time: int
    user_data: _Person
    action_source: Literal[
        "website", "email", "phone_call", "chat", "physical_store", "system_generated", "other"
    ]
    event_id: str = ""
    event_source_url: str = ""
    custom_data: _Order = msgspec.field(default_factory=_Order)


class MetaConversions:
    def __init__(self, accepted: Accepted, page_rows: int, clock: Callable[[], datetime]) -> None:
        self._accepted, self._page_rows, self._clock = accepted, page_rows, clock
        self._of_shops: set[tuple[str, int, str, str]] = set()
        self._pixels = {
            f"88{known.id}{at}": f"{known.name}: {name}"
            for known in accounts_of(Channel.META)
            for at, name in enumerate(("website", "shops"))
        }

    def routes(self, door: Door) -> list[Route]:
        return [
            door.route("/act_{number:int}/adspixels", self._list),
            door.route("/{number:int}/events", self._receive, "POST"),
        ]

    def node(self, asked: Asked) -> Said | None:
        if asked.number not in self._pixels:
            return None
        require_person(asked)
        return self._described(asked.number, asked)

    def _list(self, asked: Asked) -> Said:
        known = granted(asked)
        own = [self._described(number, asked) for number in self._pixels if number[2:-1] == known.id]
        return page(asked, own, self._page_rows)

    def _described(self, number: str, asked: Asked) -> Said:
        values = {"id": number, "name": self._pixels[number], "is_unavailable": False}
        return chosen(values, asked.fields() | {"id"})

    def _receive(self, asked: Asked) -> Said:
        """What is sent with a test's code is taken like anything else."""
        require_person(asked)
        if asked.number not in self._pixels:
            raise no_such_object(asked.number)
        events = asked.json("data", list[_Event])
        if not 1 <= len(events) <= _MOST:
            raise Refused(400, 100, f"(#100) Param data must have between 1 and {_MOST} elements")
        for event in events:
            self._require(event)
        for event in events:
            self._take(asked.number, event)
        return {"events_received": len(events), "messages": [], "fbtrace_id": "AsandboxTrace"}

    def _require(self, event: _Event) -> None:
        now = int(self._clock().timestamp())
        if event.event_time < now - _OLDEST.total_seconds():
            raise Refused(400, 100, "Invalid parameter", subcode=_TOO_OLD)
        if event.event_time > now:
            raise Refused(400, 100, "Invalid parameter")
        person = event.user_data
        if not (person.em or person.fbc):
            raise Refused(400, 100, "Invalid parameter", subcode=_NOBODY)
        if person.fbc and not _CLICK.fullmatch(person.fbc):
            raise Refused(400, 100, "Invalid parameter: fbc")
        if event.action_source == "website" and not (person.client_user_agent and event.event_source_url):
            raise Refused(400, 100, "Invalid parameter: client_user_agent, event_source_url")
        if event.event_name == "Purchase" and (
            event.custom_data.value is None or not event.custom_data.currency
        ):
            raise Refused(400, 100, "Invalid parameter: a purchase wants value and currency")

    def _take(self, pixel: str, event: _Event) -> None:
        order = event.custom_data
        if event.action_source == "physical_store" and order.order_id:
            key = (pixel, event.event_time, event.event_name, order.order_id)
            if key in self._of_shops:
                return
            self._of_shops.add(key)
        self._accepted.note(
            Channel.META,
            "conversion",
            target=pixel,
            id=event.event_id,
            name=event.event_name,
            at=event.event_time,
            action_source=event.action_source,
            click=event.user_data.fbc,
            hashed_emails=event.user_data.em,
            user_agent=event.user_data.client_user_agent,
            source_url=event.event_source_url,
            value=None if order.value is None else str(order.value),
            currency=order.currency,
        )
