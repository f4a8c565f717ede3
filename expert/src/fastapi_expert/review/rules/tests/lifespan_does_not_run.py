"""FX613: `TestClient(app)` without `with` for an application that has a lifespan."""

from collections.abc import Iterator
from dataclasses import replace

from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name, reached
from fastapi_expert.review.flow.modules import Function, dotted, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Related, Rule


def lifespan_does_not_run(project: Project, rule: Rule) -> Iterator[Finding]:
    """One finding for all files that do so with one application: one fixture mends them."""
    by_app: dict[str, list[Finding]] = {}
    for app, finding in _clients(project, rule):
        by_app.setdefault(app, []).append(finding)
    for first, *rest in by_app.values():
        others = tuple([Related(one.path, one.line, "the same") for one in rest])
        yield replace(first, related=(*first.related, *others))


def _clients(project: Project, rule: Rule) -> Iterator[tuple[str, Finding]]:
    for path in project.paths(tests=True):
        if b"TestClient(" not in project.modules.source(path):
            continue
        module = project.module(path)
        nodes = list(tree.walk(module.root))
        if any(isinstance(node, tree.Call) and last_name(node) == "enter_context" for node in nodes):
            continue
        contexts = [item.context_expr for node in nodes if isinstance(node, tree.With) for item in node.items]
        entered, names = {id(one) for one in contexts}, {dotted(one) for one in contexts}
        bound = {id(node.value): dotted(node.targets[0]) for node in nodes if isinstance(node, tree.Assign)}
        for node in [n for s in module.root.body for n in tree.walk(s)]:
            if (
                not isinstance(node, tree.Call)
                or last_name(node) != "TestClient"
                or not node.args
                or id(node) in entered
            ):
                continue
            if bound.get(id(node)) in names:
                continue
            app = project.kinds.resolve(path, node.args[0].id) if isinstance(node.args[0], tree.Name) else None
            if app is not None and app.kind == "value" and app.path and _sets_up(project, app):
                yield (
                    f"{app.path}::{app.name}",
                    rule.at(
                        path,
                        node.lineno,
                        "without `with` the application never starts: what its lifespan sets up is not there",
                        "`with TestClient(app) as client: yield client` in a fixture",
                        confidence="likely",
                    ),
                )


def _sets_up(project: Project, app: Symbol) -> bool:
    """Whether something is there for requests once an application has started that was not there before."""
    module = project.module(app.path)
    made = module.assigned.get(app.name)
    if not isinstance(made, tree.Call) or last_name(made) != "FastAPI":
        return False
    lifespan = keyword(made, "lifespan")
    if lifespan is not None and not (isinstance(lifespan, tree.Constant) and lifespan.value is None):
        start = project.kinds.callable(app.path, lifespan)
        return start is not None and _leaves_something(project, start)
    return any(
        isinstance(one, tree.Call)
        and last_name(one) == "on_event"
        and dotted(one.func).partition(".")[0] == app.name
        and bool(one.args)
        and getattr(one.args[0], "value", "") == "startup"
        and _leaves_something(project, function)
        for function in module.functions.values()
        for one in function.node.decorator_list
    )


_OPENING = frozenset({"connect", "init", "init_beanie", "init_db", "append", "add", "update", "setdefault", "extend"})


def _leaves_something(project: Project, start: Function) -> bool:
    """An attribute, a variable of the module, a state that is yielded, a connection."""
    for function in reached(project, start, depth=2):
        for node in function.nodes:
            match node:
                case tree.Global() | tree.Attribute(ctx="store") | tree.Subscript(ctx="store"):
                    return True
                case tree.Yield(value=tree.Expression()):
                    return True
                case tree.Call() if last_name(node) in _OPENING:
                    return True
                case _:
                    pass
    return False


RULE = Rule(
    "FX613",
    "lifespan does not run",
    "`TestClient(app)` without `with` for an application that has a lifespan",
    "tests",
    2,
    lifespan_does_not_run,
    alone=True,
    of_tests=True,
)
