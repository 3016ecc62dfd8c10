"""wrk and hey, and what they say."""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

SECONDS = 5
LATENCY = re.compile(r"99%\s+([\d.]+)(us|ms|s)")
STEADY_LATENCY = re.compile(r"99%+ in ([\d.]+) secs")
STEADY_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class NothingToAskWith(Exception):
    """wrk is not on the machine."""


@dataclass(frozen=True, slots=True)
class Answered:
    a_second: float
    p99_ms: float


def ask(
    port: int,
    path: str,
    *,
    body: str = "",
    connections: int = 64,
    core: int | None = 1,
    seconds: int = SECONDS,
) -> Answered:
    """As many requests as are answered, on connections that ask again at once."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise NothingToAskWith("wrk is not on this machine; it is in Debian's packages")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if body:
            script.write(f"wrk.method='POST'\nwrk.body=[==[{body}]==]\n")
        script.write("wrk.headers['User-Agent']='Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0'\n")
        script.flush()
        pinned = ["taskset", "-c", str(core)] if core is not None else []
        command = [*pinned, wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name]
        said = subprocess.run(
            [*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
        ).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    if refused:
        raise RuntimeError(
            f"{refused[1]} requests were refused; what is refused costs less than what is taken"
        )
    latency = LATENCY.search(said)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert latency is not None, said
    assert rate is not None, said
    return Answered(float(rate[1]), float(latency[1]) * MILLISECONDS[latency[2]])


def ask_steadily(port: int, path: str, body: str, a_second: int, *, connections: int = 64) -> Answered | None:
    """The same at a fixed rate, as hey does it; None where it is not on the machine."""
    hey = shutil.which("hey")
    if hey is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(body)
        file.flush()
        each = max(1, a_second // connections)
        command = ["taskset", "-c", "1", hey, "-z", f"{SECONDS}s", "-c", str(connections), "-q", str(each)]
        said = subprocess.run(
            [*command, "-m", "POST", "-D", file.name, f"http://127.0.0.1:{port}{path}"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    latency, rate = STEADY_LATENCY.search(said), STEADY_RATE.search(said)
    assert latency is not None, said
    assert rate is not None, said
    return Answered(float(rate[1]), float(latency[1]) * 1000)
