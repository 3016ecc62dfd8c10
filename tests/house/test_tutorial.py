"""The tutorial's commands work as they stand."""

import re
import subprocess

import pytest

from cli.house import ROOT
from tests.house.conftest import House

pytestmark = pytest.mark.timeout(900)

BLOCK = re.compile(r"```sh test\n(.*?)```", re.DOTALL)


def test_the_commands_of_the_tutorial_run_one_after_the_other(running: House) -> None:
    blocks = BLOCK.findall((ROOT / "docs" / "tutorial.md").read_text())
    assert len(blocks) >= 5
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        cwd=ROOT,
        env=running.environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert '"ok":true' in done.stdout.replace(" ", "")
    assert "302 " in done.stdout
