"""FX613: `TestClient(app)` without `with` for an application that has a lifespan."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import dotted, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


def lifespan_does_not_run(project: Project, rule: Rule) -> Iterator[Finding]:
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
            if isinstance(node.args[0], tree.Name) and _has_start(project, path, node.args[0].id):
                yield rule.at(
                    path,
                    node.lineno,
                    "without `with` the application never starts: what its lifespan sets up is not there",
                    "`with TestClient(app) as client: yield client` in a fixture",
                    confidence="likely",
                )


def _has_start(project: Project, path: str, name: str) -> bool:
    symbol = project.kinds.resolve(path, name)
    if symbol is None or symbol.kind != "value" or not symbol.path:
        return False
    module = project.module(symbol.path)
    made = module.assigned.get(symbol.name)
    if not isinstance(made, tree.Call) or last_name(made) != "FastAPI":
        return False
    lifespan = keyword(made, "lifespan")
    if lifespan is not None and not (isinstance(lifespan, tree.Constant) and lifespan.value is None):
        return True
    return any(
        isinstance(one, tree.Call)
        and last_name(one) == "on_event"
        and dotted(one.func).partition(".")[0] == symbol.name
        and bool(one.args)
        and getattr(one.args[0], "value", "") == "startup"
        for function in module.functions.values()
        for one in function.node.decorator_list
    )


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
