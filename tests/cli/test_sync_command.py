"""`mp sync` as an operator types it; what Dagster then does is tested where the assets are."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from store.settings import Service
from tests.cli.webserver import LAUNCHED, SILENT, Webserver, status
from tests.conftest import free_port_base
from tests.days import today

DAY = "2026-03-10"
SERVICES_BEFORE = list(Service).index(Service.DAGSTER)


def ran(**said: object) -> dict[str, object]:
    """A run's materialization, as GraphQL gives its metadata."""
    names = {int: "intValue", float: "floatValue", str: "mdStr"}
    entries = [{"label": label, names[type(value)]: value} for label, value in said.items()]
    return {"runOrError": {"assetMaterializations": [{"metadataEntries": entries}, {"metadataEntries": []}]}}


def sync(tmp_path: Path, answers: list[object], *words: str) -> subprocess.CompletedProcess[str]:
    server = Webserver(answers)
    try:
        return typed(tmp_path, server.port, *words)
    finally:
        server.close()


def typed(tmp_path: Path, port: int, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "sync", *words],
        env={"DATA_DIR": str(tmp_path), "PORT_BASE": str(port - SERVICES_BEFORE), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_what_was_read_is_told(tmp_path: Path) -> None:
    said = {"dagster/row_count": 1234, "accounts_ok": 2, "accounts_failing": 0, "spend_by_day": "![…]"}
    answers = [LAUNCHED, status("STARTED"), status("SUCCESS"), ran(**said, spend_EUR=1012.5, spend_JPY=900.0)]
    done = sync(tmp_path, answers, "meta", "--day", DAY)
    assert done.returncode == 0, done.stderr
    assert f"meta, {DAY}: 1,234 rows of 2 accounts, spend 1,012.50 EUR, 900.00 JPY." in done.stdout
    assert "/runs/r1" in done.stdout


def test_accounts_that_could_not_be_read_are_told_with_exit_code_1(tmp_path: Path) -> None:
    said = {
        "dagster/row_count": 0,
        "accounts_ok": 0,
        "accounts_failing": 1,
        "failing": "| 1 | 5 | failing | away |",
    }
    done = sync(tmp_path, [LAUNCHED, status("SUCCESS"), ran(**said)], "meta", "--day", DAY)
    assert (done.returncode, "| 1 | 5 | failing | away |" in done.stderr) == (1, True)


def test_without_an_account_that_is_said(tmp_path: Path) -> None:
    said = {"dagster/row_count": 0, "accounts_ok": 0, "accounts_failing": 0}
    done = sync(tmp_path, [LAUNCHED, status("SUCCESS"), ran(**said)], "linkedin")
    assert (done.returncode, "no account is connected" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["smtp", "--day", DAY], "There are insights of google_ads, meta, linkedin, tiktok, reddit, x"),
        (["meta", "--day", str(today() + timedelta(days=2))], "are no days that are over"),
        (["meta", "--day", DAY, "--until", "2026-03-09"], "are no days that are over"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, words: list[str], reason: str) -> None:
    refused = sync(tmp_path, [SILENT], *words)
    assert (refused.returncode, reason in refused.stderr) == (2, True)
    assert "Traceback" not in refused.stderr


def test_a_house_that_is_down_is_one_line(tmp_path: Path) -> None:
    refused = typed(tmp_path, free_port_base() + SERVICES_BEFORE, "meta", "--day", DAY)
    assert (refused.returncode, "the Dagster UI does not answer" in refused.stderr) == (2, True)
    assert "Traceback" not in refused.stderr
