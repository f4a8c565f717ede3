"""FX611: `dependency_overrides` set and never taken back."""

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
    fixtures = {one.name: one.path for one in functions if _clears(one) and _is_fixture(one)}
    for function in functions:
        if (
            _clears(function)
            or _is_autouse(function)
            or function.path in clearing_files
            or _scope(function) in ("session", "package", "module")
        ):
            continue
        if fixtures.keys() & function.parameters.keys():
            continue  # what the test is given takes every override back
        if not _is_fixture(function) and not function.name.startswith("test") and function.path in fixtures.values():
            continue  # a helper beside such a fixture
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


def _is_fixture(function: Function) -> bool:
    return any(last_name(one) in ("fixture", "async_fixture") for one in function.node.decorator_list)


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
            case tree.Call(func=tree.Attribute(attr="dict"), args=[tree.Attribute(attr="dependency_overrides"), *_]):
                return True  # `with patch.dict(app.dependency_overrides):`
            case tree.Delete():
                if "dependency_overrides" in node.text:
                    return True
            case _:
                pass
    return False


RULE = Rule(
    "FX611",
    "override not restored",
    "`dependency_overrides` set and never taken back",
    "tests",
    2,
    override_not_restored,
    of_tests=True,
)
