"""Server processes on their own core, and the CPU they spent, read from /proc."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORES = {CORES[0]}
OTHER_CORES = set(CORES[1:]) or {CORES[0]}
"""The load generator, PostgreSQL and Redis stay off the server's core."""


@dataclass
class Process:
    """A running server: where it listens and what it costs. Its children (workers) count with it."""

    name: str
    address: tuple[str, int]
    popen: subprocess.Popen[bytes]
    log: Path

    def cpu_seconds(self) -> float:
        ticks = 0
        for pid in self._family():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # utime and stime, proc(5)
        return ticks / TICKS

    def peak_megabytes(self) -> float:
        """The largest resident set any one process of it has had."""
        peaks = [_status_kilobytes(pid, "VmHWM") for pid in self._family()]
        return max(peaks) / 1024

    def proportional_megabytes(self) -> float:
        """The memory of all its processes: what several share is counted once (PSS, proc(5) smaps_rollup)."""
        rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self._family()]
        return sum(int(line.split()[1]) for text in rollups for line in text.splitlines() if line[:4] == "Pss:") / 1024

    def forget_peak(self) -> None:
        for pid in self._family():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def _family(self) -> list[int]:
        found = [self.popen.pid]
        for pid in found:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            found += [int(child) for child in children.read_text().split()]
        return found


def _status_kilobytes(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    return 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(
    name: str, command: Sequence[str], *, environment: Mapping[str, str], directory: Path, port: int
) -> Iterator[Process]:
    """Run `command` pinned to the server's core until the block ends; it must listen on `port` within a minute."""
    log = directory / f"{name}.log"
    inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
    with log.open("wb") as output:
        popen = subprocess.Popen(
            command,
            cwd=directory,
            env=inherited | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    os.sched_setaffinity(popen.pid, SERVER_CORES)
    process = Process(name, ("127.0.0.1", port), popen, log)
    try:
        _wait_for(process)
        yield process
    finally:
        popen.terminate()
        try:
            popen.wait(20)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()


def _wait_for(process: Process) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(process.address, timeout=1).close()
        except OSError:
            if process.popen.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"error: {process.name} did not start\n{process.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)
        else:
            return


def machine() -> str:
    """One line that names the machine the figures come from."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "unknown processor",
    )
    return f"{len(CORES)} cores of {model}, Linux {os.uname().release}, Python {sys.version.split()[0]}"
