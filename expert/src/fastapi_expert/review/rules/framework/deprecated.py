"""FX002: What this release still takes and a later one will not."""

import re
from collections.abc import Iterator
from dataclasses import replace

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Edit, Finding, Related, Rule
from fastapi_expert.review.rules.routes.hook_beside_lifespan import is_hook

_OLD_WORDS = re.compile(rb"\.dict\(|parse_obj|from_orm|update_forward_refs|regex=|on_event|validator|class Config")


def deprecated(project: Project, rule: Rule) -> Iterator[Finding]:
    """One finding for everything of a kind: a large codebase says `.dict()` a hundred times."""
    by_kind: dict[str, list[Finding]] = {}
    for one in _deprecated(project, rule):
        by_kind.setdefault(one.message, []).append(one)
    for findings in by_kind.values():
        first, rest = findings[0], findings[1:]
        many = f" ({len(findings)} places)" if rest else ""
        related = tuple([Related(one.path, one.line, "another") for one in rest[:4]])
        fix = tuple([edit for one in findings for edit in one.fix])
        yield replace(first, message=first.message + many, related=related, fix=fix)


def _deprecated(project: Project, rule: Rule) -> Iterator[Finding]:
    modern = project.versions.pydantic.may_be_at_least((2, 0))
    for path in project.paths():
        if not _OLD_WORDS.search(project.modules.source(path)):
            continue
        module = project.module(path)
        for name, cls in module.classes.items() if modern else ():
            if project.codebase.kinds.get((path, name)) not in ("schema", "settings"):
                continue
            for statement in cls.body:
                if isinstance(statement, tree.ClassDef) and statement.name == "Config":
                    yield _old(rule, path, statement.lineno, "`class Config`", "`model_config = ConfigDict(…)`")
        for function in module.functions.values():
            yield from _old_decorators(project, rule, function, modern)
            yield from _old_calls(project, rule, function, modern)


def _old_decorators(project: Project, rule: Rule, function: Function, modern: bool) -> Iterator[Finding]:
    for one in function.node.decorator_list:
        target = one.func if isinstance(one, tree.Call) else one
        outside = project.kinds.external(function.path, target)
        if modern and outside in ("pydantic.validator", "pydantic.root_validator"):
            new = {"validator": "field_validator", "root_validator": "model_validator"}[last_name(target)]
            yield _old(rule, function.path, one.lineno, f"`@{last_name(target)}`", f"`@{new}`")
        if last_name(target) == "on_event" and isinstance(one, tree.Call) and is_hook(one):
            yield _old(rule, function.path, one.lineno, "`on_event`", "a lifespan")


def _old_calls(project: Project, rule: Rule, function: Function, modern: bool) -> Iterator[Finding]:
    for default in [
        *function.defaults.values(),
        *[a.annotation for a in function.node.args.args if a.annotation is not None],
    ]:
        for call in [n for n in tree.walk(default) if isinstance(n, tree.Call)]:
            if (
                last_name(call) in ("Query", "Path", "Header", "Cookie", "Form", "Body")
                and keyword(call, "regex") is not None
            ):
                given = next(one for one in call.keywords if one.arg == "regex")
                known = project.versions.fastapi.source and project.versions.fastapi.least >= (0, 100)
                fix = (Edit(function.path, given.start, given.start + 5, "regex", "pattern"),) if known else ()
                yield _old(rule, function.path, call.lineno, "`regex=`", "`pattern=`", fix)
    for call in function.calls if modern else ():
        if isinstance(call.func, tree.Attribute) and call.func.attr in (
            "dict",
            "parse_obj",
            "from_orm",
            "update_forward_refs",
        ):
            cls = project.class_of(project.kinds.of(function.path, call.func.value, function))
            if cls is not None and project.codebase.kinds.get((cls.path, cls.name)) == "schema":
                new = {"dict": "model_dump", "parse_obj": "model_validate", "from_orm": "model_validate"}.get(
                    call.func.attr, "model_rebuild"
                )
                if project.kinds.method(f"object {cls.path}::{cls.name}", call.func.attr) is None:
                    old, end = call.func.attr, call.func.end
                    known = project.versions.pydantic.source and project.versions.pydantic.least >= (2, 0)
                    fix = (Edit(function.path, end - len(old), end, old, new),) if known else ()
                    yield _old(rule, function.path, call.lineno, f"`.{old}()`", f"`.{new}()`", fix)


def _old(rule: Rule, path: str, line: int, what: str, new: str, fix: tuple[Edit, ...] = ()) -> Finding:
    return rule.at(path, line, f"{what} is deprecated and will go", new, end_line=line, fix=fix)


RULE = Rule(
    "FX002",
    "deprecated",
    "What this release still takes and a later one will not",
    "framework",
    3,
    deprecated,
    also=r"reportDeprecated|deprecated",
    alone=True,
)
