"""The hashes: the same for the same content in any order, another for anything else."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.outbound.manifest import leaf_hash, manifest_hash, root

TREE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
MANIFEST = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), TREE, max_size=5)


def test_the_hashes_can_be_recomputed_with_a_shell() -> None:
    """As plain as `printf '{"a":"é","b":1}' | sha256sum`; a change here voids every approval ever given."""
    assert manifest_hash({"b": 1, "a": "é"}).hex() == (
        "aa58fba8483623bed37c1b02edfccbdd9a53123837c20bfa4cb4049993a2872e"
    )
    leaf = leaf_hash("contact:1", {"email": "a@example.com"})
    assert leaf.hex() == "47966f154da21b20a7409e4f2457c22109d2d69414f97f5e36195c68b23a9b5a"
    assert root([leaf]).hex() == "b809bcef5da6a5965cc3b362d60473c6a2bf835f1cc97b7a2fbedd647a6383f8"


@given(MANIFEST)
def test_a_manifest_read_back_from_json_has_the_same_hash(manifest: dict[str, Any]) -> None:
    shuffled = dict(reversed(json.loads(json.dumps(manifest)).items()))
    assert manifest_hash(shuffled) == manifest_hash(manifest)


@given(MANIFEST, MANIFEST)
def test_other_content_has_another_hash(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (manifest_hash(one) == manifest_hash(other)) is same


@given(
    st.lists(st.binary(min_size=32, max_size=32), max_size=5).flatmap(
        lambda x: st.tuples(st.just(x), st.permutations(x))
    )
)
def test_the_root_does_not_depend_on_the_order_and_does_on_every_leaf(
    given: tuple[list[bytes], list[bytes]],
) -> None:
    leaves, shuffled = given
    assert root(leaves) == root(shuffled)
    assert root([*leaves, bytes(32)]) != root(leaves)


@given(st.text(max_size=20), st.emails(), st.emails())
def test_a_leaf_binds_the_recipient_to_the_values(key: str, one: str, other: str) -> None:
    leaf = leaf_hash(key, {"email": one})
    assert (leaf == leaf_hash(key, {"email": other})) is (one == other)
    assert leaf != leaf_hash(key + "x", {"email": one})
