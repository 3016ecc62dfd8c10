"""Makes `.venv` from the lock; plain standard library, since it runs before anything is installed."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
INSTALLED = VENV / "installed-from"
MODELS = ROOT / "dbt_project"
MANIFEST = MODELS / "target" / "manifest.json"
PARSED = VENV / "models-parsed-from"
OLDEST, NEWEST = (3, 11), (3, 13)


def main() -> None:
    """Installs what the lock names and parses the models; says and does nothing when that is what is there."""
    _check_python()
    if not _is_marked(INSTALLED, wanted := _installation()):
        started = time.monotonic()
        print(
            f"environment: Python {sys.version.split()[0]}, installing the locked packages (minutes, once)",
            flush=True,
        )
        _make_venv()
        _install()
        INSTALLED.write_text(wanted)
        print(f"environment: installed in {time.monotonic() - started:.0f} s")
    if not MANIFEST.exists() or not _is_marked(PARSED, wanted := _models()):
        _run([_in_venv("dbt"), "parse", "--quiet"], cwd=MODELS, env=_dbt_environment())
        PARSED.write_text(wanted)


def _check_python() -> None:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.exit(
            f"Python {'.'.join(map(str, sys.version_info[:2]))} will not do: the lock is for 3.11 to 3.13. "
            "Name another one: make env PYTHON=python3.12"
        )


def _is_marked(mark: Path, wanted: str) -> bool:
    return mark.exists() and mark.read_text() == wanted


def _installation() -> str:
    """Changes when the lock, the project's entry points, the interpreter or the place of the checkout do."""
    content = LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    return f"{hashlib.sha256(content).hexdigest()} {sys.version_info[:2]} {ROOT}\n"


def _models() -> str:
    """Changes when any model does: Dagster reads the manifest, not the models."""
    digest = hashlib.sha256(_installation().encode())
    for path in sorted(MODELS.rglob("*")):
        relative = path.relative_to(MODELS)
        if relative.parts[0] in {"models", "macros", "seeds", "tests", "dbt_project.yml", "profiles.yml"}:
            digest.update(f"{relative}".encode() + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest() + "\n"


def _in_venv(program: str) -> Path:
    return VENV / "bin" / program


def _make_venv() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        sys.exit(
            "python -m venv failed; a distribution's Python may need its venv package "
            f"(Debian: apt-get install python3-venv).\n{made.stderr or made.stdout}"
        )


def _install() -> None:
    """By uv when an index can be reached without pip's own configuration, else by pip: slower, same lock."""
    pip = [_in_venv("python"), "-m", "pip", "--disable-pip-version-check"]
    lock = ["--require-hashes", "--no-deps", "-r", LOCK]
    if _uv_of_the_lock(pip):
        uv = [_in_venv("uv"), "pip", "install", "--quiet", "--python", _in_venv("python")]
        quick = subprocess.run(
            list(map(str, [*uv, *lock])), cwd=ROOT, check=False, capture_output=True, text=True
        )
        if quick.returncode:
            print(
                "environment: uv could not install (it does not read pip's configuration); going on with pip",
                flush=True,
            )
    _run([*pip, "install", "--quiet", "--no-compile", *lock])
    _run([*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ROOT])


def _uv_of_the_lock(pip: list[object]) -> bool:
    """Installs uv itself, at the locked version and hash."""
    blocks = LOCK.read_text().split("\n")
    start = next((i for i, line in enumerate(blocks) if line.startswith("uv==")), None)
    if start is None:
        return False
    end = next(i for i in range(start + 1, len(blocks)) if not blocks[i].startswith("    --hash"))
    only_uv = VENV / "uv.lock"
    only_uv.write_text("\n".join(blocks[start:end]) + "\n")
    command = [*pip, "install", "--quiet", "--require-hashes", "--no-deps", "-r", only_uv]
    return subprocess.run(list(map(str, command)), cwd=ROOT, check=False, capture_output=True).returncode == 0


def _run(command: list[object], **options: object) -> None:
    done = subprocess.run(list(map(str, command)), check=False, **{"cwd": ROOT, **options})  # type: ignore[call-overload]
    if done.returncode:
        sys.exit(f"environment: this failed: {' '.join(Path(str(part)).name for part in command[:4])} …")


def _dbt_environment() -> dict[str, str]:
    """Parsing the models needs no server, only a profile that can be read."""
    return {
        **os.environ,
        "DBT_PROFILES_DIR": str(MODELS),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


if __name__ == "__main__":
    main()
