"""What is said of people and tenants, the same in forms and over the API."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from console.frame.texts import storable
from marketing_pipelines.email import addresses
from store.records.people import SHORTEST_PASSWORD
from store.records.tenants import SLUG

Address = Annotated[str, StringConstraints(max_length=254), AfterValidator(addresses.address)]
# May be empty until its owner says it.
PersonName = Annotated[
    str, StringConstraints(max_length=200, strip_whitespace=True), AfterValidator(storable)
]
Password = Annotated[str, Field(min_length=SHORTEST_PASSWORD, max_length=1024), AfterValidator(storable)]
Slug = Annotated[str, StringConstraints(max_length=63), Field(pattern=rf"^{SLUG.pattern}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217, such as EUR.")]
