"""Windows: which days are read, in which portions, and at which hours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """Days from `since` to `until`, both included."""

    since: date
    until: date

    def __post_init__(self) -> None:
        if self.since > self.until:
            raise ValueError(f"The window ends ({self.until}) before it starts ({self.since}).")

    @property
    def days(self) -> list[date]:
        return [self.since + timedelta(days=n) for n in range((self.until - self.since).days + 1)]

    def reaching_back(self, lookback: int, earliest: date) -> "Window":
        """With so many days more before it, since platforms restate what they have reported."""
        return Window(max(min(earliest, self.since), self.since - timedelta(days=lookback)), self.until)

    def portions(self, days: int) -> Iterator["Window"]:
        """Short windows in order, so that memory does not grow with the long one."""
        for offset in range(0, (self.until - self.since).days + 1, days):
            start = self.since + timedelta(days=offset)
            yield Window(start, min(self.until, start + timedelta(days=days - 1)))

    def halves(self) -> tuple["Window", "Window"] | None:
        """Itself in two, the shorter one first; a day cannot be halved."""
        length = len(self.days)
        if length == 1:
            return None
        middle = self.since + timedelta(days=length // 2)
        return Window(self.since, middle - timedelta(days=1)), Window(middle, self.until)


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of a day in UTC, without the last; over midnight where the first is the later one."""

    first: int
    last: int

    @classmethod
    def read(cls, said: str) -> "Hours":
        """As the settings say them: 1-5."""
        first, _, last = said.partition("-")
        return cls(int(first) % 24, int(last) % 24)

    def hold(self, at: datetime) -> bool:
        hour = at.astimezone(UTC).hour
        return (hour - self.first) % 24 < (self.last - self.first) % 24
