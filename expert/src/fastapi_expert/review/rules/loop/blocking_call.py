"""FX801: A call in `async def` that waits without `await`."""

from collections.abc import Iterator

from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.loop.waiting import WAITING, first_wait, is_stream, on_the_loop


def blocking_call(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in on_the_loop(project):
        found = first_wait(project, function, ("call",)) or first_wait(project, function, ("file",))
        if found is not None and not is_stream(project, function):
            yield rule.at(
                function.path,
                found.call.lineno,
                f"`{found.name}` blocks the event loop: {WAITING}",
                "make the function a plain `def`, await an asynchronous client, or `await asyncio.to_thread(…)`",
                severity=2 if found.sort == "file" else None,
                confidence="likely" if found.sort == "file" else "certain",
            )


RULE = Rule(
    "FX801",
    "blocking call on the event loop",
    "A call in `async def` that waits without `await`",
    "loop",
    1,
    blocking_call,
    also=r"ASYNC2\d\d",
    alone=True,
)
