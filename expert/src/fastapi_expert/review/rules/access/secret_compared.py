"""FX910: A secret of the settings compared letter by letter."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.access.values import value_of

_SECRET_WORDS = re.compile(
    r"(?:\w+_)?(?:secret|secret_key|api_key|apikey|api_token|access_key|auth_token|admin_token|shared_key|webhook_key|password)(?:_\w+)?",
    re.IGNORECASE,
)


_WORDS = re.compile(
    rb"[=!]=[^\n]*(?:secret|api_?key|token|key|password)|(?:secret|api_?key|token|key|password)\w* *[=!]=", re.I
)


def secret_compared(project: Project, rule: Rule) -> Iterator[Finding]:
    for path in project.paths():
        if not _WORDS.search(project.modules.source(path)):
            continue
        for function in project.module(path).functions.values():
            for node in function.nodes:
                if not (isinstance(node, tree.Compare) and len(node.ops) == 1 and node.ops[0] in ("==", "!=")):
                    continue
                sides = [node.left, node.comparators[0]]
                ours = [one for one in sides if _is_configured_secret(project, function, one)]
                others = [one for one in sides if one not in ours]
                if len(ours) == 1 and _is_from_outside(project, function, others[0]):
                    yield rule.at(
                        function.path,
                        node.lineno,
                        "how long the comparison takes tells how much of the secret was right",
                        "`hmac.compare_digest(…)` (of bytes)",
                    )


def _is_configured_secret(project: Project, function: Function, node: tree.Expression) -> bool:
    if isinstance(node, tree.Call) and isinstance(node.func, tree.Attribute) and node.func.attr == "get_secret_value":
        node = node.func.value
    name = last_name(node)
    if not _SECRET_WORDS.fullmatch(name):
        return False
    if isinstance(node, tree.Attribute):
        cls = project.class_of(project.kinds.of(function.path, node.value, function))
        if cls is not None:
            return project.codebase.kinds.get((cls.path, cls.name)) == "settings"
        return last_name(node.value) in ("settings", "config", "conf")
    value = value_of(project, function.path, node)
    return (
        value is not node
        and value is not None
        and any(
            (isinstance(n, tree.Attribute) and n.attr in ("environ", "getenv"))
            or (isinstance(n, tree.Name) and n.id in ("environ", "getenv"))
            for n in tree.walk(value)
        )
    )


def _is_from_outside(project: Project, function: Function, node: tree.Expression) -> bool:
    if isinstance(node, tree.Constant):
        return False
    if isinstance(node, tree.Name):
        if function.parameter(node.id) is not None:
            return True
        bound = project.kinds.bindings(function).get(node.id, [])
        return len(bound) == 1 and _is_from_outside(project, function, bound[0].value)
    names = {n.attr for n in tree.walk(node) if isinstance(n, tree.Attribute)}
    return bool(names & {"headers", "cookies", "query_params", "credentials", "password"})


RULE = Rule(
    "FX910",
    "secret compared with ==",
    "A secret of the settings compared letter by letter",
    "access",
    2,
    secret_compared,
    alone=True,
)
