"""Paths: what every attribution model reads, checked at the edge and from there on numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

COLUMNS = ("path", "conversions", "value", "nulls")
COUNTS = ("conversions", "nulls")
ROWS_NAMED = 5
DAY = 86_400_000_000  # in microseconds


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Checked paths, channels as numbers: the touches of path i are `touches[starts[i] : starts[i + 1]]`."""

    channels: tuple[str, ...]
    touches: NDArray[np.int32]
    starts: NDArray[np.int64]
    conversions: NDArray[np.float64]
    value: NDArray[np.float64]
    nulls: NDArray[np.float64]
    ages: NDArray[np.float64] | None
    users: pl.Series | None

    def __len__(self) -> int:
        return len(self.conversions)

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.starts)

    @property
    def firsts(self) -> NDArray[np.int64]:
        """Where each path's first touch is."""
        return self.starts[:-1]

    @property
    def lasts(self) -> NDArray[np.int64]:
        """Where each path's last touch is."""
        return self.starts[1:] - 1

    @property
    def person(self) -> NDArray[np.int64]:
        """Of each path whose it is, as a number; everybody's own where users are not known."""
        if self.users is None:
            return np.arange(len(self))
        return self.users.rank("dense").cast(pl.Int64).to_numpy() - 1

    def split(self, weights: NDArray[np.float64]) -> csr_array:
        """A weight for each touch as paths by channels."""
        return by_path(weights, self.touches, self.starts, len(self.channels))

    def split_evenly(self) -> csr_array:
        """Paths by channels: each channel of a path has the same share of it, however often it was met."""
        met = self.split(np.ones(len(self.touches)))
        met.sum_duplicates()
        different = np.diff(met.indptr)
        met.data = np.repeat(1 / different, different)
        return met

    def collapsed(self) -> Paths:
        """The same paths, what follows itself told once."""
        new = np.empty(len(self.touches), bool)
        np.not_equal(self.touches[1:], self.touches[:-1], out=new[1:])
        new[self.firsts] = True
        counted = np.concatenate([[0], np.cumsum(new)])
        ages = None if self.ages is None else self.ages[new]
        return replace(self, touches=self.touches[new], starts=counted[self.starts], ages=ages)


def by_path(
    numbers: NDArray[np.float64], columns: NDArray[np.integer], starts: NDArray[np.integer], width: int
) -> csr_array:
    """A sparse matrix with a row for each path, out of a number for each of its touches."""
    from scipy.sparse import csr_array

    return csr_array((numbers, columns, starts), shape=(len(starts) - 1, width))


def read(frame: pl.DataFrame) -> Paths:
    """Reads a frame of paths; a ValueError says which columns or rows are wrong."""
    _refuse_columns(frame)
    lengths = frame["path"].list.len()
    _refuse(lengths.fill_null(0) == 0, "an empty path")
    numbers = {name: frame[name].cast(pl.Float64) for name in COLUMNS[1:]}
    for name, column in numbers.items():
        _refuse(~column.is_finite().fill_null(False), f"no number in {name}")
    for name in COUNTS:
        _refuse(numbers[name] < 0, f"a negative number in {name}")
    touches = frame["path"].explode() if len(frame) else pl.Series([], dtype=pl.String)
    if touches.null_count():
        _refuse(frame["path"].list.contains(None), "a path with a channel missing")
    if "user" in frame.columns:
        _refuse(frame["user"].is_null(), "no user")
    channels, codes = _coded(touches)
    return Paths(
        channels=channels,
        touches=codes,
        starts=np.concatenate([[0], np.cumsum(lengths.to_numpy(), dtype=np.int64)]),
        **{name: column.to_numpy() for name, column in numbers.items()},
        ages=_ages(frame, lengths) if "age" in frame.columns else None,
        users=frame["user"] if "user" in frame.columns else None,
    )


def _refuse_columns(frame: pl.DataFrame) -> None:
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise ValueError(f"Paths lack the column {', '.join(missing)}; they need {', '.join(COLUMNS)}.")
    held = frame.schema["path"]
    if not (isinstance(held, pl.List) and held.inner in (pl.String, pl.Categorical, pl.Enum)):
        raise ValueError(f"The column path holds {held}; it must hold lists of channel names.")
    for name in COLUMNS[1:]:
        if not frame.schema[name].is_numeric():
            raise ValueError(f"The column {name} holds {frame.schema[name]}; it must hold numbers.")


def _coded(touches: pl.Series) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """The channels in order of their names, and of each touch which of them it is."""
    if touches.dtype == pl.String:
        touches = touches.cast(pl.Categorical)
    met = touches.unique()
    names = met.cast(pl.String).to_list()
    codes = met.to_physical().to_numpy()
    order = sorted(range(len(names)), key=names.__getitem__)
    number = np.zeros(int(codes.max(initial=0)) + 1, np.int32)
    number[codes[order]] = np.arange(len(order))
    return tuple(names[place] for place in order), number[touches.to_physical().to_numpy()]


def _ages(frame: pl.DataFrame, lengths: pl.Series) -> NDArray[np.float64]:
    """How many days before the conversion each touch was."""
    held = frame.schema["age"]
    if not (isinstance(held, pl.List) and held.inner == pl.Duration):
        raise ValueError(f"The column age holds {held}; it must hold lists of durations, one a touch.")
    _refuse((frame["age"].list.len() != lengths).fill_null(True), "not as many ages as the path has touches")
    ages = frame["age"].explode() if len(frame) else pl.Series([], dtype=pl.Duration)
    microseconds = ages.dt.cast_time_unit("us").to_physical()
    wrong = microseconds.is_null() | (microseconds < 0)
    if wrong.any():
        rows = pl.Series(np.repeat(np.arange(len(frame)), lengths.to_numpy())).filter(wrong).unique()
        _refuse_rows(rows.sort(), "an age that is missing or negative; ages count back from the conversion")
    return microseconds.to_numpy() / DAY


def _refuse(wrong: pl.Series, what: str) -> None:
    if wrong.any():
        _refuse_rows(wrong.arg_true(), what)


def _refuse_rows(rows: pl.Series, what: str) -> None:
    named = ", ".join(str(row) for row in rows.head(ROWS_NAMED))
    more = f" and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else ""
    raise ValueError(f"Row {named}{more}: {what}.")
