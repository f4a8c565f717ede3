"""The coroutines in which something waits, themselves or through plain functions."""

import re
from collections.abc import Iterator
from dataclasses import replace

from fastapi_expert.review.flow.blocking import runs_at_start, waits, waits_behind
from fastapi_expert.review.flow.calls import callees, last_name
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project, Wait
from fastapi_expert.review.flow.running import on_loop, running
from fastapi_expert.review.model import Confidence, Finding, Related, Rule

WAITING = "every other request of this worker waits meanwhile"


CONTEXTS = frozenset({"asynccontextmanager", "contextmanager", "fixture"})


def on_the_loop(project: Project) -> Iterator[Function]:
    loop = on_loop(project)
    for id_, function in running(project).items():
        if id_ in loop and function.is_async and not runs_at_start(function):
            yield function


def is_stream(project: Project, function: Function) -> bool:
    """Whether an async generator is what a response is made of, neither a dependency nor a context manager."""
    if not function.yields or any(last_name(one) in CONTEXTS for one in function.node.decorator_list):
        return False
    return not any(function is one for one in project.dependency_functions)


def first_wait(project: Project, function: Function, sorts: tuple[str, ...]) -> Wait | None:
    return next((one for one in waits(project, function) if one.sort in sorts), None)


def waiting_for(project: Project, rule: Rule, sort: str, does: str, instead: str) -> Iterator[Finding]:
    """The coroutines that wait for something of a sort, themselves or through plain functions."""
    for function in on_the_loop(project):
        found = first_wait(project, function, (sort,)) or wait_behind(project, function, sort)
        if found is not None and not is_stream(project, function):
            yield rule.at(
                function.path,
                found.call.lineno,
                f"`{found.name}`{way_to(found)} {does} on the event loop: {WAITING}",
                f"{instead}make the function a plain `def`, or `await asyncio.to_thread(…)`",
                severity=None if how_sure(found) == "certain" else 2,
                confidence=how_sure(found),
            )


def wait_behind(project: Project, function: Function, sort: str) -> Wait | None:
    """What a plain function that is called here waits for."""
    for call, target in callees(project, function):
        if id(call) in function.awaited:
            continue
        behind = waits_behind(project, target)
        if behind is not None and behind.sort == sort:
            return Wait(behind.sort, behind.name, call, (target.name, *behind.through))
    return None


def grouped(findings: Iterator[Finding]) -> Iterator[Finding]:
    """One finding for all callers of a helper: mending it mends them all."""
    by_helper: dict[str, list[Finding]] = {}
    for one in findings:
        key = one.message if " (through " in one.message else f"{one.path}:{one.line}"
        by_helper.setdefault(key, []).append(one)
    for first, *rest in by_helper.values():
        callers = tuple([Related(one.path, one.line, "calls it too") for one in rest])
        yield replace(first, related=(*first.related, *callers))


ONCE = re.compile(r"__init__|_?(?:init|setup|connect|configure|bootstrap|load|start|create_client)\w*|_?get_\w*client")


def how_sure(found: Wait) -> Confidence:
    """What prepares something runs once, perhaps before the first request."""
    return "likely" if any(ONCE.fullmatch(name) for name in found.through) else "certain"


def way_to(found: Wait) -> str:
    return f" (through {' → '.join(f'`{name}`' for name in found.through)})" if found.through else ""
