"""How fast a million paths are credited, beside ChannelAttribution and marketing_attribution_models in the same run.

python -m bench.attribution

Every contestant reads the same file in a process of its own and does the work some times over; the quickest counts. The
packages are no part of the project: they are put into environments of their own in the temporary folder, once, and what
cannot be had is missing from the table. Memory is the peak of the whole process, the paths themselves included.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from bench.attribution.contestant import SEPARATOR

ROOT = Path(__file__).parents[2]
PEERS = {
    "ChannelAttribution": (
        "ChannelAttribution",
        ["channelattribution==2.2.5", "matplotlib", "requests", "pyarrow"],
    ),
    "marketing_attribution_models": ("mam", ["marketing-attribution-models==2.1.1"]),
}
CHANNELS = [
    "affiliate", "ai_assistant", "direct", "display", "email", "organic_search",
    "organic_social", "paid_other", "paid_search", "paid_social", "referral", "sms",
]  # fmt: skip
LONGEST = 8
MILLION = 1_000_000
ROUNDS = 15
FEW_ROUNDS = 3
# A contestant that has not finished by then is stopped.
PATIENCE = 60.0
OWN_PATIENCE = 600.0
LINE = "{:<24}{:>12}{:>10}{:>9}{:>10}{:>9}{:>26}{:>30}"

ROWS = [
    # what, paths, channels, seconds to reach, peers that can do it
    ("markov 1", MILLION, 12, 0.27, ["ChannelAttribution", "marketing_attribution_models"]),
    ("markov 1, coded", MILLION, 12, 0.09, ["ChannelAttribution", "marketing_attribution_models"]),
    ("markov 2", MILLION, 12, 0.53, ["ChannelAttribution"]),
    ("five rules", MILLION, 12, 0.16, ["ChannelAttribution"]),
    ("shapley", MILLION, 12, 0.13, []),
    ("shapley, coded", MILLION, 12, 0.13, []),
    ("markov 1, coded", MILLION, 2_000, 0.35, ["ChannelAttribution"]),
    ("markov 1", MILLION, 2_000, 0.35, []),
    ("100 replicates, coded", MILLION, 12, 10, []),
    ("markov 1", 10 * MILLION, 12, 4, []),
]


def written(folder: Path, number: int, channels: int) -> Path:
    """A file of paths of one to eight touches, each gone once, three in ten to a conversion; the same each time."""
    file = folder / f"{number}-{channels}.parquet"
    if file.exists():
        return file
    chance = np.random.default_rng(7)
    lengths = chance.integers(1, LONGEST, number, endpoint=True)
    names = CHANNELS if channels == len(CHANNELS) else [f"channel {each:04}" for each in range(channels)]
    touches = pa.array(names).take(pa.array(chance.integers(0, channels, lengths.sum())))
    starts = np.concatenate([[0], np.cumsum(lengths)])
    bought = (chance.random(number) < 0.3).astype(float)
    frame = pl.DataFrame(
        {
            "path": pl.from_arrow(pa.LargeListArray.from_arrays(starts, touches)),
            "conversions": bought,
            "value": bought * chance.random(number) * 100,
            "nulls": 1 - bought,
        }
    )
    if number <= MILLION:
        frame = frame.with_columns(told=pl.col("path").list.join(SEPARATOR))
    frame.write_parquet(file)
    return file


def environment(peer: str) -> Path | None:
    """The interpreter of an environment with a peer in it, made when there is none; nothing if it cannot be had."""
    module, requirements = PEERS[peer]
    home = Path(tempfile.gettempdir()) / "marketing-pipelines-peers" / module
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "uv", "venv", "-q", str(home)], check=False)
        subprocess.run(
            [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", str(python), *requirements],
            check=False,
        )
    there = subprocess.run([str(python), "-c", f"import {module}"], capture_output=True, check=False)
    if there.returncode == 0:
        return python
    print(f"{peer} is missing: it needs {' '.join(requirements)} in {home}, and a C++ compiler to build.")
    return None


def ran(python: Path, package: str, what: str, file: Path, rounds: int, patience: float) -> dict | None:
    """What a contestant says of its work; nothing if it did not get there."""
    contestant = Path(__file__).with_name("contestant.py")
    try:
        done = subprocess.run(
            [str(python), str(contestant), package, what, str(file), str(rounds)],
            env={**os.environ, "PYTHONPATH": str(ROOT) if package == "ours" else ""},
            capture_output=True,
            check=False,
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    return json.loads(done.stdout.splitlines()[-1])


def beside(theirs: dict | None, ours: dict) -> str:
    """A peer's seconds, how many times as long that is, and how far off its shares are."""
    if theirs is None:
        return f"> {PATIENCE:.0f} ({PATIENCE / ours['seconds']:.0f}× at least)"
    told = f"{theirs['seconds']:.2f} ({theirs['seconds'] / ours['seconds']:.0f}×)"
    if not (theirs["shares"] and ours["shares"]):
        return told
    off = max(abs(their / our - 1) for their, our in zip(theirs["shares"], ours["shares"], strict=True))
    return f"{told}, {off:.1%} off"


def main() -> None:
    pythons = {peer: environment(peer) for peer in PEERS}
    print("Seconds, the quickest of some rounds; in brackets how many times as long a peer takes.\n")
    print(LINE.format("what", "paths", "channels", "ours", "to reach", "peak MB", *PEERS))
    with tempfile.TemporaryDirectory() as folder:
        for what, number, channels, target, peers in ROWS:
            file = written(Path(folder), number, channels)
            ours = ran(
                Path(sys.executable), "ours", what, file, ROUNDS if target < 1 else FEW_ROUNDS, OWN_PATIENCE
            )
            if ours is None:
                raise SystemExit(f"{what} took longer than {OWN_PATIENCE:.0f} seconds")
            told = [
                beside(ran(python, peer, what.partition(",")[0], file, FEW_ROUNDS, PATIENCE), ours)
                if (python := pythons[peer]) and peer in peers
                else ""
                for peer in PEERS
            ]
            mine = f"{ours['seconds']:.3f}", f"{target:g}", f"{ours['peak'] / 1e3:,.0f}"
            print(LINE.format(what, f"{number:,}", f"{channels:,}", *mine, *told), flush=True)


if __name__ == "__main__":
    main()
