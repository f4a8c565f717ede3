"""Which functions of a codebase answering a request may run, and which of them on the event loop."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import callees, last_name
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project


def running(project: Project) -> dict[int, Function]:
    """The functions that answering a request may run, by their ids: endpoints, dependencies, middleware, handlers,
    background tasks, and everything that they call. Start-up and scripts are not among them.

    Of a draft only its own functions are looked for: what it calls elsewhere is not about to be written.
    """
    if project.running is not None:
        return project.running
    roots, in_threads = [*project.endpoints, *project.dependency_functions], list[Function]()
    tasks = [
        function
        for path, qualname in project.of_kind("task")
        if (function := project.modules.function(path, qualname)) is not None
        and not APART.search(path)
        and not _runs_elsewhere(project, function)
    ]
    queued = _queued(project) if any(one.is_async for one in tasks) else frozenset[int]()
    for path, qualname in project.of_kind("middleware", "exception_handler"):
        function = project.modules.function(path, qualname)
        methods = [project.kinds.method(f"object {path}::{qualname}", name) for name in ("dispatch", "__call__")]
        roots += [one for one in (function, *methods) if one is not None]
    for one in tasks:
        if id(one) not in queued:
            (roots if one.is_async else in_threads).append(one)
    known = project.running = {}
    _reach(project, roots, known)
    project.on_loop = frozenset(known)
    _reach(project, in_threads, known)
    return known


def on_loop(project: Project) -> frozenset[int]:
    """The ids of those of :func:`running` that the event loop runs which serves requests, where they are coroutines."""
    running(project)
    return project.on_loop


def _reach(project: Project, queue: list[Function], known: dict[int, Function]) -> None:
    while queue:
        one = queue.pop()
        if id(one) in known or (project.drafts is not None and one.path not in project.drafts):
            continue
        known[id(one)] = one
        within = [inner for inner in project.module(one.path).functions.values() if inner.parent is one]
        within += [target for call, target in callees(project, one) if not _is_for_developers(one, call)]
        elsewhere = not one.is_async and any(map(_runs_a_loop, one.calls))
        queue += [target for target in within if not (elsewhere and target.is_async)]
        queue += list(_handed_on(project, one))


def _runs_a_loop(call: tree.Call) -> bool:
    """`asyncio.run(main())` in a plain function: its coroutines are not on the loop that serves requests."""
    return last_name(call) == "run_until_complete" or dotted(call.func) in ("asyncio.run", "anyio.run", "trio.run")


APART = re.compile(r"(?:^|/)(?:_?cli|cmd|commands?|scripts?|tools|bin|dev|docs?|examples?|benchmarks?)(?:/|\.py$)")
"""Where programs lie that are not the application: they start tasks on a loop of their own, and are run by hand."""
_QUEUES = ("rq", "celery", "dramatiq", "huey", "django_rq", "taskiq")
"""Libraries whose workers are processes of their own, where no request waits."""


def _runs_elsewhere(project: Project, function: Function) -> bool:
    """Whether a decorator hands it to a worker where nobody else waits."""
    for one in function.node.decorator_list:
        target = one.func if isinstance(one, tree.Call) else one
        if project.kinds.external(function.path, target).partition(".")[0] in _QUEUES:
            return True
    return False


_DEVELOPMENT = re.compile(r"(?:is_|in_)?(?:dev|debug|test|testing|local|development)(?:_mode|_env)?", re.IGNORECASE)


def _is_for_developers(function: Function, call: tree.Call) -> bool:
    """`if DEV_MODE: return await scan()`, where everybody else's goes to a worker."""
    return any(_DEVELOPMENT.fullmatch(last_name(test)) for test in function.conditions(call))


_ENQUEUE = re.compile(r"enqueue\w*|delay|apply_async|send_task")


def _queued(project: Project) -> frozenset[int]:
    """The functions of the codebase that are given to a queue, for a worker elsewhere."""
    found: set[int] = set()
    for path in project.all_paths():
        if b"enqueue" in project.modules.source(path):
            for function in project.module(path).functions.values():
                for call in function.calls:
                    if _ENQUEUE.fullmatch(last_name(call)):
                        found.update(id(target) for target in _given_functions(project, function, call))
    return frozenset(found)


def _handed_on(project: Project, function: Function) -> Iterator[Function]:
    """The functions of the codebase that are arguments of calls: background tasks, callbacks."""
    for call in function.calls:
        if not _ENQUEUE.fullmatch(last_name(call)):
            yield from _given_functions(project, function, call)


def _given_functions(project: Project, function: Function, call: tree.Call) -> Iterator[Function]:
    for one in call.args:
        symbol = project.kinds.resolve(function.path, dotted(one)) if isinstance(one, tree.Name) else None
        if symbol is not None and symbol.kind == "function":
            target = project.modules.function(symbol.path, symbol.name)
            if target is not None:
                yield target
