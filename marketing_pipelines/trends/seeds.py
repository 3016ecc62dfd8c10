"""Seeds: the feeds that people list in config/feeds.yaml, as rows of a tenant."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from store import records
from store.records import feeds
from store.records.feeds import Listing
from store.records.schema import TenantId

SHIPPED = Path(__file__).parents[2] / "config" / "feeds.yaml"

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]


class SeedError(Exception):
    """The file does not list feeds; the text has a line for each thing that is wrong."""


class FeedSeed(BaseModel):
    """One feed as it is written in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    url: AnyHttpUrl
    topic: Text = ""
    language: Annotated[str, StringConstraints(max_length=20, pattern=r"^[A-Za-z0-9-]*$")] = ""
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    interval: Annotated[int, Field(ge=5, le=10_080, description="Minutes between two readings.")] = 60

    def as_listing(self) -> Listing:
        return Listing(
            name=self.name,
            url=str(self.url),
            topic=self.topic,
            language=self.language,
            weight=self.weight,
            interval_minutes=self.interval,
        )


class _Listed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    feeds: list[FeedSeed]


def load(path: Path = SHIPPED) -> list[FeedSeed]:
    """The feeds of a YAML file, or a SeedError that says where it is wrong."""
    import yaml

    try:
        return _Listed.model_validate(yaml.safe_load(path.read_text("utf-8"))).feeds
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SeedError(f"{path}: {error}") from error
    except ValidationError as error:
        raise SeedError("\n".join(f"{path}: {_line(problem)}" for problem in error.errors())) from None


def plant(session: records.Session, tenant: TenantId, seeds: list[FeedSeed]) -> int:
    """Adds the feeds that the tenant does not have yet; what people changed since stays as it is."""
    return len(feeds.take_over(session, tenant, None, [seed.as_listing() for seed in seeds]))


def _line(problem: Any) -> str:
    where = ".".join(str(part) for part in problem["loc"]) or "the file"
    return f"{where}: {problem['msg']}"
