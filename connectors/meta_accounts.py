"""Meta's ad accounts: their name, their zone, and their currency with the smallest unit in which Meta counts it."""

import msgspec

from connectors.errors import UnexpectedAnswer
from connectors.face import FoundAccount
from connectors.meta_graph import WHERE, Graph

_FIELDS = "account_id,name,currency,timezone_name"

# Meta's own table of offsets, which is not ISO 4217's: some that have cents there have none here, and none has thousandths.
_WITHOUT_CENTS = frozenset({
    "CLP", "COP", "CRC", "HUF", "IDR", "ISK", "JPY", "KRW", "PYG", "TWD", "VND",
})  # fmt: skip
_WITH_CENTS = frozenset({
    "AED", "ARS", "AUD", "BDT", "BGN", "BHD", "BOB", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "DZD",
    "EGP", "EUR", "GBP", "GTQ", "HKD", "HNL", "HRK", "ILS", "INR", "JOD", "KES", "LTL", "LVL", "MOP",
    "MXN", "MYR", "NGN", "NIO", "NOK", "NZD", "PEN", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB",
    "SAR", "SEK", "SGD", "SKK", "THB", "TRY", "UAH", "USD", "UYU", "VES", "ZAR",
})  # fmt: skip


class Account(msgspec.Struct):
    account_id: str
    timezone_name: str
    currency: str
    name: str = ""

    @property
    def decimals(self) -> int:
        """A sum in a currency that is not in the table is not guessed: it could be a hundred times too much."""
        if self.currency in _WITHOUT_CENTS:
            return 0
        if self.currency in _WITH_CENTS:
            return 2
        what = f"nobody knows in which unit Meta counts {self.currency!r}"
        raise UnexpectedAnswer(what=what, where=WHERE)


def account_of(graph: Graph, number: str) -> Account:
    return graph.read(f"act_{number}", {"fields": _FIELDS}, Account)


def accounts_of(graph: Graph) -> list[FoundAccount]:
    return [
        FoundAccount(id=it.account_id, name=it.name, currency=it.currency, time_zone=it.timezone_name)
        for it in graph.each("me/adaccounts", {"fields": _FIELDS}, Account)
    ]
