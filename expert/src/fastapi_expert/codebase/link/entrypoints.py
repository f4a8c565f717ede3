"""Which files are tests, what runs first, and which applications a codebase makes."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.interpret.attributes import attribute
from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.runtime import Return, Stop
from fastapi_expert.codebase.interpret.values import (
    Arguments,
    ClassValue,
    FunctionValue,
    Router,
    Site,
)
from fastapi_expert.codebase.link.roles import builds_app
from fastapi_expert.codebase.link.routes import included, is_reachable
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FileFacts, FunctionFacts
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.codebase.vocabulary import ADDING_METHODS, APPLICATIONS, ROUTE_DECORATORS, ROUTERS, is_test_path


def run_all(interp: Interpreter) -> None:
    """Run every module that is not a test, then what nothing in the text calls: factories, startup, receivers."""
    paths = [path for path in interp.files if not is_test_path(path)]
    by_examples: set[tuple[str, str]] = set()
    for path in sorted(paths, key=lambda path: (_is_example(path), path.count("/"), path)):
        if _is_example(path):
            called = set(interp.called)
            interp.run_module(path)
            by_examples |= interp.called - called
        else:
            interp.run_module(path)
    interp.called -= by_examples  # the application may call them otherwise
    _run_uncalled(interp, [one for path in paths for one in _factories(interp, interp.files[path])])
    _start(interp)
    _run_uncalled(interp, [one for path in paths for one in _receivers(interp.files[path])])
    _start(interp)
    interp.called |= by_examples


_EXAMPLES = re.compile(r"(?:^|/)(?:docs?|examples?)/")


def _is_example(path: str) -> bool:
    return _EXAMPLES.search(path) is not None


def _factories(interp: Interpreter, facts: FileFacts) -> Iterator[tuple[str, FunctionFacts]]:
    """Functions and methods that only a server calls (`uvicorn --factory`, `uvicorn.run(self.make_app())`)."""
    for function in facts.functions:
        if function.body is None or function.parent != function.owner or function.name == "__init__":
            continue
        required = [p for p in function.params if not p.default and p.kind in ("", "/", "=") and p.name != "self"]
        if builds_app(function.body, function.returns) and len(required) <= 2:
            yield facts.path, function


def _receivers(facts: FileFacts) -> Iterator[tuple[str, FunctionFacts]]:
    """Functions and methods that a framework calls: handed an application or a router, or registering on one."""
    registering = {function.parent for function in facts.functions if any(map(_registers, function.decorators))}
    for function in facts.functions:
        if function.body is None or function.parent != function.owner:
            continue
        handed = any(param.annotation.rpartition(".")[2] in _HANDED_IN for param in function.params)
        if handed or function.qualname in registering or not _BUILDING.isdisjoint(_last_names(function)):
            yield facts.path, function


_HANDED_IN = APPLICATIONS | ROUTERS
_BUILDING = frozenset({"APIRouter", "include_router", *ADDING_METHODS})


def _last_names(function: FunctionFacts) -> set[str]:
    return {name.rpartition(".")[2] for name in function.names}


def _registers(decorator: Expr) -> bool:
    """Whether a decorator is one of a router, as far as its name tells."""
    call = ir.match(decorator, ir.Call)
    if call is None:
        return False
    part = ir.match(call.function, ir.Attribute)
    name = part.name if part is not None else call.function if isinstance(call.function, str) else ""
    return ("." in name or part is not None) and name.rpartition(".")[2] in ROUTE_DECORATORS


def _run_uncalled(interp: Interpreter, candidates: list[tuple[str, FunctionFacts]]) -> None:
    """Call each that was not called, those first that the others do not mention."""
    mentioned = {
        last
        for _, function in candidates
        for name in function.names
        if (last := name.rpartition(".")[2]) != function.name
    }
    for path, function in sorted(candidates, key=lambda one: one[1].name in mentioned):
        if (path, function.qualname) in interp.called:
            continue
        site = Site(path, function.line)
        value = interp.module_attribute(path, function.qualname.partition(".")[0])
        try:
            if isinstance(value, FunctionValue) and not function.owner:
                interp.call_function(value, [], {}, site)
            elif isinstance(value, ClassValue) and function.owner == value.qualname:
                made = interp.call(value, Arguments([], {}, {}, site, value.scope))
                method = attribute(interp, made, function.name, site) if function.name != "__init__" else None
                if isinstance(method, FunctionValue) and (path, function.qualname) not in interp.called:
                    interp.call_function(method, [], {}, site)
        except (Return, Stop):
            continue


def _start(interp: Interpreter) -> None:
    """Run what applications run when they start: routers are included there too."""
    for router in list(interp.routers):
        if is_test_path(router.site.path):
            continue
        while router.lifespans:
            interp.start(router, *router.lifespans.pop(0))


def _added_by_examples(router: Router) -> int:
    """How many of its middleware an example adds to an application that it makes by the same factory."""
    return sum(_is_example(site.path) for _, site in router.middleware)


def applications(interp: Interpreter) -> list[Router]:
    """The applications that nothing mounts, in the order they were made; one made twice on a line counts once."""
    inner = included([router for router in interp.routers if not router.is_given])  # not in what callers hand in
    made: dict[Site, list[Router]] = {}
    for router in interp.routers:
        own = not is_test_path(router.site.path) and not interp.names.is_library(router.site.path)
        if router.is_app and is_reachable(router) and id(router) not in inner and own:
            made.setdefault(router.site, []).append(router)
    found: list[Router] = []
    for several in made.values():
        best = max(several, key=lambda router: (len(router.entries), -_added_by_examples(router)))
        best.variants = [router for router in several if router is not best]
        found.append(best)
    return found
