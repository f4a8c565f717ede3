"""FX411: `Depends(f())`: what is called is no dependency."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Edit, Finding, Rule


def depends_of_call(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for path in project.paths():
        if b"Depends(" not in project.modules.source(path):
            continue
        for call in [n for n in tree.walk(project.module(path).root) if isinstance(n, tree.Call)]:
            if (
                last_name(call) not in ("Depends", "Security")
                or not call.args
                or not isinstance(call.args[0], tree.Call)
            ):
                continue
            inner = call.args[0]
            target = project.kinds.callee(path, inner)
            if isinstance(target, Function) and id(call) not in seen and _gives_no_callable(target):
                seen.add(id(call))
                yield rule.at(
                    path,
                    call.lineno,
                    f"`{target.name}()` is called when the module is imported, and what it gives is not a "
                    "dependency: TypeError",
                    f"`Depends({dotted(inner.func)})`",
                    fix=_not_called(path, inner),
                )


def _not_called(path: str, call: tree.Call) -> tuple[Edit, ...]:
    """Without the parentheses, where nothing stands in them."""
    parentheses = call.file.source[call.func.end : call.end].decode()
    return (Edit(path, call.func.end, call.end, parentheses, ""),) if re.fullmatch(r"\s*\(\s*\)", parentheses) else ()


def _gives_no_callable(function: Function) -> bool:
    if function.is_async or function.yields:
        return True
    returned = [n.value for n in function.nodes if isinstance(n, tree.Return)]
    plain = (tree.Dict, tree.List, tree.Tuple, tree.Set, tree.Constant, tree.JoinedStr, tree.Compare, tree.BinOp)
    return bool(returned) and all(isinstance(one, plain) for one in returned)


RULE = Rule(
    "FX411",
    "dependency that is called",
    "`Depends(f())`: what is called is no dependency",
    "routes",
    2,
    depends_of_call,
    also=r"B008",
    alone=True,
)
