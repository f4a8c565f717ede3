"""FX915: An upload written under the name that the caller gave."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.taint import follows
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.access.files import files_opened, holds_inside


def uploads_own_name(project: Project, rule: Rule) -> Iterator[Finding]:
    def source(function: Function, node: tree.Expression) -> bool:
        if not (isinstance(node, tree.Attribute) and node.attr == "filename"):
            return False
        kind = project.kinds.of(function.path, node.value, function)
        return kind.endswith(".UploadFile")

    for function in project.functions("filename"):
        if holds_inside(function) or _is_flattened(function):
            continue
        for call, opened in files_opened(project, function):
            if follows(project, function, opened, source, segments=True):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "the caller chooses where the file is written: `../` in its name leads out of the folder",
                    "a name of your own (`uuid4().hex`), the caller's only as data",
                )
                break


_SLASHES = frozenset({"/", "\\"})


def _is_flattened(function: Function) -> bool:
    """`name.replace("/", "_")`, or a pattern that takes out what is no letter: no slash is left."""
    return any(
        last_name(call) in ("replace", "sub", "translate", "split", "rsplit", "rpartition")
        and any(
            isinstance(one, tree.Constant)
            and isinstance(one.value, str)
            and (one.value in _SLASHES or "[^" in one.value)
            for one in call.args[:1]
        )
        for call in function.calls
    )


RULE = Rule(
    "FX915",
    "upload's own name",
    "An upload written under the name that the caller gave",
    "access",
    1,
    uploads_own_name,
    alone=True,
)
