"""What bodies of requests are made of: nothing in them that nobody asked for."""

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from console.door.admission import LARGEST_ID
from console.frame.texts import IF_CHOSEN, storable


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


Number = Annotated[int, Field(ge=1, le=LARGEST_ID)]
# A thing that a filter names, if it names one.
ChosenId = Annotated[Number | None, IF_CHOSEN, Query()]
# What a thing is called: never nothing.
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), AfterValidator(storable)
]
