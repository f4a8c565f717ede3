"""FX413: CORS inside of a middleware that answers itself."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import dotted, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


def cors_inside(project: Project, rule: Rule) -> Iterator[Finding]:
    for path in project.paths():
        if b"CORSMiddleware" not in project.modules.source(path):
            continue
        module = project.module(path)
        for body in [module.root.body, *[function.node.body for function in module.functions.values()]]:
            yield from _cors_in_block(project, rule, path, body)
        for call in [n for n in tree.walk(module.root) if isinstance(n, tree.Call) and last_name(n) == "FastAPI"]:
            listed = keyword(call, "middleware")
            rows = [n for n in listed.elts if isinstance(n, tree.Call)] if isinstance(listed, tree.List) else []
            for position, row in enumerate(rows):
                if row.args and last_name(row.args[0]) == "CORSMiddleware":
                    around = next(
                        (one for one in rows[:position] if one.args and _may_answer(project, path, one.args[0])), None
                    )
                    if around is not None:
                        yield _inside(rule, path, row.lineno, last_name(around.args[0]))


def _cors_in_block(project: Project, rule: Rule, path: str, body: list[tree.Statement]) -> Iterator[Finding]:
    cors: dict[str, tree.Call] = {}
    for statement in body:
        if isinstance(statement, tree.Expr) and isinstance(statement.value, tree.Call):
            call = statement.value
            if last_name(call) == "add_middleware" and isinstance(call.func, tree.Attribute) and call.args:
                app = dotted(call.func.value)
                if last_name(call.args[0]) == "CORSMiddleware":
                    cors[app] = call
                elif app in cors and _may_answer(project, path, call.args[0]):
                    yield _inside(rule, path, cors.pop(app).lineno, last_name(call.args[0]))
        elif isinstance(statement, tree.FunctionDef):
            for one in statement.decorator_list:
                if (
                    isinstance(one, tree.Call)
                    and last_name(one) == "middleware"
                    and isinstance(one.func, tree.Attribute)
                ):
                    app = dotted(one.func.value)
                    if app in cors and _answers_itself(list(tree.walk(statement))):
                        yield _inside(rule, path, cors.pop(app).lineno, statement.name)


def _inside(rule: Rule, path: str, line: int, around: str) -> Finding:
    return rule.at(
        path,
        line,
        f"`{around}` is around CORS: what it answers itself has no CORS headers, and the browser shows a network error",
        "add CORSMiddleware last, so that it is outermost",
        end_line=line,
    )


def _may_answer(project: Project, path: str, cls: tree.Expression) -> bool:
    """Whether a middleware of the codebase answers some requests itself."""
    symbol = project.kinds.resolve(path, dotted(cls))
    if symbol is None or symbol.kind != "class":
        return False
    methods = [project.kinds.method(f"object {symbol.path}::{symbol.name}", name) for name in ("dispatch", "__call__")]
    return any(one is not None and _answers_itself(list(one.nodes)) for one in methods)


def _answers_itself(nodes: list[tree.Node]) -> bool:
    return any(
        isinstance(n, tree.Return) and isinstance(n.value, tree.Call) and last_name(n.value).endswith("Response")
        for n in nodes
    )


RULE = Rule(
    "FX413",
    "CORS not outermost",
    "CORS inside of a middleware that answers itself",
    "routes",
    2,
    cors_inside,
    alone=True,
)
