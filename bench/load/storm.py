"""Thirty-two clients who do nothing but log in, and what everyone else notices."""

import asyncio
from statistics import median
from urllib.parse import urlencode

import uvloop

from bench.load import seed
from bench.load.generator import Load, Request, drive
from bench.processes import Process

LOGINS, PROBES = 32, 4


def brew(service: Process, rounds: int, seconds: float) -> None:
    """Quiet and stormy rounds in turn; prints the p99 of /health in each, their ratio, and the memory peak."""
    logins = [login(number) for number in range(1, seed.USERS + 1)]
    health = Request("/health")

    async def quiet_then_storm() -> tuple[Load, Load, Load]:
        quiet = await drive(service.address, [health], connections=PROBES, seconds=seconds)
        storm, stormy = await asyncio.gather(
            drive(service.address, logins, connections=LOGINS, seconds=seconds),
            drive(service.address, [health], connections=PROBES, seconds=seconds),
        )
        return quiet, storm, stormy

    uvloop.run(quiet_then_storm())
    service.forget_peak()
    results = [uvloop.run(quiet_then_storm()) for _ in range(rounds)]
    quiet = median(result[0].percentile(0.99) for result in results)
    stormy = median(result[2].percentile(0.99) for result in results)
    rate = median(result[1].per_second for result in results)
    errors = sum(load.errors for result in results for load in result)
    print(f"\n/health from {PROBES} connections while {LOGINS} others log in; reference: the same, quiet")
    print(f"  quiet  p50 {median(r[0].percentile(0.5) for r in results):7.2f} ms   p99 {quiet:7.2f} ms")
    print(f"  storm  p50 {median(r[2].percentile(0.5) for r in results):7.2f} ms   p99 {stormy:7.2f} ms")
    print(f"  p99 ratio {median(r[2].percentile(0.99) / r[0].percentile(0.99) for r in results):.1f}")
    print(f"  logins {rate:.1f}/s, errors {errors}, memory peak {service.peak_megabytes():.0f} MB")


def login(number: int) -> Request:
    form = urlencode({"username": seed.email_of(number), "password": seed.PASSWORD}).encode()
    return Request("/api/v1/auth/login", "POST", (("Content-Type", "application/x-www-form-urlencoded"),), form)
