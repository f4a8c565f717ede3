"""Tests of FastAPI applications that pass or fail for the wrong reason."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function, dotted, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule

_CLEARING = frozenset({"clear", "pop", "popitem"})


def override_not_restored(project: Project, rule: Rule) -> Iterator[Finding]:
    functions = list(project.functions("dependency_overrides", tests=True))
    if any(_is_autouse(one) and _clears(one) for one in functions):
        return
    clearing_files = {
        one.path
        for one in functions
        if one.name in ("teardown_method", "teardown_function", "tearDown", "teardown_module") and _clears(one)
    }
    for function in functions:
        if _clears(function) or function.path in clearing_files or _scope(function) in ("session", "package", "module"):
            continue
        for node in function.nodes:
            target = (
                node.targets[0]
                if isinstance(node, tree.Assign) and isinstance(node.targets[0], tree.Subscript)
                else None
            )
            if not isinstance(node, tree.Assign) or target is None or last_name(target.value) != "dependency_overrides":
                continue
            owner = dotted(target.value).rpartition(".")[0]
            head = owner.partition(".")[0]
            if not owner or head in project.kinds.bindings(function) or function.parameter(head) is not None:
                continue
            if project.kinds.resolve(function.path, owner) is None:
                continue
            yield rule.at(
                function.path,
                node.lineno,
                f"`{owner}` keeps this override for every test that comes after: they pass or fail by their order",
                f"a fixture that yields and then `{owner}.dependency_overrides.clear()`",
                confidence="likely",
            )
            break


def _scope(function: Function) -> str:
    """The scope that a fixture names."""
    for one in function.node.decorator_list:
        scope = keyword(one, "scope") if isinstance(one, tree.Call) else None
        if isinstance(scope, tree.Constant):
            return str(scope.value)
    return ""


def _is_autouse(function: Function) -> bool:
    return any(
        isinstance(one, tree.Call)
        and isinstance(value := keyword(one, "autouse"), tree.Constant)
        and value.value is True
        for one in function.node.decorator_list
    )


def _clears(function: Function) -> bool:
    for node in tree.walk(function.node):
        match node:
            case tree.Call(func=tree.Attribute(value=tree.Attribute(attr="dependency_overrides"), attr=method)) if (
                method in _CLEARING
            ):
                return True
            case tree.Assign(targets=[tree.Attribute(attr="dependency_overrides")]):
                return True
            case tree.Delete():
                if "dependency_overrides" in node.text:
                    return True
            case _:
                pass
    return False


def engine_of_another_loop(project: Project, rule: Rule) -> Iterator[Finding]:
    if _one_loop(project):
        return
    for function in project.functions("create_async_engine", tests=True):
        wide = False
        for one in function.node.decorator_list:
            scope = keyword(one, "scope") if isinstance(one, tree.Call) else None
            if isinstance(scope, tree.Constant) and scope.value in ("session", "package", "module"):
                wide = "fixture" in last_name(one) and isinstance(one, tree.Call) and keyword(one, "loop_scope") is None
        if not wide or not function.is_async:
            continue
        for call in function.calls:
            if last_name(call) == "create_async_engine" and last_name(keyword(call, "poolclass")) != "NullPool":
                url = call.args[0] if call.args else None
                if isinstance(url, tree.Constant) and "sqlite" in str(url.value):
                    continue
                yield rule.at(
                    function.path,
                    call.lineno,
                    "its connections belong to the loop that made them, and each test has a loop of its own: "
                    '"attached to a different loop"',
                    "`poolclass=NullPool`, or one loop for the session (`asyncio_default_test_loop_scope`)",
                    confidence="likely",
                )


def _one_loop(project: Project) -> bool:
    """Whether the settings of pytest give all tests one event loop, or a fixture does."""
    for name in ("pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini"):
        file = project.codebase.root / name
        try:
            text = file.read_text(errors="replace")
        except OSError:
            continue
        if "loop_scope" in text:
            return True
    return any(one.name == "event_loop" for one in project.functions("event_loop", tests=True)) or any(
        one.name == "anyio_backend" for one in project.functions("anyio_backend", tests=True)
    )


def lifespan_does_not_run(project: Project, rule: Rule) -> Iterator[Finding]:
    for path in project.paths(tests=True):
        if b"TestClient(" not in project.modules.source(path):
            continue
        module = project.module(path)
        entered = {
            id(item.context_expr) for n in tree.walk(module.root) if isinstance(n, tree.With) for item in n.items
        }
        names = {
            dotted(item.context_expr) for n in tree.walk(module.root) if isinstance(n, tree.With) for item in n.items
        }
        names |= (
            {"return"}
            if any(last_name(c) == "enter_context" for c in tree.walk(module.root) if isinstance(c, tree.Call))
            else set()
        )
        bound = {id(n.value): dotted(n.targets[0]) for n in tree.walk(module.root) if isinstance(n, tree.Assign)}
        for node in [n for s in module.root.body for n in tree.walk(s)]:
            if (
                not isinstance(node, tree.Call)
                or last_name(node) != "TestClient"
                or not node.args
                or id(node) in entered
            ):
                continue
            if bound.get(id(node)) in names or "return" in names:
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


RULES = (
    Rule(
        "FX611",
        "override not restored",
        "`dependency_overrides` set and never taken back",
        "tests",
        2,
        override_not_restored,
    ),
    Rule(
        "FX612",
        "engine of another loop",
        "An engine that outlives the event loop of a test",
        "tests",
        2,
        engine_of_another_loop,
    ),
    Rule(
        "FX613",
        "lifespan does not run",
        "`TestClient(app)` without `with` for an application that has a lifespan",
        "tests",
        2,
        lifespan_does_not_run,
    ),
)
