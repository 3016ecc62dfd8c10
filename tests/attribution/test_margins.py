"""What the last euro earned, where two periods can tell."""

import polars as pl
import pytest

from marketing_pipelines.attribution import marginal


def period(**channels: tuple[float, float, float]) -> pl.DataFrame:
    return pl.DataFrame(
        [(channel, *numbers) for channel, numbers in channels.items()],
        schema={"channel": pl.String, "spend": pl.Float64, "conversions": pl.Float64, "value": pl.Float64},
        orient="row",
    )


def reading(before: tuple[float, float, float], after: tuple[float, float, float]) -> dict[str, float | None]:
    return marginal(period(search=before), period(search=after)).row(0, named=True)


def test_the_next_conversion_costs_more_than_the_average_one() -> None:
    found = reading((1000, 100, 5000), (2000, 150, 7000))
    assert found["marginal_cpa"] == pytest.approx(20)
    assert found["marginal_roas"] == pytest.approx(2)
    noise = 1.645 * 250**0.5
    assert found["marginal_cpa_low"] == pytest.approx(1000 / (50 + noise), rel=1e-3)
    assert found["marginal_cpa_high"] == pytest.approx(1000 / (50 - noise), rel=1e-3)
    # A conversion was worth 50 before and 46.67 after: chance moves what all are worth together by its share of each.
    swing = 1.645 * (5000**2 / 100 + 7000**2 / 150) ** 0.5 / 1000
    assert found["marginal_roas_low"] == pytest.approx(2 - swing, rel=1e-3)
    assert found["marginal_roas_high"] == pytest.approx(2 + swing, rel=1e-3)


def test_spending_less_tells_as_much_as_spending_more() -> None:
    assert reading((2000, 150, 7000), (1000, 100, 5000))["marginal_cpa"] == pytest.approx(20)
    assert reading((2000, 150, 7000), (1000, 100, 5000))["marginal_roas"] == pytest.approx(2)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((1000, 100, 5000), (1050, 130, 6000)),
        ((1000, 100, 5000), (2000, 90, 4000)),
        ((1000, 100, 5000), (500, 120, 4000)),
        ((0, 10, 50), (0, 20, 90)),
    ],
    ids=["spend hardly moved", "fewer for more", "more for less", "free"],
)
def test_where_there_is_nothing_to_read_nothing_is_read(before: tuple, after: tuple) -> None:
    found = reading(before, after)
    assert [found[name] for name in found if name.startswith("marginal")] == [None] * 6


def test_a_small_gain_has_no_upper_bound() -> None:
    found = reading((1000, 100, 5000), (2000, 110, 5400))
    assert found["marginal_cpa"] == pytest.approx(100)
    assert found["marginal_cpa_high"] is None


def test_value_without_a_conversion_is_one_events() -> None:
    found = reading((1000, 0, -300), (2000, 100, 5000))
    swing = 1.645 * (300**2 + 5000**2 / 100) ** 0.5 / 1000
    assert found["marginal_roas_low"] == pytest.approx(5.3 - swing, rel=1e-3)


def test_a_channel_of_one_period_only_began_or_ended_at_nothing() -> None:
    found = marginal(period(search=(100, 40, 900)), period(email=(50, 50, 500)))
    assert found["channel"].to_list() == ["email", "search"]
    assert found["marginal_cpa"].to_list() == pytest.approx([1, 2.5])


def test_wrong_periods_are_refused_by_name() -> None:
    good = period(search=(1, 1, 1))
    with pytest.raises(ValueError, match="period after lacks the column value"):
        marginal(good, good.drop("value"))
    with pytest.raises(ValueError, match="period before has a channel twice"):
        marginal(pl.concat([good, good]), good)
