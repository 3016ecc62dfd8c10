"""What keeps the house from starting is told before anything starts."""

from pathlib import Path

import pytest
from rich.console import Console

from cli import up
from cli.up import CannotStart


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
