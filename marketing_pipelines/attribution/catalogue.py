"""The catalogue of attribution models: what is registered here is computed, stored and offered by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from marketing_pipelines.attribution.crediting import (
    Fit,
    Split,
    Verdict,
    credited,
    split_by_effects,
    summed,
    told_by_path,
)
from marketing_pipelines.attribution.paths import Paths, read
from marketing_pipelines.attribution.tuning import Tuning

if TYPE_CHECKING:
    import polars as pl

P = ParamSpec("P")
TUNED = {each.name for each in fields(Tuning)}


class Family(StrEnum):
    """Models that are computed together, by one asset."""

    RULES = "rules"
    MARKOV = "markov"
    SHAPLEY = "shapley"


@dataclass(frozen=True, slots=True)
class Model:
    """A way to share out conversions, and the parameters it does so with where they are not the usual ones."""

    name: str
    title: str
    description: str
    family: Family
    judge: Callable[..., Verdict]
    # Columns that its paths must have besides the usual ones.
    needs: tuple[str, ...] = ()
    # Whether a direct visit takes credit from touches that are known, as everywhere else it does not.
    counts_direct: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def tuned(self, tuning: Tuning) -> Model:
        """The same model with a tenant's parameters, as far as it has them."""
        own = inspect.signature(self.judge).parameters
        return replace(self, parameters={name: getattr(tuning, name) for name in own if name in TUNED})

    def can_read(self, paths: pl.DataFrame) -> bool:
        """Whether these paths have what only some models need, such as ages."""
        return set(self.needs) <= set(paths.columns)

    def verdict(self, paths: Paths) -> Verdict:
        """What the model says of paths, with its parameters."""
        return self.judge(paths, **self.parameters)

    def credit(self, paths: pl.DataFrame, fitted_on: pl.DataFrame | None = None) -> pl.DataFrame:
        """What each channel gets of the conversions and value of these paths.

        With `fitted_on`, what a channel matters is read off those paths, such as a month's, and each of `paths`, such as a
        day's, is shared out among its own channels accordingly. A rule needs no fitting and says the same either way.
        """
        known = read(paths)
        if fitted_on is None:
            return credited(known, self.verdict(known))
        return summed(known, self._split(known, fitted_on))

    def share_out(
        self,
        paths: pl.DataFrame,
        fitted_on: pl.DataFrame | None = None,
        effects: Mapping[str, float] | None = None,
    ) -> pl.DataFrame:
        """What each channel gets of each path: `row`, `channel`, `share`, `conversions`, `value`.

        The shares of a row add up to one, and a channel that gets nothing of it is not listed. A fit's shares follow its
        channels' effects, which are known already, or read off `fitted_on` or these very paths.
        """
        known = read(paths)
        return told_by_path(known, self._split(known, fitted_on, effects))

    def _split(
        self, paths: Paths, fitted_on: pl.DataFrame | None, known_effects: Mapping[str, float] | None = None
    ) -> Split:
        verdict, learnt = self.verdict(paths), paths
        if not isinstance(verdict, Fit):
            return verdict
        if known_effects:
            return split_by_effects(paths, known_effects)
        if fitted_on is not None:
            learnt = read(fitted_on)
            verdict = self.verdict(learnt)
            assert isinstance(verdict, Fit)
        effects = verdict.effects(verdict.count(learnt.conversions, learnt.nulls))
        return split_by_effects(paths, dict(zip(learnt.channels, effects.sizes.tolist(), strict=True)))


_catalogue: dict[str, Model] = {}


def register(
    family: Family, title: str, *, needs: tuple[str, ...] = (), counts_direct: bool = False
) -> Callable[
    [Callable[Concatenate[Paths, P], Verdict]], Callable[Concatenate[pl.DataFrame, P], pl.DataFrame]
]:
    """Enters a model into the catalogue under its function's name, the docstring as its description.

    What stands under the name afterwards takes a frame of paths and gives a frame of credits.
    """

    def enter(
        judge: Callable[Concatenate[Paths, P], Verdict],
    ) -> Callable[Concatenate[pl.DataFrame, P], pl.DataFrame]:
        name = judge.__name__
        if name in _catalogue:
            raise ValueError(
                f"There is an attribution model called {name} already; give this one another name."
            )
        known = Model(name, title, inspect.getdoc(judge) or "", family, judge, needs, counts_direct)
        signature = inspect.signature(judge)

        @wraps(judge)
        def credit(paths: pl.DataFrame, *args: P.args, **kwargs: P.kwargs) -> pl.DataFrame:
            given = signature.bind(paths, *args, **kwargs).arguments
            parameters = {each: given[each] for each in list(given)[1:]}
            Tuning(**{each: parameters[each] for each in parameters if each in TUNED})
            return replace(known, parameters=parameters).credit(paths)

        frame = inspect.Parameter("paths", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation="pl.DataFrame")
        told = [frame, *list(signature.parameters.values())[1:]]
        credit.__signature__ = signature.replace(parameters=told, return_annotation="pl.DataFrame")  # pyright: ignore[reportAttributeAccessIssue]
        _catalogue[name] = known
        return credit

    return enter


def models(family: Family | None = None) -> list[Model]:
    """The registered models, of one family or of all: rules first, and as they were registered."""
    families = [family] if family else Family
    return [known for each in families for known in _catalogue.values() if known.family == each]


def model(name: str) -> Model:
    """The model of that name; a ValueError names the ones there are."""
    if name not in _catalogue:
        raise ValueError(f"There is no attribution model {name!r}; there are {', '.join(_catalogue)}.")
    return _catalogue[name]
