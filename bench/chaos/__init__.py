"""Faults put into a real deployment under work: what was sent, what was lost, what came twice, how long it took.

`make chaos`. Everything runs on this machine and listens on 127.0.0.1; what is killed is killed by its process id. The
faults that take a minute or more to be outlived run beside the others, on a deployment of their own.
"""

import argparse
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bench.chaos import disk, mails, posts, rabbitmq
from bench.chaos.outcome import Outcome
from bench.chaos.rig import Rig, rig
from bench.processes import machine
from tests.servers import Redis

SHORT: Sequence[Callable[[Rig], Outcome]] = (*posts.FAULTS, *mails.SHORT)
LONG: Sequence[Callable[[Rig], Outcome]] = mails.LONG
ALONE: Sequence[Callable[[], Outcome]] = (disk.the_disk_is_full, rabbitmq.rabbitmq_is_killed)


def main(arguments: list[str]) -> int:
    every = {fault.__name__: fault for fault in (*SHORT, *LONG, *ALONE)}
    parser = argparse.ArgumentParser("bench chaos", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"only these of: {', '.join(every)}")
    chosen = set(parser.parse_args(arguments).faults) or set(every)
    if unknown := chosen - set(every):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    started = time.monotonic()
    print("| fault | sent | lost | doubled | recovered after | |\n|---|---|---|---|---|---|")
    with ThreadPoolExecutor(2) as pool:
        long = pool.submit(_on_one_rig, [fault for fault in LONG if fault.__name__ in chosen], workers=2)
        alone = pool.submit(_each, [fault for fault in ALONE if fault.__name__ in chosen])
        outcomes = _on_one_rig([fault for fault in SHORT if fault.__name__ in chosen], workers=1)
        outcomes += alone.result() + long.result()
    ran = sum(outcome.sent not in {"?", "not run"} for outcome in outcomes)
    print(f"\n{ran} of {len(chosen)} faults; {machine()}; {time.monotonic() - started:.0f} s")
    return int(any(outcome.failed for outcome in outcomes))


def _on_one_rig(faults: Sequence[Callable[[Rig], Outcome]], *, workers: int) -> list[Outcome]:
    if not faults:
        return []
    with rig(broker=Redis(), workers=workers) as made:
        return [_tried(partial(fault, made), name=fault.__name__) for fault in faults]


def _each(faults: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    return [_tried(fault, name=fault.__name__) for fault in faults]


def _tried(fault: Callable[[], Outcome], *, name: str) -> Outcome:
    """Its row is printed as soon as it is known; a fault that could not be put in counts as one that lost."""
    try:
        outcome = fault()
    except Exception as error:
        traceback.print_exc()
        outcome = Outcome(name, "?", 1, 0, 0.0, f"did not run: {error!r}"[:200])
    recovered = f"{outcome.recovered:.1f} s"
    cells = (outcome.fault, outcome.sent, outcome.lost, outcome.doubled, recovered, outcome.remark)
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return outcome
