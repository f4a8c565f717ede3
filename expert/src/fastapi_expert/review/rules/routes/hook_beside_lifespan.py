"""FX412: `on_event` beside a lifespan."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import dotted, is_constant, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


def is_hook(call: tree.Call) -> bool:
    """Whether what is registered is Starlette's: queues and other buses have events of their own."""
    first = call.args[0] if call.args else keyword(call, "event_type")
    return isinstance(first, tree.Constant) and first.value in ("startup", "shutdown")


def hook_beside_lifespan(project: Project, rule: Rule) -> Iterator[Finding]:
    made = {
        (path, name): value
        for path in project.paths()
        if b"FastAPI(" in project.modules.source(path)
        for name, value in project.module(path).assigned.items()
        if isinstance(value, tree.Call) and last_name(value) == "FastAPI"
    }
    calls = [
        (path, n)
        for path in project.paths()
        if b"FastAPI(" in project.modules.source(path)
        for n in tree.walk(project.module(path).root)
        if isinstance(n, tree.Call) and last_name(n) == "FastAPI"
    ]
    for path in project.paths():
        source = project.modules.source(path)
        if b"on_event" not in source and b"add_event_handler" not in source:
            continue
        for call in [n for n in tree.walk(project.module(path).root) if isinstance(n, tree.Call)]:
            if last_name(call) not in ("on_event", "add_event_handler") or not isinstance(call.func, tree.Attribute):
                continue
            if not is_hook(call):
                continue
            symbol = project.kinds.resolve(path, dotted(call.func.value))
            app = made.get((symbol.path, symbol.name)) if symbol is not None else None
            if (
                app is None
                and len(calls) == 1
                and (symbol is None or symbol.kind != "value" or (symbol.path, symbol.name) not in made)
            ):
                app = calls[0][1]
            if (
                app is not None
                and keyword(app, "lifespan") is not None
                and not is_constant(keyword(app, "lifespan"), None)
            ):
                yield rule.at(
                    path,
                    call.lineno,
                    "an application that has a lifespan runs no hooks: this never happens",
                    "do it in the lifespan",
                    end_line=call.lineno,
                )


RULE = Rule(
    "FX412",
    "hook that never runs",
    "`on_event` beside a lifespan",
    "routes",
    1,
    hook_beside_lifespan,
    alone=True,
)
