"""Likeness: the cosine of what two texts say, each term weighed by how rare it was when the text came.

A text's weights follow from what came before it and never change: whoever is compared with it tomorrow finds the cosine
of today, in whatever portions the texts were brought in. Were rarity counted anew each time, old decisions would flip.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

# As if so many texts with other words had come before the first.
BEFORE_THE_FIRST = 1_000
# How much of a text's length is left to its commonest terms, which are not looked up.
NOT_LOOKED_UP = 0.4
# A tile of texts and earlier texts that are compared at once: its sums stay in the processor's cache.
TEXTS_AT_ONCE, EARLIER_AT_ONCE = 4_096, 8_192
PAIRS_AT_ONCE = 1 << 18
# However many resemble a text, so many of the most alike are told.
MOST_ALIKE = 32
ROUNDING = 1e-4


@dataclass(frozen=True, slots=True)
class Pairs:
    """Texts with earlier ones that they resemble; those of one text are together, the most alike first."""

    text: NDArray[np.int32]
    earlier: NDArray[np.int32]
    cosine: NDArray[np.float32]


def vectors(told: csr_array) -> csr_array:
    """Each text's terms by TF-IDF as of that text, of length one."""
    from sklearn.preprocessing import normalize

    came = np.repeat(np.arange(len(told.indptr) - 1, dtype=np.float32), np.diff(told.indptr))
    weighed = told.copy()
    weighed.data = told.data * np.log((came + BEFORE_THE_FIRST) / _used(told))
    if told.nnz:
        normalize(weighed, copy=False)
    return weighed


def _used(told: csr_array) -> NDArray[np.float32]:
    """How many texts have used each text's terms up to then, itself included."""
    places = told.copy()
    places.data = np.arange(told.nnz, dtype=np.int32)
    by_term = places.tocsc()
    nth = np.arange(told.nnz, dtype=np.int32) - np.repeat(by_term.indptr[:-1], np.diff(by_term.indptr))
    used = np.empty(told.nnz, np.float32)
    used[by_term.data] = nth + 1
    return used


def pairs(vectors: csr_array, begin: int, least: float, since: NDArray[np.int64] | None = None) -> Pairs:
    """Each text from `begin` on with the earlier ones, from the `since` of each on, whose cosine with it reaches `least`.

    None is missed: only a text's rarest terms are looked up, but what the others could add is bounded by their length
    (Cauchy-Schwarz), and wherever they could make up what is lacking, the cosine is computed in full.
    """
    texts = len(vectors.indptr) - 1
    since = np.zeros(texts, np.int64) if since is None else since
    found = [
        _most_alike(*_beside_earlier(vectors, slice(first, first + TEXTS_AT_ONCE), since, least))
        for first in range(begin, texts, TEXTS_AT_ONCE)
    ]
    nothing = Pairs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))
    columns = [[getattr(each, name) for each in [nothing, *found]] for name in Pairs.__slots__]
    return Pairs(*map(np.concatenate, columns))


def _beside_earlier(
    vectors: csr_array, texts: slice, since: NDArray[np.int64], least: float
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """The pairs of some texts, tile by tile."""
    first, last, _ = texts.indices(len(since))
    rare, left = _rarest(vectors, first, last)
    found = [(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))]
    for begin in range(int(since[first:last].min()), last, EARLIER_AT_ONCE):
        shared = rare @ vectors[begin : min(begin + EARLIER_AT_ONCE, last)].T
        promising = np.flatnonzero(shared.data >= least - NOT_LOOKED_UP - ROUNDING)
        text = np.searchsorted(shared.indptr, promising, side="right").astype(np.int32) - 1
        earlier, sums = shared.indices[promising] + begin, shared.data[promising]
        open_ = left[text]
        # What the terms that were looked up have used of the earlier text's length is not there for the others.
        most = sums + open_ * np.sqrt(np.maximum(1 - sums**2 / (1 - open_**2), 0))
        chosen = (earlier < text + first) & (earlier >= since[text + first]) & (most >= least - ROUNDING)
        found.extend(_alike(vectors, text[chosen] + first, earlier[chosen], least))
    text, earlier, cosine = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return text, earlier, cosine


def _rarest(vectors: csr_array, first: int, last: int) -> tuple[csr_array, NDArray[np.float32]]:
    """The terms of some texts that are looked up, and the length that is left to the others of each."""
    used = np.bincount(vectors.indices[: vectors.indptr[last]])
    texts = vectors[first:last]
    rows = np.repeat(np.arange(last - first), np.diff(texts.indptr))
    # Each text's terms, the commonest first, and how much of its square they are up to there.
    order = np.lexsort((-used[texts.indices], rows))
    squares = texts.data[order].astype(np.float64) ** 2
    sums = np.concatenate([[0], np.cumsum(squares)])
    common = sums[1:] - sums[texts.indptr[rows]] < NOT_LOOKED_UP**2
    left = np.sqrt(np.bincount(rows[common], squares[common], last - first))
    texts.data[order[common]] = 0
    texts.eliminate_zeros()
    return texts, left.astype(np.float32)


def _alike(
    vectors: csr_array, text: NDArray[np.int32], earlier: NDArray[np.int32], least: float
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]]:
    for begin in range(0, len(text), PAIRS_AT_ONCE):
        of, with_ = text[begin : begin + PAIRS_AT_ONCE], earlier[begin : begin + PAIRS_AT_ONCE]
        cosine = np.minimum(vectors[of].multiply(vectors[with_]).sum(axis=1), 1).astype(np.float32)
        reached = cosine >= least
        yield of[reached], with_[reached], cosine[reached]


def _most_alike(text: NDArray[np.int32], earlier: NDArray[np.int32], cosine: NDArray[np.float32]) -> Pairs:
    order = np.lexsort((earlier, -cosine, text))
    text = text[order]
    nth = np.arange(len(text)) - np.searchsorted(text, text)
    kept = order[nth < MOST_ALIKE]
    return Pairs(text[nth < MOST_ALIKE], earlier[kept], cosine[kept])
