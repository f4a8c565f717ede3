"""The cached rows once more by wrk, where it is on the machine: a generator that is not ours."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from statistics import median

from bench.measure import Contender
from bench.processes import OTHER_CORES


def compare(contenders: Sequence[Contender], *, reference: Contender, rounds: int, seconds: float) -> None:
    """Print requests a second and server CPU of each, round after round, from one address; nothing without wrk."""
    if shutil.which("wrk") is None:
        print("  by wrk: not measured, it is not on this machine")
        return
    rates: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    costs: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            rate, cost = _round(contender, seconds)
            rates[contender.name].append(rate)
            costs[contender.name].append(cost)
    for name in rates:
        by_rate = median(a / b for a, b in zip(rates[name], rates[reference.name], strict=True))
        by_cpu = median(b / a for a, b in zip(costs[name], costs[reference.name], strict=True))
        print(
            f"  {f'{name}, by wrk':34}{median(rates[name]):9,.0f}{'':18}{median(costs[name]):9.3f}{'':8}"
            f"{by_rate:8.2f}{by_cpu:8.2f}"
        )


def _round(contender: Contender, seconds: float) -> tuple[float, float]:
    host, port = contender.process.address
    (request,) = contender.requests
    headers = [part for name, value in request.headers for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{contender.connections}", f"-d{max(round(seconds), 1)}s", *headers]
    before = contender.process.cpu_seconds()
    told = subprocess.run(
        ["taskset", "-c", ",".join(map(str, OTHER_CORES)), *command, f"http://{host}:{port}{request.path}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    spent = contender.process.cpu_seconds() - before
    answers, rate = re.search(r"(\d+) requests in", told), re.search(r"Requests/sec: +([\d.]+)", told)
    if answers is None or rate is None or "Non-2xx" in told:
        raise SystemExit(f"error: wrk did not measure {contender.name}\n{told}")
    return float(rate[1]), spent * 1000 / int(answers[1])
