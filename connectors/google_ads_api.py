"""How Google Ads is asked and told: its addresses, its headers, a search, a mutate and an upload."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

import msgspec

from connectors import google_ads_refusals as refusals
from connectors import writes
from connectors.access_tokens import Access, Grant
from connectors.answers import Answer, ask, decoded, digits_only, shaped
from connectors.errors import TooMuchData, Transient, UnexpectedAnswer, UnknownOutcome
from connectors.face import Endpoint, Wire

WHERE = "Google Ads"

# Of 10,000 rows each; this is far beyond any account, and an end to endless pages.
MOST_PAGES = 100

Told = Mapping[str, Any]
"""A message of Google's as JSON; an amount may stand in it as `msgspec.Raw`, in its very digits."""

Operation = Told
"""One of the things that a mutate makes or changes."""

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleAdsCredentials(Grant):
    """A user's grant, a developer's token, and a manager's number where access goes through one."""

    developer_token: str = field(repr=False)
    login_customer_id: str = ""


class _Accessible(msgspec.Struct, rename="camel"):
    resource_names: list[str] = []


class _Page(msgspec.Struct, rename="camel"):
    results: list[Any] = []
    next_page_token: str = ""


class _Result(msgspec.Struct, rename="camel"):
    resource_name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class _Mutated(msgspec.Struct, rename="camel"):
    """Each result stands under a name of its own kind, alone."""

    mutate_operation_responses: list[Annotated[dict[str, _Result], msgspec.Meta(min_length=1, max_length=1)]]


class Uploaded(msgspec.Struct, rename="camel"):
    """A result for each conversion, empty where it was refused; what was only checked has none."""

    results: list[dict[str, Any]] = []
    partial_failure_error: refusals.Status | None = None


class GoogleAdsApi:
    """One user's way to Google."""

    def __init__(self, credentials: GoogleAdsCredentials, wire: Wire, endpoint: Endpoint) -> None:
        self._wire = wire
        self._customers = f"{endpoint.base_url}/{endpoint.version}/customers"
        self._access = Access(credentials, wire, endpoint.token_url, where=WHERE)

    def accessible(self) -> list[str]:
        """The numbers of the customers that the user was given access to by name."""
        return self._asked("GET", ":listAccessibleCustomers", _customers)

    def search(self, customer: str, query: str) -> Iterator[Any]:
        """The results of a query, all of them or none."""
        for chunk in self.search_by(customer, query, _chunks):
            yield from chunk.get("results") or ()

    def search_by(self, customer: str, query: str, read: Callable[[Answer], Read]) -> Read:
        return self._asked("POST", f"/{customer}/googleAds:searchStream", read, {"query": query})

    def pages(self, customer: str, query: str) -> Iterator[Any]:
        """The results of a query that may have more of them than one answer holds; Google counts it as one operation."""
        told = {"query": query}
        seen: set[str] = set()
        while True:
            page = self._asked("POST", f"/{customer}/googleAds:search", _page, told)
            yield from page.results
            if not (token := page.next_page_token):
                return
            if token in seen:
                raise UnexpectedAnswer(what="a next page without a new token", where=WHERE)
            seen.add(token)
            if len(seen) == MOST_PAGES:
                raise TooMuchData(what=f"more than {MOST_PAGES} pages", where=WHERE)
            told = {"query": query, "pageToken": token}

    def check(self, customer: str, operations: Sequence[Operation]) -> None:
        """Has Google refuse what it would refuse to mutate; nothing is changed, so that it may be asked again."""
        told = {"mutateOperations": operations, "validateOnly": True}
        self._asked("POST", _mutate(customer), _object, told)

    def mutate(self, customer: str, operations: Sequence[Operation]) -> list[str]:
        """Makes and changes all of it or nothing, and names what was made or changed, in the same order."""

        answer = self._told(_mutate(customer), {"mutateOperations": operations})
        return _named(answer, len(operations))

    def upload(self, customer: str, conversions: Sequence[Told]) -> Uploaded:
        """Takes those of the conversions that it can, and says which it cannot."""
        answer = self._told(_upload(customer), {"conversions": conversions, "partialFailure": True})
        return _uploaded(answer)

    def check_upload(self, customer: str, conversions: Sequence[Told]) -> Uploaded:
        """Says which conversions it would not take; none is counted, so that it may be asked again."""
        told = {"conversions": conversions, "partialFailure": True, "validateOnly": True}
        return self._asked("POST", _upload(customer), _checked, told)

    def _told(self, path: str, told: Mapping[str, Any]) -> Answer:
        def once(credentials: GoogleAdsCredentials) -> Answer:
            answer = writes.once(
                self._wire.http,
                "POST",
                f"{self._customers}{path}",
                where=WHERE,
                headers=_headers(credentials),
                content=msgspec.json.encode(told),
            )
            if not answer.is_success:
                raise writes.doubted(refusals.meaning_of(answer, where=WHERE), answer)
            return answer

        return self._access.once(once)

    def _asked(
        self,
        method: str,
        path: str,
        read: Callable[[Answer], Read],
        told: Mapping[str, Any] | None = None,
    ) -> Read:
        def once(credentials: GoogleAdsCredentials) -> Read:
            answer = ask(
                self._wire.http,
                method,
                f"{self._customers}{path}",
                where=WHERE,
                headers=_headers(credentials),
                content=msgspec.json.encode(told) if told else None,
            )
            if not answer.is_success:
                raise refusals.meaning_of(answer, where=WHERE)
            return read(answer)

        return self._access.through(once)


