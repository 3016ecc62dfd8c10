"""The pages about attribution say what the code says: every example runs and prints what stands below it."""

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import polars as pl
import pytest

from marketing_pipelines.attribution import Group, lift, models
from marketing_pipelines.attribution.catalogue import _catalogue
from tests.attribution.world import PEOPLE, against_the_truth, live, misplaced, printed

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


@pytest.fixture
def as_before() -> Iterator[None]:
    """How frames are printed, and which models there are, is another test's business."""
    known = dict(_catalogue)
    with pl.Config():
        yield
    _catalogue.clear()
    _catalogue.update(known)


@pytest.mark.parametrize("page", ["attribution.md", "how-to/run-a-hold-out.md"])
def test_examples_print_what_stands_below_them(page: str, as_before: None) -> None:
    examples = EXAMPLE.findall((DOCS / page).read_text())
    assert examples
    names: dict[str, object] = {}
    for code, shown in examples:
        out = io.StringIO()
        with redirect_stdout(out):
            exec(code, names)  # noqa: S102 - a page of ours
        assert out.getvalue() == shown


def test_the_table_of_truth_is_what_the_world_gives() -> None:
    page = (DOCS / "attribution.md").read_text()
    world = live()
    assert printed(world) in page
    told = " ".join(page.split())
    assert f"{PEOPLE:,} people" in told
    assert (
        f"Of {world.paths['conversions'].sum():,.0f} conversions channels caused {sum(world.caused.values()):,.0f}"
        in told
    )
    wrong = misplaced(against_the_truth(world))
    assert "even the best model here misplaces a quarter" in told
    assert min(wrong.values()) == pytest.approx(0.25, abs=0.02)
    assert min(wrong, key=wrong.__getitem__) == "first_touch"


def test_the_sizes_that_the_how_to_names_are_those_that_are_needed() -> None:
    page = (DOCS / "how-to/run-a-hold-out.md").read_text()
    for larger, named in ((1.1, "31,000"), (1.2, "8,200")):
        found = lift(
            Group(users=10**6, converters=int(50_000 * larger)), Group(users=10**6, converters=50_000)
        )
        assert found.users_needed is not None
        assert f"{float(f'{found.users_needed:.2g}'):,.0f}" == named
        assert named in page


def test_every_model_is_on_the_page() -> None:
    page = (DOCS / "attribution.md").read_text()
    for known in models():
        assert f"`{known.name}" in page or known.name == "shapley_markov"
    assert 'shapley(game="count")' in page
    assert 'shapley(game="markov")' in page
