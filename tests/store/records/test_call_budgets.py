"""Calls to providers are counted for all together, and none is made beyond what is allowed."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update
from sqlalchemy.exc import ProgrammingError

from store import records
from store.records import call_budgets
from store.records.call_budgets import Allowance, CallsMade, UsedUp
from store.settings import Role, Settings

HOUR = timedelta(hours=1)


def allowance(most: int, *, budget: str = "calls") -> Allowance:
    """A budget of a subject that no other test has."""
    return Allowance("meta", budget, uuid.uuid4().hex, most, HOUR)


def may_call(house: Settings, *allowances: Allowance, role: Role = Role.PIPELINES) -> bool:
    try:
        with records.session(house, role) as session:
            call_budgets.spend(session, allowances)
    except UsedUp:
        return False
    return True


def calls(house: Settings, asked: Allowance) -> int:
    with records.session(house, Role.CONSOLE) as session:
        (spent,) = call_budgets.spent(session, [asked])
        return spent.calls


def close_window(house: Settings, asked: Allowance) -> None:
    """As if it had been opened so long ago."""
    with records.session(house, Role.OWNER) as session:
        session.execute(
            update(CallsMade).filter_by(**asked.named).values(opened_at=CallsMade.opened_at - asked.per)
        )


@pytest.mark.parametrize("role", [Role.PIPELINES, Role.CONSOLE])
def test_no_call_is_made_beyond_the_budget(house: Settings, role: Role) -> None:
    asked = allowance(3)
    assert [may_call(house, asked, role=role) for _ in range(5)] == [True, True, True, False, False]
    assert calls(house, asked) == 3


def test_whoever_has_to_wait_is_told_how_long(house: Settings) -> None:
    asked = allowance(1)
    assert may_call(house, asked)
    with pytest.raises(UsedUp) as used, records.session(house, Role.PIPELINES) as session:
        call_budgets.spend(session, [asked])
    assert 0 < used.value.wait <= HOUR.total_seconds()
    with records.session(house, Role.PIPELINES) as session:
        (spent,) = call_budgets.spent(session, [asked])
    assert spent.until == used.value.until


def test_a_closed_window_is_followed_by_a_new_one(house: Settings) -> None:
    asked = allowance(2)
    assert [may_call(house, asked) for _ in range(3)] == [True, True, False]
    close_window(house, asked)
    assert calls(house, asked) == 0
    assert [may_call(house, asked) for _ in range(3)] == [True, True, False]


def test_a_call_of_several_budgets_is_counted_by_all_or_none(house: Settings) -> None:
    by_day, by_second = allowance(10, budget="day"), allowance(1, budget="second")
    assert may_call(house, by_second, by_day)
    assert not may_call(house, by_second, by_day)
    assert calls(house, by_day) == 1


def test_subjects_and_budgets_are_counted_apart(house: Settings) -> None:
    asked = allowance(1)
    assert may_call(house, asked)
    for other in (allowance(1), Allowance("meta", "others", asked.subject, 1, HOUR)):
        assert may_call(house, other)


def test_many_at_once_stay_within_the_budget(house: Settings) -> None:
    asked, beside = allowance(40), allowance(1000)
    with ThreadPoolExecutor(8) as workers:
        turns = [
            workers.submit(may_call, house, *([asked, beside] if turn % 2 else [beside, asked]))
            for turn in range(120)
        ]
        made = sum(turn.result() for turn in turns)
    assert made == calls(house, asked) == calls(house, beside) == 40


def test_nobody_takes_a_call_back(house: Settings) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        records.session(house, Role.CONSOLE) as it,
    ):
        it.query(CallsMade).delete()


PACIFIC = "America/Los_Angeles"


def opened_at(house: Settings, asked: Allowance, moment: datetime) -> None:
    with records.session(house, Role.OWNER) as session:
        session.execute(update(CallsMade).filter_by(**asked.named).values(opened_at=moment))


def test_a_day_ends_at_midnight_where_its_provider_is(house: Settings) -> None:
    asked = replace(allowance(1), per=timedelta(days=1), until_midnight_in=PACIFIC)
    assert [may_call(house, asked) for _ in range(2)] == [True, False]
    today = datetime.now(ZoneInfo(PACIFIC)).date()
    opened_at(house, asked, datetime.combine(today, time(), ZoneInfo(PACIFIC)))
    assert not may_call(house, asked), "since midnight"
    with pytest.raises(UsedUp) as used, records.session(house, Role.PIPELINES) as session:
        call_budgets.spend(session, [asked])
    midnight = datetime.combine(today + timedelta(days=1), time(), ZoneInfo(PACIFIC))
    assert used.value.until == midnight
    with records.session(house, Role.PIPELINES) as session:
        (spent,) = call_budgets.spent(session, [asked])
    assert (spent.calls, spent.until) == (1, midnight)
    opened_at(house, asked, datetime.combine(today, time(), ZoneInfo(PACIFIC)) - timedelta(seconds=1))
    assert calls(house, asked) == 0
    assert may_call(house, asked), "a second before midnight was another day"
