"""What every question says: of which days, and in what words it refuses to be asked."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from marketing_pipelines.analytics.refusals import Unanswerable

# What ClickHouse's Date can hold, with room for the days before and after.
EARLIEST, LATEST = date(1971, 1, 1), date(2148, 12, 31)
# A month of whole weeks: each day of the week is in it as often as in the one before.
USUAL = timedelta(days=28)
DAY = timedelta(days=1)
LARGEST_ID = 2**63 - 1
LONGEST_NAME = 200

Name = Annotated[str, Field(max_length=LONGEST_NAME)]
Day = Annotated[date, Field(ge=EARLIEST, le=LATEST)]
CampaignNumber = Annotated[
    int | None, Field(ge=1, le=LARGEST_ID, description="Only what belongs to this campaign.")
]

GoalNumber = Annotated[
    int | None,
    Field(ge=1, le=LARGEST_ID, description="Only conversions of this goal; else of the headline one."),
]


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Span":
        """As many days just before."""
        return Span(self.first - self.days * DAY, self.first - DAY)


class Inquiry(BaseModel):
    """What is asked; the names of its fields are those of the API and of an export's arguments."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def settled(self, _today: date, /) -> Self:
        """The same with all named that hangs on today."""
        return self


class Question(Inquiry):
    """What is asked of days."""

    first: Annotated[Day | None, Field(alias="from", description="The first day; 27 days before `to`.")] = (
        None
    )
    last: Annotated[Day | None, Field(alias="to", description="The last day; today.")] = None

    @property
    def longest(self) -> int:
        """How many days may be asked for at once."""
        return 1_100

    def settled(self, today: date, /) -> Self:
        """The same question with both its days named; raises Unanswerable where they make no span."""
        last = self.last or (max(today, self.first) if self.first else today)
        first = self.first or max(EARLIEST, last - min(USUAL, self.longest * DAY) + DAY)
        days = Span(first, last).days
        if days < 1:
            raise Unanswerable("to", f"must not lie before from, which is {first}")
        if days > self.longest:
            raise Unanswerable(
                "from", f"and to are {days:,} days apart; {self.longest:,} days are the most at once"
            )
        return self.model_copy(update={"first": first, "last": last})

    @property
    def span(self) -> Span:
        assert self.first, "a question is settled before it is asked"
        assert self.last
        return Span(self.first, self.last)


def listed(given: object) -> object:
    """`a,b` as the list that it means; a list stays as it is, with each of its pieces taken the same way."""
    pieces = [given] if isinstance(given, str) else given
    if not isinstance(pieces, list | tuple):
        return given
    return [
        part.strip() if isinstance(part, str) else part
        for piece in pieces
        for part in (piece.split(",") if isinstance(piece, str) else [piece])
    ]


def _of_the_catalogue(name: str) -> str:
    from marketing_pipelines import attribution

    return attribution.model(name).name


ModelName = Annotated[str, Field(max_length=40), AfterValidator(_of_the_catalogue)]
