"""FX111: A parameter of the path that nothing takes."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.vocabulary import REQUESTS
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function, dotted, is_constant, keyword
from fastapi_expert.review.flow.project import Project, ServedEndpoint
from fastapi_expert.review.model import Finding, Related, Rule


def path_parameter_missing(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[tuple[str, int]] = set()
    for served in project.served:
        function = served.function
        if function is None or (served.route.path_file, served.route.line) in seen:
            continue
        asked = re.findall(r"{([^}:]+)(?::\w+)?}", served.route.path)
        taken = None if _needs_none(function) or _is_given_more(project, function) else _taken(project, served)
        if taken is None:
            continue
        missing = [name for name in asked if name not in taken]
        if missing:
            seen.add((served.route.path_file, served.route.line))
            yield rule.at(
                served.route.path_file,
                served.route.line,
                f"`{missing[0]}` of the path reaches nothing: `{function.name}` does not take it",
                f"a parameter `{missing[0]}`",
                related=(Related(function.path, function.node.lineno, "the function"),),
            )


def _needs_none(function: Function) -> bool:
    """Whether it answers all paths alike: it takes nothing and refuses, or another of its paths has no parameter."""
    routes = [one for one in function.node.decorator_list if isinstance(one, tree.Call) and one.args]
    plain = [one for one in routes if isinstance(one.args[0], tree.Constant) and "{" not in str(one.args[0].value)]
    refuses = not function.parameters and isinstance(function.node.body[-1], tree.Raise)
    return refuses or (len(routes) > 1 and bool(plain))


def _is_given_more(project: Project, function: Function) -> bool:
    """`dependencies=[own_rows]` of a parameter of the function around it: what that takes is not known."""
    lists = [keyword(one, "dependencies") for one in function.node.decorator_list if isinstance(one, tree.Call)]
    given = [one for several in lists if isinstance(several, tree.List) for one in several.elts]
    names = [one.id for one in given if isinstance(one, tree.Name)]
    return any(project.kinds.resolve(function.path, name) is None for name in names)


def _taken(project: Project, served: ServedEndpoint) -> set[str] | None:
    """The names of path parameters that a route's function and its dependencies take; None when that is not known."""
    if (
        served.function is None or served.function.facts.owner
    ):  # a class of routes: what its attributes take is not read
        return None
    found: set[str] = set()
    known = {id(one) for one in project.run_before(served)}
    for function in [served.function, *project.run_before(served)]:
        if function.node.args.kwarg is not None:
            return None
        for one in [*function.node.args.posonlyargs, *function.node.args.args, *function.node.args.kwonlyargs]:
            found.add(one.arg)
            if last_name(one.annotation) in REQUESTS:
                return None
            default = function.defaults.get(one.arg)
            if isinstance(default, tree.Call) and not _is_of_fastapi(project, function, default):
                return None  # a function that gives a `Depends(…)`
            for node in [
                n for p in (one.annotation, function.defaults.get(one.arg)) if p is not None for n in tree.walk(p)
            ]:
                if isinstance(node, tree.Call) and is_constant(
                    keyword(node, "alias"), getattr(keyword(node, "alias"), "value", None)
                ):
                    found.add(str(getattr(keyword(node, "alias"), "value", "")))
        for need in project.kinds.needs(function):
            if isinstance(need.target, tree.Lambda):
                found |= {one.arg for one in need.target.args.args}
            else:
                target = project.kinds.callable(need.path, need.target)
                if target is not None and id(target) in known:
                    continue
                symbol = project.kinds.resolve(need.path, dotted(need.target))
                if symbol is None or symbol.kind == "external":
                    name = "" if symbol is None else symbol.name
                    if not name.startswith(("fastapi.security", "fastapi.")):
                        return None
                elif symbol.kind == "class":
                    found |= {one.name for one in project.codebase.fields(symbol.path, symbol.name)}
                else:
                    return None
    for one in served.function.node.args.args:  # a model of path parameters
        for name in re.findall(r"[A-Za-z_]\w*", one.annotation.text if one.annotation is not None else ""):
            symbol = project.kinds.resolve(served.function.path, name)
            if (
                symbol is not None
                and symbol.kind == "class"
                and "Path(" in (one.annotation.text if one.annotation is not None else "")
            ):
                found |= {field.name for field in project.codebase.fields(symbol.path, symbol.name)}
    return found


def _is_of_fastapi(project: Project, function: Function, call: tree.Call) -> bool:
    outside = project.kinds.external(function.path, call.func)
    return outside.startswith("fastapi.") or (not outside and last_name(call) in ("Depends", "Security"))


RULE = Rule(
    "FX111",
    "path parameter missing",
    "A parameter of the path that nothing takes",
    "routes",
    2,
    path_parameter_missing,
)
