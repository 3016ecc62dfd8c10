"""The rates as Dagster runs them: by the day, caught up with, back-filled in one run, and never wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import dagster as dg
import pytest

from connectors.errors import ChannelError, Transient
from connectors.reference_rates import Reach, fetch
from connectors.retries import Patience
from marketing_pipelines.currencies import reading
from marketing_pipelines.defs.currencies.assets import CAUGHT_UP, EARLIEST, exchange_rates
from marketing_pipelines.defs.partitions import DAYS
from marketing_pipelines.defs.resources import SettingsResource
from store import events
from store import settings as store_settings
from store.settings import Environment, Settings
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox
from tests.connectors.test_reference_rates import wire
from tests.days import today

DAY = timedelta(days=1)


def run(first: date, last: date, *, succeeds: bool = True) -> dg.ExecuteInProcessResult:
    result = dg.materialize(
        [exchange_rates],
        resources={"house": SettingsResource()},
        tags={
            "dagster/asset_partition_range_start": str(first),
            "dagster/asset_partition_range_end": str(last),
        },
        raise_on_error=False,
    )
    assert result.success is succeeds
    return result


def outcomes(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


def stored(client: events.Client) -> dict[tuple[date, str], tuple[Decimal, datetime]]:
    query = "select rate_on, currency, per_euro, fetched_at from raw.exchange_rates"
    return {(day, currency): (rate, at) for day, currency, rate, at in client.query(query).result_rows}


@contextmanager
def saying(monkeypatch: pytest.MonkeyPatch, answer: tuple[int, bytes]) -> Iterator[Settings]:
    """A bank that says this instead."""
    with answering(answer) as bank:
        monkeypatch.setenv("EXCHANGE_RATES_URL", bank.endpoint.base_url)
        store_settings.current.cache_clear()
        yield store_settings.current()


def document(**rates: dict[date, str]) -> bytes:
    cubes = "".join(
        f"<Cube time='{day}'><Cube currency='{currency}' rate='{rate}'/></Cube>"
        for currency, by_day in rates.items()
        for day, rate in by_day.items()
    )
    return f"<Cube>{cubes}</Cube>".encode()


@pytest.mark.usefixtures("bank")
def test_the_newest_day_brings_those_that_no_run_came_to(clickhouse: events.Client, sandbox: Sandbox) -> None:
    result = run(today(), today())
    kept = {key: said[0] for key, said in stored(clickhouse).items()}
    assert kept == {
        (rate.day, rate.currency): rate.per_euro
        for rate in fetch(wire(sandbox), Reach.NINETY_DAYS)
        if rate.day >= today() - CAUGHT_UP
    }
    assert outcomes(result) == {"no_rate_leapt": True, "the_bank_has_spoken_lately": True}
    metadata = result.asset_materializations_for_node("exchange_rates")[-1].metadata
    assert metadata["dagster/row_count"].value == len(kept)
    assert metadata["latest_day"].value == str(max(day for day, _ in kept))
    assert metadata["currencies"].value == 29
    assert str(metadata["movements"].value).startswith("![Movements against the euro](data:image/png;base64,")


@pytest.mark.usefixtures("bank")
def test_what_was_read_again_and_says_the_same_is_not_written_again(clickhouse: events.Client) -> None:
    run(today(), today())
    first = stored(clickhouse)
    result = run(today(), today())
    assert stored(clickhouse) == first
    metadata = result.asset_materializations_for_node("exchange_rates")[-1].metadata
    assert metadata["days_changed"].value == 0


@pytest.mark.usefixtures("bank")
def test_a_back_fill_is_one_run_over_the_long_document(clickhouse: events.Client) -> None:
    result = run(EARLIEST, today())
    days = {day for day, _ in stored(clickhouse)}
    assert min(days) == date(EARLIEST.year, 1, 2), "the first of January is a holiday"
    assert len(days) > (today() - EARLIEST).days * 0.65
    materialised = {each.partition for each in result.asset_materializations_for_node("exchange_rates")}
    assert materialised == set(DAYS.get_partition_keys())


NOT_AS_DOCUMENTED = (200, b"<Cube time='2026-10-09'><Cube currency='USD' rate='?'/></Cube>")


@pytest.mark.usefixtures("bank")
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((500, b""), "HTTP 500"),
        ((404, b""), "HTTP 404"),
        ((200, b"<html>Down for maintenance"), "not whole XML"),
        ((200, b"<Cube/>"), "there is no rate in it"),
        (NOT_AS_DOCUMENTED, "no rate"),
    ],
)
def test_a_feed_that_fails_leaves_the_rates_as_they_were(
    clickhouse: events.Client, monkeypatch: pytest.MonkeyPatch, answer: tuple[int, bytes], why: str
) -> None:
    run(today(), today())
    before = stored(clickhouse)
    lately = events.Days(today() - CAUGHT_UP, today())
    with saying(monkeypatch, answer) as settings, pytest.raises(ChannelError, match=why):
        reading.read_days(settings, lately, run_id="", patience=Patience(attempts=1))
    assert stored(clickhouse) == before


@pytest.mark.usefixtures("bank")
def test_a_run_that_failed_says_why_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with saying(monkeypatch, NOT_AS_DOCUMENTED):
        result = run(today(), today(), succeeds=False)
    [failure] = [event for event in result.all_events if event.is_step_failure]
    said = failure.step_failure_data.user_failure_data
    assert said is not None
    assert said.description == (
        "ECB reference rates (eurofxref-hist-90d.xml): '?' is no rate. "
        "The provider's answer has changed: bring the connector up to date. "
        "The rates of every day stay as they were."
    )


@pytest.mark.usefixtures("bank")
def test_a_leap_is_kept_out_and_told(clickhouse: events.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    days = [today() - n * DAY for n in (3, 2, 1)]
    leapt = document(USD={days[0]: "1.16", days[1]: "11.6", days[2]: "1.17"}, SEK=dict.fromkeys(days, "11"))
    with saying(monkeypatch, (200, leapt)):
        result = run(today(), today())
    kept = {key: said[0] for key, said in stored(clickhouse).items()}
    assert {key for key in kept if key[1] == "USD"} == {(days[0], "USD"), (days[2], "USD")}
    assert (days[1], "SEK") in kept
    assert outcomes(result)["no_rate_leapt"] is False
    [check] = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert f"| {days[1]} | USD | 11.6" in str(check.metadata["kept_out"].value)
    assert check.severity is dg.AssetCheckSeverity.WARN


@pytest.mark.usefixtures("bank")
def test_where_the_bank_is_silent_what_was_stored_stays(
    clickhouse: events.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(today(), today())
    before = stored(clickhouse)
    old = today() - 9 * DAY
    with saying(monkeypatch, (200, document(USD={old: "1.1"}))):
        result = run(today(), today())
    after = stored(clickhouse)
    assert {key: said for key, said in after.items() if key[0] != old} == {
        key: said for key, said in before.items() if key[0] != old
    }
    assert after[old, "USD"][0] == Decimal("1.1")
    assert outcomes(result)["the_bank_has_spoken_lately"] is False


def test_it_is_asked_for_every_afternoon_by_itself() -> None:
    definitions = dg.Definitions(assets=[exchange_rates], resources={"house": SettingsResource()})
    instance = dg.DagsterInstance.ephemeral()
    noon, evening = (datetime(2026, 10, 12, hour, tzinfo=UTC) for hour in (12, 16))
    before = dg.evaluate_automation_conditions(definitions, instance, evaluation_time=noon)
    assert before.total_requested == 0
    after = dg.evaluate_automation_conditions(
        definitions, instance, evaluation_time=evening, cursor=before.cursor
    )
    assert after.get_requested_partitions(exchange_rates.key) == {"2026-10-12"}


def test_production_reads_no_private_address(bank: Settings) -> None:
    production = bank.model_copy(update={"environment": Environment.PRODUCTION})
    with pytest.raises(Transient, match="PrivateAddress"):
        reading.read_days(production, events.Days(today(), today()), run_id="", patience=Patience(attempts=1))
