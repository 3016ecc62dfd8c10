"""What keeps the house from starting is told before anything starts, and what goes wrong then is told and survived."""

import asyncio
import io
from pathlib import Path

import pytest
from rich.console import Console

from cli import dagster_ui, house, up
from cli.supervisor import Supervisor
from cli.up import CannotStart
from store.settings import Service, load
from tests.cli.webserver import LAUNCHED, Webserver, events, status


def test_a_disk_with_too_little_room_is_one_line_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No disk has an exbibyte to spare, so that one with less need not be made for this."""
    monkeypatch.setattr(up, "SPARE_DISK_BYTES", 2**60)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with pytest.raises(CannotStart, match=r"has \d+ MB left .* free some space or set DATA_DIR") as refused:
        up.up(set(), with_demo=False, console=Console())
    assert str(tmp_path) in str(refused.value)
    assert not (tmp_path / "postgres").exists()


def test_the_demo_reads_the_sandboxes_rates_unless_others_are_named(tmp_path: Path) -> None:
    ours = load(_env_file=None, data_dir=tmp_path)
    assert house.demo_environment(ours)["EXCHANGE_RATES_URL"] == (
        f"{ours.address(Service.SANDBOX)}/reference-rates"
    )
    theirs = load(_env_file=None, data_dir=tmp_path, exchange_rates_url="https://bank.example/rates")
    assert "EXCHANGE_RATES_URL" not in house.demo_environment(theirs)


FAILED = [LAUNCHED, status("FAILURE"), events([{"message": "The worker was killed", "error": None}])]


@pytest.mark.parametrize(
    ("answers", "says", "is_there"),
    [
        ([*FAILED, LAUNCHED, status("SUCCESS")], ["trying once more"], True),
        ([*FAILED, *FAILED], ["trying once more", "again: make demo"], False),
    ],
)
def test_the_first_lineage_is_tried_twice_and_what_failed_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[object],
    says: list[str],
    is_there: bool,
) -> None:
    monkeypatch.setattr(dagster_ui, "POLL_EVERY", 0.01)
    (tmp_path / "demo").mkdir()
    webserver = Webserver(answers)
    base = webserver.port - list(Service).index(Service.DAGSTER)
    screen = io.StringIO()
    settings = load(_env_file=None, data_dir=tmp_path, port_base=base)

    async def bring_about() -> None:
        supervisor = Supervisor(tmp_path / "run", Console(file=screen, width=1000))
        await up._materialise_or_say(supervisor, settings)

    asyncio.run(bring_about())
    webserver.close()
    told = [line for line in screen.getvalue().splitlines() if line.startswith("The worker was killed")]
    assert told == [f"The worker was killed ({way})" for way in says]
    assert up._lineage_mark(settings).exists() is is_there
