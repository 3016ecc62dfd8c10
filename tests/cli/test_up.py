"""What keeps the house from starting is told before anything starts."""

from pathlib import Path

import pytest
from rich.console import Console

from cli import house, up
from cli.up import CannotStart
from store.settings import Service, load


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
