"""FX802: A plain function called in `async def` that waits."""

from collections.abc import Iterator

from fastapi_expert.review.flow.modules import dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.loop.waiting import WAITING, grouped, how_sure, on_the_loop, wait_behind, way_to


def _blocking_helper(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in on_the_loop(project):
        found = wait_behind(project, function, "call")
        if found is not None:
            yield rule.at(
                function.path,
                found.call.lineno,
                f"`{found.name}`{way_to(found)} blocks the event loop: {WAITING}",
                f"`await asyncio.to_thread({dotted(found.call.func) or found.through[0]}, …)`, or a plain `def`",
                severity=None if how_sure(found) == "certain" else 2,
                confidence=how_sure(found),
            )


def blocking_helper(project: Project, rule: Rule) -> Iterator[Finding]:
    return grouped(_blocking_helper(project, rule))


RULE = Rule(
    "FX802",
    "blocking helper on the event loop",
    "A plain function called in `async def` that waits",
    "loop",
    1,
    blocking_helper,
    alone=True,
)
