"""FX805: A call that waits inside an async generator of a response."""

from collections.abc import Iterator

from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.loop.waiting import WAITING, first_wait, is_stream, on_the_loop


def blocking_in_stream(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in on_the_loop(project):
        found = first_wait(project, function, ("call", "client", "heavy"))
        if found is not None and is_stream(project, function):
            yield rule.at(
                function.path,
                found.call.lineno,
                f"`{found.name}` blocks the event loop at every step of the stream: {WAITING}",
                "await something asynchronous, or make it a plain generator, which is iterated in a thread",
            )


RULE = Rule(
    "FX805",
    "blocking wait in a stream",
    "A call that waits inside an async generator of a response",
    "loop",
    1,
    blocking_in_stream,
    alone=True,
)
