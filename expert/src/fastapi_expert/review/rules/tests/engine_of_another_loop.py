"""FX612: An engine that outlives the event loop of a test."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


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
                if isinstance(url, tree.Name):
                    url = project.module(function.path).assigned.get(url.id)
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


RULE = Rule(
    "FX612",
    "engine of another loop",
    "An engine that outlives the event loop of a test",
    "tests",
    2,
    engine_of_another_loop,
    of_tests=True,
)
