"""Call budgets are kept by whatever opens connections, in however many processes."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from connectors.budgets import in_path
from connectors.errors import QuotaExhausted
from connectors.face import Channel, Level, ReadsInsights
from connectors.retries import Patience
from marketing_pipelines.connections import opening, spending
from store import records
from store.records.connections import Connection
from store.settings import Role, Settings, SettingsError, load
from tests.insights.advertiser import Advertiser

DAY = datetime.now(UTC).date() - timedelta(days=3)
GOOGLE, META = "1112223333", "555000111"
MOST = 25


def limited(settings: Settings, **most: int) -> Settings:
    return settings.model_copy(update={"call_budgets": {Channel.META: most}})


def reader(settings: Settings, row: Connection, http: httpx.Client, patience: Patience) -> ReadsInsights:
    opened = opening.open_connection(settings, row, http, patience)
    assert isinstance(opened, ReadsInsights)
    return opened


def reads_until_refused(data: str, port_base: int, number: int, times: int) -> int:
    """How many readings a process gets through before it hears that the budget is spent."""
    settings = limited(load(_env_file=None, data_dir=Path(data), port_base=port_base), insights=MOST)
    with records.session(settings, Role.PIPELINES) as session:
        row = session.get_one(Connection, number)
    with httpx.Client(timeout=30) as http:
        meta = reader(settings, row, http, Patience(attempts=1))
        for made in range(times):
            try:
                list(meta.insights(META, DAY, DAY, Level.ACCOUNT))
            except QuotaExhausted:
                return made
    return times


def asked_for_insights(advertiser: Advertiser) -> int:
    counted = advertiser.sandbox.http.get(f"{advertiser.sandbox.address}/_sandbox/requests").json()
    return sum(times for request, times in counted["meta"].items() if request.endswith("/insights"))


def test_processes_together_never_exceed_a_budget(advertiser: Advertiser):
    row = advertiser.connection(advertiser.connect(Channel.META, META))
    house = advertiser.settings
    given = (str(house.data_dir), house.port_base, row.id, MOST - 5)
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as processes:
        made = [turn.result() for turn in [processes.submit(reads_until_refused, *given) for _ in range(3)]]
    assert sum(made) == MOST
    assert asked_for_insights(advertiser) == MOST


def test_a_short_wait_is_waited_for_and_a_long_one_is_not(advertiser: Advertiser):
    row = advertiser.connection(advertiser.connect(Channel.META, META))
    waits: list[float] = []

    def an_hour_passes(wait: float) -> None:
        waits.append(wait)
        advertiser.forget_calls()

    with httpx.Client(timeout=30) as http:
        patient = Patience(sleep=an_hour_passes, longest_wait=3600, total=7200)
        meta = reader(limited(advertiser.settings, insights=1), row, http, patient)
        for _ in range(3):
            list(meta.insights(META, DAY, DAY, Level.ACCOUNT))
        assert len(waits) == 2
        hurried = Patience(sleep=waits.append)
        meta = reader(limited(advertiser.settings, insights=1), row, http, hurried)
        with pytest.raises(QuotaExhausted, match="our own limit of 1 calls") as spent:
            list(meta.insights(META, DAY, DAY, Level.ACCOUNT))
        assert spent.value.reset_at is not None
        assert len(waits) == 2
        assert asked_for_insights(advertiser) == 3


def test_accounts_are_counted_apart_and_people_see_how_much_is_left(advertiser: Advertiser):
    row = advertiser.connection(advertiser.connect(Channel.META, META))
    with httpx.Client(timeout=30) as http:
        meta = reader(advertiser.settings, row, http, Patience(attempts=1))
        list(meta.insights(META, DAY, DAY, Level.ACCOUNT))
        list(meta.insights(META, DAY, DAY, Level.ACCOUNT))
        list(meta.insights("555000222", DAY, DAY, Level.ACCOUNT))
    with records.session(advertiser.settings, Role.CONSOLE, tenant=advertiser.tenant) as session:
        told = spending.quotas(advertiser.settings, session, row, [META, "555000222", "5"])
    by_account = {each.allowance.subject: each.calls for each in told if each.allowance.budget == "insights"}
    assert by_account == {META: 2, "555000222": 1, "5": 0}


def test_a_budget_that_a_house_knows_better(settings: Settings):
    assert [budget.most for budget in spending.budgets_here(settings, Channel.GOOGLE_ADS)] == [2880]
    higher = settings.model_copy(update={"call_budgets": {"google_ads": {"operations": 15000}}})
    assert [budget.most for budget in spending.budgets_here(higher, Channel.GOOGLE_ADS)] == [15000]
    unlimited = settings.model_copy(update={"call_budgets": {"google_ads": {"operations": 0}}})
    assert spending.budgets_here(unlimited, Channel.GOOGLE_ADS) == []
    mistaken = settings.model_copy(update={"call_budgets": {"google_ads": {"calls": 5}}})
    with pytest.raises(SettingsError, match="google_ads has no 'calls', it has operations"):
        spending.budgets_here(mistaken, Channel.GOOGLE_ADS)


@pytest.mark.parametrize(
    ("path", "by"),
    [("/v26.0/act_5/insights", "5"), ("/v26.0/act_5/campaigns", None), ("/v26.0/me/adaccounts", None)],
)
def test_a_request_is_counted_by_what_its_path_holds(path: str, by: str | None):
    request = httpx.Request("GET", f"https://graph.example{path}?access=1")
    assert in_path(r"/act_(\d+)/insights$")(request) == by
