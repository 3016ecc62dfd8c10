"""The audit chain: whatever is done to the past, it shows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from store.audit import GENESIS, Entry, first_broken, link

START = datetime(2026, 1, 1, tzinfo=UTC)


def chain_of(length: int) -> list[tuple[Entry, bytes]]:
    entries, previous = [], GENESIS
    for seq in range(1, length + 1):
        at = START + timedelta(seconds=seq)
        entry = Entry(1, seq, at, "user:1", "submit", "action", str(seq), {"state": "draft"}, {"n": seq})
        previous = link(previous, entry)
        entries.append((entry, previous))
    return entries


def test_an_untouched_chain_is_whole() -> None:
    assert first_broken(1, chain_of(20), {}) is None
    assert first_broken(1, [], {}) is None


@given(length=st.integers(2, 12), data=st.data())
def test_the_first_changed_entry_is_named(length: int, data: st.DataObject) -> None:
    chain = chain_of(length)
    at = data.draw(st.integers(0, length - 1))
    entry, stored = chain[at]
    changed = data.draw(
        st.sampled_from(
            [
                replace(entry, actor="user:2"),
                replace(entry, after={"n": -1}),
                replace(entry, at=entry.at + timedelta(microseconds=1)),
                replace(entry, tenant_id=2),
            ]
        )
    )
    chain[at] = (changed, stored)
    broken = first_broken(1, chain, {})
    assert broken is not None
    assert broken.seq == entry.seq


@given(length=st.integers(3, 12), data=st.data())
def test_a_missing_entry_is_named(length: int, data: st.DataObject) -> None:
    chain = chain_of(length)
    at = data.draw(st.integers(0, length - 2))
    del chain[at]
    broken = first_broken(1, chain, {})
    assert broken is not None
    assert broken.seq == at + 1


@given(length=st.integers(3, 12), data=st.data())
def test_a_chain_hashed_anew_from_the_middle_does_not_join(length: int, data: st.DataObject) -> None:
    chain = chain_of(length)
    at = data.draw(st.integers(0, length - 2))
    previous = chain[at - 1][1] if at else GENESIS
    forged = replace(chain[at][0], actor="user:9")
    chain[at] = (forged, link(previous, forged))
    broken = first_broken(1, chain, {})
    assert broken is not None
    assert broken.seq == at + 2


def test_a_chain_hashed_anew_to_its_end_is_not_the_one_whose_head_was_kept() -> None:
    kept = dict.fromkeys([20], chain_of(20)[-1][1])
    assert first_broken(1, chain_of(20), kept) is None
    forged, previous = [], GENESIS
    for entry, _ in chain_of(20):
        changed = replace(entry, actor="user:9") if entry.seq == 7 else entry
        previous = link(previous, changed)
        forged.append((changed, previous))
    assert first_broken(1, forged, {}) is None
    broken = first_broken(1, forged, kept)
    assert broken is not None
    assert broken.seq == 20


def test_a_chain_that_ends_before_a_head_that_was_kept_was_cut() -> None:
    broken = first_broken(1, chain_of(12), {20: bytes(32)})
    assert broken is not None
    assert broken.seq == 13


documents = st.dictionaries(
    st.text(max_size=20),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=40),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=6,
)


@given(before=documents, after=documents)
def test_every_entry_is_found_whole_whichever_way_it_is_written(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    """The quick writing may differ from the canonical one where names lie beyond Unicode's first plane."""
    entry = Entry(1, 1, START, "user:1", "submit", "action", "1", before, after)
    assert first_broken(1, [(entry, link(GENESIS, entry))], {}) is None


@given(
    text=st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])),
    number=st.integers(0, 2**53 - 1),
)
def test_what_entries_hold_is_written_the_same_the_quick_way(text: str, number: int) -> None:
    entry = Entry(
        1, 1, START, "user:1", text, "action", "1", {"b": text, "a": number}, {"state": [text, None, True]}
    )
    assert entry.quickly_canonical() == entry.canonical()
