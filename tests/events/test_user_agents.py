"""User agents: people are people, programs are programs, whatever they are called."""

import subprocess
import sys

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.events import bots
from marketing_pipelines.events.bots import Reason
from marketing_pipelines.events.user_agents import LONGEST_USER_AGENT, Device, is_program, verdict
from tests.events.agents import PEOPLE, PROGRAMS


@pytest.mark.parametrize(("agent", "device", "os", "os_version", "browser", "browser_version"), PEOPLE)
def test_a_browser_is_a_person_with_a_device(
    agent: str, device: Device, os: str, os_version: str, browser: str, browser_version: str
) -> None:
    seen = verdict(agent)
    assert (seen.device, seen.os, seen.os_version) == (device, os, os_version)
    assert (seen.browser, seen.browser_version) == (browser, browser_version)
    assert (seen.score, seen.reasons) == (0, ())
    assert not is_program(agent)


@pytest.mark.parametrize(("agent", "reason"), PROGRAMS)
def test_a_program_is_no_person_and_it_is_said_why(agent: str, reason: Reason) -> None:
    seen = verdict(agent)
    assert reason in seen.reasons
    assert seen.score >= bots.THRESHOLD
    assert seen.device is Device.BOT
    assert is_program(agent)


def test_every_crawler_that_the_list_quotes_is_found() -> None:
    quoted = {agent for crawler in CRAWLER_USER_AGENTS_DATA for agent in crawler["instances"]}
    assert len(quoted) > 1000
    missed = {
        agent
        for agent in quoted
        if len(agent) <= LONGEST_USER_AGENT and Reason.CRAWLER_LIST not in verdict(agent).reasons
    }
    assert not missed


def test_who_does_not_say_a_name_is_a_program_to_the_redirector() -> None:
    assert is_program("")
    assert verdict("").reasons == ()


@given(st.text(max_size=2000))
def test_any_text_has_a_verdict_of_a_bounded_size(agent: str) -> None:
    seen = verdict(agent)
    assert 0 <= seen.score <= bots.MOST
    assert seen.score == bots.score(seen.reasons)
    for text in (seen.os, seen.os_version, seen.browser, seen.browser_version):
        assert len(text) <= 2 * LONGEST_USER_AGENT


def test_what_lies_beyond_the_bound_is_not_read() -> None:
    browser = PEOPLE[0][0]
    assert verdict(browser.ljust(LONGEST_USER_AGENT) + "Googlebot/2.1").reasons == ()


@pytest.mark.parametrize("module", ["user_agents", "countries", "crawlers", "bots", "channels"])
def test_what_the_edge_imports_brings_neither_polars_nor_the_parsers(module: str) -> None:
    heavy = "polars pandas dagster ua_parser ua_parser_rs crawleruseragents"
    code = (
        f"import sys, marketing_pipelines.events.{module}; print(*set('{heavy}'.split()) & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
