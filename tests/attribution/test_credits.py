"""A day's credits: what leaves the models for the warehouse, to the cent and with nobody lost."""

from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest

from marketing_pipelines.attribution import direct, model, models
from marketing_pipelines.attribution.credits import credit
from marketing_pipelines.attribution.results import judged
from marketing_pipelines.attribution.terms import Terms
from store.records.schema import GoalId, TenantId

USUAL = Terms(TenantId(1), [GoalId(1)])
DIRECT_COUNTS = Terms(TenantId(1), [GoalId(1)], direct_overrides=True)
HOUR = timedelta(hours=1)


def day() -> pl.DataFrame:
    """Two purchases and a refund of a third."""
    return pl.DataFrame(
        {
            "user": ["a", "b", "c"],
            "path": [["email", "direct", "direct"], ["direct"], ["ads", "email", "direct"]],
            "age": [[3 * HOUR, 2 * HOUR, HOUR], [HOUR], [3 * HOUR, 2 * HOUR, HOUR]],
            "conversions": [1.0, 1.0, 0.0],
            "value": [Decimal("10.01"), Decimal("5.00"), Decimal("-3.33")],
            "nulls": [0.0, 0.0, 0.0],
        },
        schema_overrides={"value": pl.Decimal(18, 4)},
    )


def test_a_direct_visit_takes_nothing_from_a_touch_that_is_known() -> None:
    left = direct.left_out(day())
    assert left["path"].to_list() == [["email"], ["direct"], ["ads", "email"]]
    assert left["age"].to_list() == [[3 * HOUR], [HOUR], [3 * HOUR, 2 * HOUR]]


def test_by_last_touch_it_does_and_by_all_models_where_the_tenant_says_so() -> None:
    def conversions(name: str, terms: Terms) -> list[float]:
        return credit(day(), model(name), terms, None)["conversions"].to_list()

    # ads, direct, email
    assert conversions("last_touch", USUAL) == [0, 2, 0]
    assert conversions("last_non_direct", USUAL) == [0, 1, 1]
    assert conversions("linear", USUAL) == [0, 1, 1]
    assert conversions("linear", DIRECT_COUNTS) == pytest.approx([0, 1 + 2 / 3, 1 / 3])


@pytest.mark.parametrize("name", [known.name for known in models()])
@pytest.mark.parametrize("terms", [USUAL, DIRECT_COUNTS])
def test_values_add_up_to_the_cent_refunds_included_and_no_channel_is_lost(name: str, terms: Terms) -> None:
    learnt = None if name in ("linear", "last_touch") else day().drop("age")
    known = model(name)
    credits = credit(day(), known, terms, learnt if not known.needs else None)
    assert credits["value"].sum() == Decimal("11.68")
    assert credits["conversions"].sum() == pytest.approx(2)
    assert credits["channel"].to_list() == ["ads", "direct", "email"]


@pytest.mark.parametrize("name", [known.name for known in models()])
def test_a_windows_results_add_up_and_lie_within_their_bounds(name: str) -> None:
    results = judged(day(), model(name), USUAL)
    assert results["value"].sum() == Decimal("11.68")
    assert results["share"].sum() == pytest.approx(1)
    within = results.filter(pl.col("share").is_between(pl.col("share_low"), pl.col("share_high")))
    assert len(within) == len(results)
