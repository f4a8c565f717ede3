"""What each function and class is for, as far as its names and words tell: what a draft is asked about by purpose."""

from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import ClassFacts, FileFacts, FunctionFacts
from fastapi_expert.codebase.syntax.shape import name_number
from fastapi_expert.codebase.vocabulary import ROUTE_DECORATORS, is_test_path
from fastapi_expert.duplicates.records.extract import decorator_name, is_foreign
from fastapi_expert.find.words import compounds, ideas, words

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase

_INJECTED = {"self", "cls", "db", "session", "request", "response", "background_tasks", "args", "kwargs"}
"""Parameters that say where something is called from, not what it needs."""


_EVERYWHERE = {
    *("fastapi", "starlette", "pydantic", "typing", "typing_extensions", "collections", "sqlalchemy", "sqlmodel"),
    *("datetime", "logging", "uuid", "os", "sys", "re", "json", "functools", "pathlib", "enum", "dataclasses", "abc"),
    *("asyncio", "contextlib", "time", "__future__", "itertools", "inspect", "math", "copy", "types", "decimal"),
}
"""Packages that say nothing of what a function of a web application is for."""


class Purpose(NamedTuple):
    """A function or a class; ``kind`` is that of the component it is, else `function` or `class`."""

    id: str
    kind: str
    is_class: bool
    path: str
    line: int
    name: str
    qualname: str
    summary: str
    takes: tuple[str, ...]
    """The parameters it needs, or a class's fields."""
    libraries: tuple[str, ...]
    """Packages of other people that it uses: `jwt`, `bcrypt`, `smtplib`."""
    route: str
    """The path that it answers, as its decorator says it."""
    gives: str
    """What a function is annotated to return; "" where nothing is said."""
    does: bool
    """A function, or a class that is there for what its methods do."""
    says: str = ""
    """The numbers (see :func:`~fastapi_expert.codebase.syntax.shape.name_number`) of the names that a function's body
    asks other things for, or of a class's fields: packed, in hexadecimal digits."""


class Described(NamedTuple):
    """A purpose with the words by which it is found, by part (see :data:`fastapi_expert.find.index.PARTS`)."""

    purpose: Purpose
    parts: Mapping[str, Sequence[str]]


def purposes_of(codebase: "Codebase") -> list[Described]:
    """What everything in ``codebase`` is for; tests, generated code and what is nested are left out."""
    tops = {path.partition("/")[0].removesuffix(".py") for path in codebase.files} | {codebase.root.name, "src"}
    kinds = codebase.kinds
    return [
        one
        for path, facts in codebase.files.items()
        if not is_test_path(path) and not is_foreign(facts)
        for one in described(facts, kinds=kinds, own=tops)
    ]


def described(
    facts: FileFacts, *, kinds: Mapping[tuple[str, str], str], own: Collection[str] = (), but: Collection[str] = ()
) -> Iterator[Described]:
    """What the functions and classes of one file are for, but for those with a qualname in ``but``; ``own`` are the
    first names of the project's own modules."""
    silent = {*own, *_EVERYWHERE}
    imported = {
        one.alias or one.name or one.module.partition(".")[0]: one.module
        for one in facts.imports
        if not one.module.startswith(".") and one.module.partition(".")[0] not in silent
    }
    classes = {one.qualname for one in facts.classes}
    for function in facts.functions:
        is_nested = function.parent and function.parent not in classes
        if not is_nested and not function.name.startswith("__") and function.qualname not in but:
            yield _function(facts.path, function, imported, kinds.get((facts.path, function.qualname), "function"))
    for one in facts.classes:
        if not one.parent and one.qualname not in but:
            yield _class(facts.path, one, kinds.get((facts.path, one.qualname), "class"))


def _function(path: str, facts: FunctionFacts, imported: Mapping[str, str], kind: str) -> Described:
    libraries = [imported[name].partition(".")[0] for name in facts.names if name in imported]
    takes = tuple([one.name for one in facts.params if one.name not in _INJECTED and not _is_injected(one.default)])
    summary = _summary(facts.docstring)
    purpose = Purpose(
        f"{kind}:{path}::{facts.qualname}",
        kind,
        False,
        path,
        facts.line,
        facts.name,
        facts.qualname,
        summary,
        takes,
        tuple(dict.fromkeys(libraries)),
        next((route for decorator in facts.decorators if (route := _route(decorator))), ""),
        facts.returns,
        True,
        facts.shape.names.hex(),
    )
    types = " ".join([*[one.annotation for one in facts.params], facts.returns])
    return Described(
        purpose,
        {
            **_named(facts.name, path, facts.owner),
            "summary": ideas(summary),
            "route": words(purpose.route),
            "fields": words(" ".join(takes)),
            "types": words(f"{types} {' '.join(libraries)}"),
        },
    )


def _is_injected(default: str) -> bool:
    return default.startswith(("Depends(", "Security(", "fastapi.Depends("))


def _route(decorator: ir.Expr) -> str:
    """The path, when it is a route's decorator; else ""."""
    call = ir.match(decorator, ir.Call)
    if call is None or not call.args or decorator_name(decorator).rpartition(".")[2] not in ROUTE_DECORATORS:
        return ""
    path = ir.match(call.args[0], ir.Text)
    return path.value if path is not None else ""


def _class(path: str, facts: ClassFacts, kind: str) -> Described:
    takes = tuple([one.name for one in facts.fields if one.annotation and not one.name.startswith("_")])
    summary = _summary(facts.docstring)
    methods = [name.rpartition(".")[2] for name in facts.methods]
    purpose = Purpose(
        f"{kind}:{path}::{facts.qualname}",
        kind,
        True,
        path,
        facts.line,
        facts.name,
        facts.qualname,
        summary,
        takes or tuple(name for name in methods if not name.startswith("_")),
        (),
        "",
        "",
        not takes and any(not name.startswith("_") or name == "__call__" for name in methods),
        array("I", sorted({name_number(name) for name in takes})).tobytes().hex(),
    )
    return Described(
        purpose,
        {
            **_named(facts.name, path, ""),
            "summary": ideas(summary),
            "fields": words(" ".join([*takes, *methods])),
            "types": words(" ".join(facts.bases)),
        },
    )


def _named(name: str, path: str, owner: str) -> dict[str, Sequence[str]]:
    found = words(name)
    one_idea = [word for word in ideas(name) if word not in found]
    folder, _, file = path.rpartition("/")
    return {
        "name": [*found, *compounds(found), *one_idea],
        "owner": words(owner),
        "path": [*words(file.removesuffix(".py")), *words(folder.rpartition("/")[2])],
    }


def _summary(docstring: str) -> str:
    return docstring.strip().partition("\n\n")[0].replace("\n", " ").strip()[:200]
