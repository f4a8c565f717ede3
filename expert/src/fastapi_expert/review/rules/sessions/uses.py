"""How a function uses a session."""

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import callees
from fastapi_expert.review.flow.modules import Function, dotted
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


"""Methods of a session that ask the database."""


def in_handler(function: Function, node: tree.Node) -> bool:
    return any(isinstance(above, tree.ExceptHandler) for above in function.around(node))


def uses_own_session(project: Project, method: Function, kinds: "frozenset[str] | set[str]", depth: int = 2) -> bool:
    """Whether a method uses a session that its object holds, itself or through what else the object holds.

    What it makes on the way (`Repository(session)` in a session of its own) is another matter.
    """
    for node in method.nodes:
        held = isinstance(node, tree.Attribute) and isinstance(node.value, tree.Name) and node.value.id == "self"
        if held and project.kinds.of(method.path, node, method) in kinds:
            return True
    return depth > 0 and any(
        uses_own_session(project, target, kinds, depth - 1)
        for call, target in callees(project, method)
        if dotted(call.func).startswith("self.")
    )


def kind_of(project: Project, function: Function, call: tree.Call) -> str:
    return project.kinds.of(function.path, call.func.value, function) if isinstance(call.func, tree.Attribute) else ""
