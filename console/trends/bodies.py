"""What people say of a feed, the same in forms and over the API."""

from typing import Annotated

from pydantic import AfterValidator, AnyHttpUrl, Field, StringConstraints, TypeAdapter, ValidationError

from console.frame.bodies import Body, Name
from console.frame.texts import storable
from store.records import feeds
from store.records.feeds import Listing

_ADDRESS = TypeAdapter(AnyHttpUrl)


def web_address(said: str) -> str:
    """The address as browsers write it, so that two spellings of it are one feed."""
    try:
        address = _ADDRESS.validate_python(said)
    except ValidationError:
        raise ValueError("write a whole web address, like https://news.example/feed") from None
    if len(str(address)) > feeds.LONGEST_URL:
        raise ValueError(f"it is longer than {feeds.LONGEST_URL:,} characters")
    if address.username or address.password:
        raise ValueError("leave out the name and password: everybody here could read them")
    return str(address)


def web_address_if_any(said: str) -> str:
    return web_address(said) if said else ""


_STRIPPED = StringConstraints(max_length=feeds.LONGEST_URL, strip_whitespace=True)
Address = Annotated[str, _STRIPPED, AfterValidator(storable), AfterValidator(web_address)]
AddressIfAny = Annotated[str, _STRIPPED, AfterValidator(storable), AfterValidator(web_address_if_any)]
Topic = Annotated[
    str,
    StringConstraints(max_length=feeds.LONGEST_TOPIC, strip_whitespace=True),
    AfterValidator(storable),
]


def language_if_any(said: str) -> str:
    if said and not (said.isascii() and said.replace("-", "").isalnum()):
        raise ValueError("write a language by its short name, like en or pt-BR, or none")
    return said


class FeedListing(Body):
    """A feed, whole; what is left out is as a new feed has it.

    `weight` is how much a mention in it counts, `interval_minutes` how long it rests between two readings. A feed that
    `obeys_robots` is read only where the publisher's robots.txt lets us.
    """

    name: Name
    url: Address
    site_url: AddressIfAny = ""
    topic: Topic = ""
    language: Annotated[
        str, StringConstraints(max_length=20, strip_whitespace=True), AfterValidator(language_if_any)
    ] = ""
    weight: Annotated[float, Field(gt=0, le=feeds.HEAVIEST, allow_inf_nan=False)] = 1.0
    interval_minutes: Annotated[int, Field(ge=feeds.SHORTEST_INTERVAL, le=feeds.LONGEST_INTERVAL)] = 60
    obeys_robots: bool = False

    def as_listing(self) -> Listing:
        return Listing(**self.model_dump())
