"""FX904: A body that may set a privileged column."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.modules import Function, dotted, is_constant, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.queries import query, table_of
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.access.guards import is_for_admins

_PRIVILEGED = re.compile(
    r"(?:is_)?(?:admin|superuser|super_user|staff|verified|email_verified|active_superuser)|roles?|role_id|permissions?|scopes|"
    r"balance|credits?|hashed_password|password_hash|owner_id|user_id|tenant_id|organization_id|is_approved|tier|plan"
)


def mass_assignment(project: Project, rule: Rule) -> Iterator[Finding]:
    by_function = {id(one.function): one for one in project.served if one.function is not None}
    for function in project.endpoints:
        served = by_function.get(id(function))
        if served is not None and (is_for_admins(project, served)):
            continue
        for node in function.nodes:
            if isinstance(node, tree.For):
                yield from _setattr_loop(project, rule, function, node)
            elif isinstance(node, tree.Call):
                table = table_of(project, function.path, node.func)
                spread = next((one.value for one in node.keywords if one.arg is None), None)
                if table is not None and spread is not None:
                    field = _may_set(project, function, spread, table)
                    if field:
                        yield _assigned(rule, function, node.lineno, field, table)


def _setattr_loop(project: Project, rule: Rule, function: Function, loop: tree.For) -> Iterator[Finding]:
    for inner in tree.walk(loop):
        if isinstance(inner, tree.Call) and dotted(inner.func) == "setattr" and len(inner.args) == 3:
            table = project.class_of(project.kinds.of(function.path, inner.args[0], function))
            if table is None:
                found = query(project, function, inner.args[0])
                table = found.table if found is not None else None
            guarded = any(isinstance(n, tree.If) for n in tree.walk(loop))
            if table is None or guarded or not project.is_table(table.path, table.name):
                continue
            source = loop.iter
            if (
                isinstance(source, tree.Call)
                and isinstance(source.func, tree.Attribute)
                and source.func.attr == "items"
            ):
                source = source.func.value
            field = _may_set(project, function, source, table)
            if field:
                yield _assigned(rule, function, inner.lineno, field, table)


def _assigned(rule: Rule, function: Function, line: int, field: str, table: Symbol) -> Finding:
    return rule.at(
        function.path,
        line,
        f"the caller sets `{field}` of {table.name} by sending it",
        "name what may be set in a schema of its own, or leave it out: `model_dump(exclude={…})`",
    )


def _may_set(project: Project, function: Function, source: tree.Expression, table: Symbol) -> str:
    """A privileged column that the body behind ``source`` may hold; empty when there is none."""
    columns = [one.name for one in project.codebase.fields(table.path, table.name)]
    privileged = [
        name for name in columns if _PRIVILEGED.fullmatch(name) and name not in ("user_id", "owner_id", "plan", "tier")
    ]
    if isinstance(source, tree.Name):
        bound = project.kinds.bindings(function).get(source.id, [])
        if len(bound) == 1:
            source = bound[0].value
    dumped = False
    if (
        isinstance(source, tree.Call)
        and isinstance(source.func, tree.Attribute)
        and source.func.attr in ("model_dump", "dict")
    ):
        if keyword(source, "exclude") is not None or keyword(source, "include") is not None:
            return ""
        source, dumped = source.func.value, True
    if not isinstance(source, tree.Name) or function.parameter(source.id) is None or not privileged:
        return ""
    annotation = function.parameter(source.id)
    text = annotation.annotation.text if annotation is not None and annotation.annotation is not None else ""
    if re.match(r"(?:dict|Dict|Mapping)\b", text) and not dumped:
        return privileged[0]
    schema = project.class_of(project.kinds.of(function.path, source, function))
    if schema is None or any(need.parameter == source.id for need in project.kinds.needs(function)):
        return ""
    if _allows_extra(project, schema):
        return privileged[0]
    held = {one.name for one in project.codebase.fields(schema.path, schema.name)}
    risky = [
        name
        for name in privileged
        if name in held and re.search(r"admin|superuser|staff|role|verified|permission|balance", name)
    ]
    return risky[0] if risky else ""


def _allows_extra(project: Project, schema: Symbol) -> bool:
    cls = project.module(schema.path).classes.get(schema.name)
    if cls is None:
        return False
    config = [one for one in cls.body if one.text.startswith("model_config") or isinstance(one, tree.ClassDef)]
    return any(
        (isinstance(n, tree.Keyword) and n.arg == "extra" and is_constant(n.value, "allow"))
        for one in config
        for n in tree.walk(one)
    )


RULE = Rule(
    "FX904",
    "privileged field from the body",
    "A body that may set a privileged column",
    "access",
    1,
    mass_assignment,
)
