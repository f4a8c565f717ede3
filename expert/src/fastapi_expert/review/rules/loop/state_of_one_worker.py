"""FX812: Logins or limits in a module's variable."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.running import running
from fastapi_expert.review.model import Finding, Rule

_STATE = re.compile(
    r"_?(?:active_|user_|login_|auth_|rate_|request_)?(?:sessions?|tokens?|otps?|codes?|attempts|hits|limits?|quotas?|"
    r"next_id|nonces?|challenges?|logged_in|blacklist|revoked\w*|refresh_tokens|verification_codes|rate_limits?|requests_by_ip|current_id)(?:_store|_cache|_db|_map|_by_\w+)?"
)


_ADDING = frozenset({"append", "add", "update", "setdefault", "pop", "extend"})


def state_of_one_worker(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in running(project).values():
        module = project.module(function.path)
        local = project.kinds.bindings(function)
        outer = {name for node in function.nodes if isinstance(node, tree.Global) for name in node.names}
        reported: set[str] = set()
        for node in function.nodes:
            name = _changed(node, outer)
            if (
                not isinstance(node, tree.Expression | tree.Statement)
                or not name
                or name in reported
                or not _STATE.fullmatch(name.lower())
            ):
                continue
            value = module.assigned.get(name)
            if value is None or (name in local and name not in outer) or function.parameter(name) is not None:
                continue
            if not _is_plain_state(value):
                continue
            reported.add(name)
            yield rule.at(
                function.path,
                node.lineno,
                f"`{name}` is the memory of one worker: with two, the next request may not find it, and a restart "
                "forgets it",
                "keep it in the database or in Redis",
                confidence="likely",
            )


def _changed(node: tree.Node, outer: set[str]) -> str:
    """The name of the module that a statement changes."""
    match node:
        case tree.Subscript(value=value, ctx="store" | "del"):
            return dotted(value)
        case tree.AugAssign(target=tree.Name(id=name)) if name in outer:
            return name
        case tree.Call(func=tree.Attribute(value=value, attr=method)) if method in _ADDING:
            return dotted(value.value) if isinstance(value, tree.Subscript) else dotted(value)
        case _:
            return ""


def _is_plain_state(value: tree.Expression) -> bool:
    if isinstance(value, tree.Dict | tree.List | tree.Set):
        return True
    if isinstance(value, tree.Constant):
        return isinstance(value.value, int)
    return isinstance(value, tree.Call) and last_name(value) in (
        "dict",
        "list",
        "set",
        "defaultdict",
        "OrderedDict",
        "deque",
        "Counter",
        "count",
    )


RULE = Rule(
    "FX812",
    "state of one worker",
    "Logins or limits in a module's variable",
    "loop",
    2,
    state_of_one_worker,
    alone=True,
)
