"""GAQL as we write it, read by the sandbox, which knows the documented grammar and nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import gaql
from connectors.sandbox import gaql as sandbox_gaql
from connectors.sandbox.google_ads_refusals import Refused


@given(st.text())
def test_a_string_stays_within_its_quotes_and_means_itself(value: str):
    written = gaql.text(value)
    if not re.search(r"[\r\n]", value):
        assert re.fullmatch(r"'([^'\\\r\n]|\\[\\'\"nrt])*'", written)
    query = sandbox_gaql.read(f"SELECT campaign.id FROM campaign WHERE campaign.name = {written} LIMIT 1")
    assert query.conditions == (sandbox_gaql.Condition("campaign.name", "=", (value,)),)
    assert query.limit == 1


@given(part=st.text(alphabet="a[]%_'\\-é\n", max_size=6), name=st.text(alphabet="aA[]%_'\\-é\n", max_size=12))
def test_like_finds_the_very_part_in_either_case(part: str, name: str):
    query = sandbox_gaql.read(f"SELECT x FROM y WHERE campaign.name LIKE {gaql.containing(part)}")
    assert query.conditions[0].holds({"campaign.name": name}) == (part.lower() in name.lower())


def test_the_documented_pattern_of_the_grammar_is_ours():
    assert gaql.containing("[Earth_to_Mars]") == "'%[[]Earth[_]to[_]Mars[]]%'"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT",
        "SELECT a FROM b WHERE",
        "SELECT a FROM b WHERE c",
        "SELECT a FROM b WHERE c = 'd",
        "SELECT a FROM b WHERE c = 'd' 'e'",
        r"SELECT a FROM b WHERE c = 'd\x'",
        "SELECT a FROM b WHERE c = 'd\n'",
        "SELECT a FROM b WHERE c IN ('d'",
        "SELECT a FROM b WHERE c IN 'd'",
        "SELECT a FROM b WHERE c BETWEEN 'd'",
        "SELECT a FROM b WHERE c SOUNDS 'd'",
        "SELECT a FROM b WHERE c = 'd' OR 1 = 1",
        "SELECT a FROM b ORDER c",
        "SELECT a FROM b; DROP",
        "SELECT ü FROM b",
    ],
)
def test_the_sandbox_reads_nothing_into_a_query(query: str):
    with pytest.raises(Refused):
        sandbox_gaql.read(query)


@pytest.mark.parametrize("pattern", ["[", "[ab]", "a[]b", "%[%"])
def test_a_bracket_under_like_holds_one_character(pattern: str):
    query = sandbox_gaql.read(f"SELECT a FROM b WHERE c LIKE '{pattern}'")
    with pytest.raises(Refused):
        query.conditions[0].holds({"c": "a"})
