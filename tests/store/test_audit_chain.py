"""The audit chain: whatever is done to the past, it shows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

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
    assert first_broken(chain_of(20)) is None
    assert first_broken([]) is None


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
    broken = first_broken(chain)
    assert broken is not None
    assert broken.seq == entry.seq


@given(length=st.integers(3, 12), data=st.data())
def test_a_missing_entry_is_named(length: int, data: st.DataObject) -> None:
    chain = chain_of(length)
    at = data.draw(st.integers(0, length - 2))
    del chain[at]
    broken = first_broken(chain)
    assert broken is not None
    assert broken.seq == at + 1


@given(length=st.integers(3, 12), data=st.data())
def test_a_chain_hashed_anew_from_the_middle_does_not_join(length: int, data: st.DataObject) -> None:
    chain = chain_of(length)
    at = data.draw(st.integers(0, length - 2))
    previous = chain[at - 1][1] if at else GENESIS
    forged = replace(chain[at][0], actor="user:9")
    chain[at] = (forged, link(previous, forged))
    broken = first_broken(chain)
    assert broken is not None
    assert broken.seq == at + 2
