"""`expert hook CLIENT EVENT`: what an agent's client calls before a write, after one, and before the agent stops.

Import-light, because it runs on every write. It never blocks by accident: a fault in here lets the write through with a
note that says so; only a duplicate is refused.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from fastapi_expert.clients.agents import AGENTS, client_module
from fastapi_expert.clients.answer import EVENTS, Answer
from fastapi_expert.clients.calls import Call, read
from fastapi_expert.clients.guard import check_write
from fastapi_expert.errors import UsageError

MAX_PAYLOAD = 64 * 1024 * 1024
HELP = f"""\
Usage: expert hook CLIENT EVENT

  What an agent's client calls: it hands over its own JSON on standard input and is answered in its own form. `expert
  install CLIENT` registers it. pre-write refuses a duplicate, post-write enters who wrote for the commit, stop runs
  the gate. Exit code 0, also when it cannot judge: it never stands in the way by accident.

  CLIENT: {", ".join(AGENTS)}
  EVENT:  {", ".join(EVENTS)}

  Example: expert hook claude pre-write < payload.json
"""


def main(argv: Sequence[str]) -> int:
    """Answer one hook call; the exit code is 0 except for a wrong command line: a client may take others for no."""
    if {"-h", "--help"} & set(argv):
        sys.stdout.write(HELP)
        return 0
    if len(argv) != 2 or argv[0] not in AGENTS or argv[1] not in EVENTS:
        raise UsageError(
            f"hook takes a client ({', '.join(AGENTS)}) and an event ({', '.join(EVENTS)})",
            do='Example: echo "$PAYLOAD" | expert hook claude pre-write',
        )
    client, event = argv[0], EVENTS[EVENTS.index(argv[1])]
    module = client_module(client)
    try:
        answer = _ANSWERS[event](read(sys.stdin.buffer.read(MAX_PAYLOAD), module.PAYLOAD), client)
    except Exception as error:  # a broken expert must not keep anybody from working
        answer = Answer(note=f"fastapi-expert could not check this ({type(error).__name__}: {error}); it went through.")
    if answer.note:
        print(answer.note, file=sys.stderr)  # noqa: T201 - for clients without a field for it
    if body := module.render_answer(event, answer):
        sys.stdout.write(json.dumps(body) + "\n")
    return 0


def _before_write(call: Call, client: str) -> Answer:
    writes = [write for write in call.writes() if write.path.suffix == ".py"]
    decisions = [check_write(write, call.cwd) for write in writes]
    refusals = [decision.refusal for decision in decisions if decision.refusal]
    advice = [decision.advice for decision in decisions if decision.advice]
    notes = [decision.note for decision in decisions if decision.note]
    return Answer("\n\n".join(refusals), "\n\n".join(advice), "\n".join(notes))


def _after_write(call: Call, client: str) -> Answer:
    from fastapi_expert.credit import record

    record(call.agent or client, files=call.touched(), session=call.session, tool=call.tool, cwd=call.cwd)
    return Answer()


def _before_stop(call: Call, client: str) -> Answer:
    if call.continued:  # it was asked once already; a second refusal would never let it stop
        return Answer()
    from fastapi_expert.gate.report import failures

    report = failures(Path(call.cwd))
    return Answer(refusal=f"`expert check` finds faults in what changed:\n{report}") if report else Answer()


_ANSWERS = {"pre-write": _before_write, "post-write": _after_write, "stop": _before_stop}
