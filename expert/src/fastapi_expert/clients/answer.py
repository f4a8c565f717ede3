"""What our hook decides, before a client's module says it in that client's own form."""

from dataclasses import dataclass
from typing import Any, Literal

Event = Literal["pre-write", "post-write", "stop"]
EVENTS: tuple[Event, ...] = ("pre-write", "post-write", "stop")


@dataclass(frozen=True, slots=True)
class Answer:
    """``refusal`` stops the agent with a reason, ``advice`` goes to the agent, ``note`` to the person."""

    refusal: str = ""
    advice: str = ""
    note: str = ""


def hook_specific_output(event: Event, answer: Answer) -> dict[str, Any]:
    """The form of Claude Code, which other clients took over: a message, and a decision on the tool or on stopping."""
    body: dict[str, Any] = {"systemMessage": answer.note} if answer.note else {}
    if event == "stop" and answer.refusal:
        return body | {"decision": "block", "reason": answer.refusal}
    if answer.refusal:
        decision = {"permissionDecision": "deny", "permissionDecisionReason": answer.refusal}
        return body | {"hookSpecificOutput": {"hookEventName": "PreToolUse", **decision}}
    if answer.advice:
        return body | {"hookSpecificOutput": {"hookEventName": "PreToolUse", "additionalContext": answer.advice}}
    return body
