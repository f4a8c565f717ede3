"""Which files are tests, what runs first, and which applications a codebase makes."""

from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.runtime import Return, Stop
from fastapi_expert.codebase.interpret.values import (
    FunctionValue,
    Router,
    Scope,
    Site,
)
from fastapi_expert.codebase.link.roles import builds_app
from fastapi_expert.codebase.link.routes import included
from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.codebase.vocabulary import is_test_path


def run_all(interp: Interpreter) -> None:
    """Run every module that is not a test, then the factories that nothing called."""
    paths = [path for path in interp.files if not is_test_path(path)]
    for path in sorted(paths, key=lambda path: (path.count("/"), path)):
        interp.run_module(path)
    for path in paths:
        _run_factories(interp, interp.files[path], interp.modules[path])


def _run_factories(interp: Interpreter, facts: FileFacts, scope: Scope) -> None:
    """An application factory that only the server calls (`uvicorn --factory`) is called with its defaults."""
    for function in facts.functions:
        if function.parent or function.body is None or (facts.path, function.qualname) in interp.called:
            continue
        if not builds_app(function.body, function.returns):
            continue
        required = [p for p in function.params if not p.default and p.kind in ("", "/", "=")]
        if len(required) > 2:
            continue
        try:
            interp.call_function(
                FunctionValue(facts.path, function.qualname, scope), [], {}, Site(facts.path, function.line)
            )
        except (Return, Stop):
            continue


def applications(interp: Interpreter) -> list[Router]:
    """The applications that nothing mounts, in the order they were made; one made twice on a line counts once."""
    inner = included(interp.routers)
    found: dict[Site, Router] = {}
    for router in interp.routers:
        if router.is_app and id(router) not in inner and not is_test_path(router.site.path):
            best = found.get(router.site)
            if best is None or len(router.entries) > len(best.entries):
                found[router.site] = router
    return list(found.values())