def _customers(answer: Answer) -> list[str]:
    said = shaped(decoded(answer, where=WHERE), _Accessible, where=WHERE)
    return [digits_only(name.removeprefix("customers/"), where=WHERE) for name in said.resource_names]


def _chunks(answer: Answer) -> list[dict[str, Any]]:
    chunks = shaped(decoded(answer, where=WHERE), list[dict[str, Any]], where=WHERE)
    if any("error" in chunk for chunk in chunks):  # a stream can fail after it has begun
        raise refusals.meaning_of(answer, where=WHERE)
    return chunks


def _page(answer: Answer) -> _Page:
    return shaped(decoded(answer, where=WHERE), _Page, where=WHERE)


def _object(answer: Answer) -> dict[str, Any]:
    return shaped(decoded(answer, where=WHERE), dict[str, Any], where=WHERE)


def _mutate(customer: str) -> str:
    return f"/{customer}/googleAds:mutate"


def _upload(customer: str) -> str:
    return f"/{customer}:uploadClickConversions"


def _checked(answer: Answer) -> Uploaded:
    return shaped(decoded(answer, where=WHERE), Uploaded, where=WHERE)


def _uploaded(answer: Answer) -> Uploaded:
    try:
        return _checked(answer)
    except (Transient, UnexpectedAnswer) as unclear:
        request = answer.headers.get("request-id", "")
        raise UnknownOutcome(what=unclear.what, where=WHERE, request_id=request) from unclear


def _named(answer: Answer, expected: int) -> list[str]:
    """Google has taken it: an answer that does not say what became of it leaves only looking."""
    try:
        said = shaped(decoded(answer, where=WHERE), _Mutated, where=WHERE)
        if len(said.mutate_operation_responses) != expected:
            raise UnexpectedAnswer(what="not as many results as operations", where=WHERE)
    except (Transient, UnexpectedAnswer) as unclear:
        request = answer.headers.get("request-id", "")
        raise UnknownOutcome(what=unclear.what, where=WHERE, request_id=request) from unclear
    return [
        result.resource_name for response in said.mutate_operation_responses for result in response.values()
    ]


def _headers(credentials: GoogleAdsCredentials) -> dict[str, str]:
    headers = {
        "authorization": f"Bearer {credentials.access_token}",
        "developer-token": credentials.developer_token,
        "content-type": "application/json",
    }
    if credentials.login_customer_id:
        headers["login-customer-id"] = digits_only(credentials.login_customer_id, where=WHERE)
    return headers
