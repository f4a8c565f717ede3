"""How a function uses a session."""

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    reached,
)
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project

IO = frozenset(
    [
        "execute",
        "scalar",
        "scalars",
        "get",
        "get_one",
        "commit",
        "flush",
        "refresh",
        "exec",
        "query",
        "merge",
        "rollback",
        "bulk_save_objects",
    ]
)


def in_handler(function: Function, node: tree.Node) -> bool:
    return any(isinstance(above, tree.ExceptHandler) for above in function.around(node))


def uses_own_session(project: Project, method: Function, kinds: "frozenset[str] | set[str]") -> bool:
    """Whether a method, or one of the same object that it calls, uses a session that the object holds."""
    for one in reached(project, method, depth=2):
        for node in one.nodes:
            held = isinstance(node, tree.Attribute) and isinstance(node.value, tree.Name) and node.value.id == "self"
            if held and project.kinds.of(one.path, node, one) in kinds:
                return True
    return False


def kind_of(project: Project, function: Function, call: tree.Call) -> str:
    return project.kinds.of(function.path, call.func.value, function) if isinstance(call.func, tree.Attribute) else ""
