"""Interleaved rounds and what is made of them: medians, and ratios paired round by round."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import uvloop

from bench.load.generator import Load, Request, drive
from bench.processes import Process


@dataclass
class Contender:
    """One server asked one thing, and the rounds it has run."""

    name: str
    process: Process
    requests: Sequence[Request]
    connections: int = 32
    clients: Sequence[str] = ()
    """Addresses that the requests come from; the generator's own without any."""
    sent: int = 0
    """Requests used so far: what is good once only (a refresh token) is not sent twice."""
    loads: list[Load] = field(default_factory=list)
    cpu_milliseconds: list[float] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        cpu: list[float] = []  # at the start and at the bell

        def read_cpu() -> None:
            cpu.append(self.process.cpu_seconds())

        load = uvloop.run(
            drive(
                self.process.address,
                self.requests,
                connections=self.connections,
                seconds=seconds,
                first=self.sent,
                clients=self.clients,
                on_start=read_cpu,
                on_bell=read_cpu,
            )
        )
        self.sent += load.answers + self.connections
        if not load.answers:
            raise SystemExit(
                f"error: {self.name} answered nothing in {seconds} s\n{self.process.log.read_text()[-2000:]}"
            )
        self.cpu_milliseconds.append((cpu[1] - cpu[0]) * 1000 / load.answers)
        self.loads.append(load)

    @property
    def per_second(self) -> float:
        return median(load.per_second for load in self.loads)

    @property
    def errors(self) -> int:
        return sum(load.errors for load in self.loads)

    def percentile(self, share: float) -> float:
        return median(load.percentile(share) for load in self.loads)

    @property
    def cpu(self) -> float:
        """Milliseconds of server CPU per answer, in the round that was disturbed least."""
        return min(self.cpu_milliseconds)


def interleave(contenders: Sequence[Contender], *, rounds: int, seconds: float) -> None:
    """Run every contender once a round, so that what else the machine does falls on all of them alike."""
    for contender in contenders:
        contender.run(min(seconds, 0.5))  # connections, caches and code are warm before anything counts
        contender.loads.clear()
        contender.cpu_milliseconds.clear()
    for _ in range(rounds):
        for contender in contenders:
            contender.run(seconds)


def ratio(ours: Contender, reference: Contender) -> float:
    """Our throughput over the reference's: the median of the rounds' own ratios."""
    return median(a.per_second / b.per_second for a, b in zip(ours.loads, reference.loads, strict=True))


def cpu_ratio(ours: Contender, reference: Contender) -> float:
    """The reference's CPU per answer over ours: what the ratio would be on a machine that does nothing else."""
    return reference.cpu / ours.cpu


def print_table(contenders: Sequence[Contender], *, reference: Contender) -> None:
    """Throughput, latency, server CPU and errors of each; `ratio` by throughput, `by CPU` by server CPU per answer."""
    print(f"  {'':34}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}{'errors':>8}{'ratio':>8}{'by CPU':>8}")
    for contender in contenders:
        against = f"{ratio(contender, reference):8.2f}{cpu_ratio(contender, reference):8.2f}"
        print(
            f"  {contender.name:34}{contender.per_second:9,.0f}{contender.percentile(0.5):9.2f}"
            f"{contender.percentile(0.99):9.2f}{contender.cpu:9.3f}{contender.errors:8}{against}"
        )
