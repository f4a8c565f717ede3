"""`expert hook CLIENT EVENT`: what an agent's client calls before a write, after one, and before the agent stops.

Import-light, for it runs on every write. It never stands in the way by accident: whatever goes wrong in here lets the
write through with a note that says so; only a duplicate is refused.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi_expert.clients.guard import rule_on
from fastapi_expert.clients.payload import Call, read
from fastapi_expert.errors import UsageError

CLIENTS = ("claude", "codex", "cursor", "gemini", "opencode", "vscode")
EVENTS = ("pre-write", "post-write", "stop")
MAX_PAYLOAD = 64 * 1024 * 1024
HELP = f"""\
Usage: expert hook CLIENT EVENT

  What an agent's client calls: it hands over its own JSON on standard input and is answered in its own form. `expert
  install CLIENT` registers it. pre-write refuses a duplicate, post-write enters who wrote for the commit, stop runs
  the gate. Exit code 0, also when it cannot judge: it never stands in the way by accident.

  CLIENT: {", ".join(CLIENTS)}
  EVENT:  {", ".join(EVENTS)}

  Example: expert hook claude pre-write < payload.json
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """``refusal`` stops the agent with a reason, ``advice`` goes to the agent, ``note`` to the person."""

    refusal: str = ""
    advice: str = ""
    note: str = ""


def main(argv: Sequence[str]) -> int:
    """Answer one hook call; the exit code is 0 but for a wrong command line, since a client may take others for no."""
    if {"-h", "--help"} & set(argv):
        sys.stdout.write(HELP)
        return 0
    if len(argv) != 2 or argv[0] not in CLIENTS or argv[1] not in EVENTS:
        raise UsageError(
            f"hook takes a client ({', '.join(CLIENTS)}) and an event ({', '.join(EVENTS)})",
            do='Example: echo "$PAYLOAD" | expert hook claude pre-write',
        )
    client, event = argv
    try:
        call = read(sys.stdin.buffer.read(MAX_PAYLOAD))
        answer = _ANSWERS[event](call, client)
    except Exception as error:  # a broken expert must not keep anybody from working
        answer = Answer(note=f"fastapi-expert could not check this ({type(error).__name__}: {error}); it went through.")
    _say(client, event, answer)
    return 0


def _before_write(call: Call, client: str) -> Answer:
    writes = [write for write in call.writes() if write.path.suffix == ".py"]
    rulings = [rule_on(write) for write in writes]
    refusals = [ruling.refusal for ruling in rulings if ruling.refusal]
    return Answer("\n\n".join(refusals), "\n\n".join(ruling.advice for ruling in rulings if ruling.advice))


def _after_write(call: Call, client: str) -> Answer:
    from fastapi_expert.credit import record

    record(call.agent or client, files=call.touched(), session=call.session, tool=call.tool, cwd=call.cwd)
    return Answer()


def _before_stop(call: Call, client: str) -> Answer:
    if call.stop_hook_active:  # it was asked once already; a second refusal would never let it stop
        return Answer()
    from fastapi_expert.gate.report import failures

    report = failures(Path(call.cwd))
    return Answer(refusal=f"`expert check` finds faults in what changed:\n{report}") if report else Answer()


_ANSWERS = {"pre-write": _before_write, "post-write": _after_write, "stop": _before_stop}


def _say(client: str, event: str, answer: Answer) -> None:
    body = _FACES[client](event, answer)
    if answer.note and client == "vscode":  # its hook output has no field for a note
        print(answer.note, file=sys.stderr)  # noqa: T201
    if body:
        sys.stdout.write(json.dumps(body) + "\n")


def _claude(event: str, answer: Answer) -> dict[str, Any]:
    body: dict[str, Any] = {"systemMessage": answer.note} if answer.note else {}
    if event == "stop" and answer.refusal:
        return body | {"decision": "block", "reason": answer.refusal}
    if answer.refusal:
        decision = {"permissionDecision": "deny", "permissionDecisionReason": answer.refusal}
        return body | {"hookSpecificOutput": {"hookEventName": "PreToolUse", **decision}}
    if answer.advice:
        return body | {"hookSpecificOutput": {"hookEventName": "PreToolUse", "additionalContext": answer.advice}}
    return body


def _codex(event: str, answer: Answer) -> dict[str, Any]:
    # Its output schema takes no additional context before a tool; an unknown key would void the whole answer.
    return _claude(event, Answer(answer.refusal, "", answer.note or answer.advice))


def _cursor(event: str, answer: Answer) -> dict[str, Any]:
    if event == "stop":
        return {"followup_message": answer.refusal} if answer.refusal else {}
    if event == "post-write":
        return {}
    if answer.refusal:
        user = "fastapi-expert refused a duplicate."
        return {"permission": "deny", "user_message": user, "agent_message": answer.refusal}
    body: dict[str, Any] = {"permission": "allow"}
    body |= {"user_message": answer.note} if answer.note else {}
    return body | ({"agent_message": answer.advice} if answer.advice else {})


def _vscode(event: str, answer: Answer) -> dict[str, Any]:
    if event == "stop" and answer.refusal:
        return {"decision": "block", "reason": answer.refusal}
    if answer.refusal:
        return {"permissionDecision": "deny", "permissionDecisionReason": answer.refusal}
    return {"additionalContext": answer.advice} if answer.advice else {}


def _gemini(event: str, answer: Answer) -> dict[str, Any]:
    body: dict[str, Any] = {"systemMessage": answer.note} if answer.note else {}
    if answer.refusal:
        return body | {"decision": "deny", "reason": answer.refusal}
    return body | ({"systemMessage": answer.advice} if answer.advice else {})


def _opencode(event: str, answer: Answer) -> dict[str, Any]:
    if answer.refusal:
        return {"decision": "deny", "reason": answer.refusal}
    note = answer.note or answer.advice
    return {"note": note} if note else {}


_FACES = {
    "claude": _claude,
    "codex": _codex,
    "cursor": _cursor,
    "gemini": _gemini,
    "opencode": _opencode,
    "vscode": _vscode,
}
