"""FX915: An upload written under the name that the caller gave."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function, dotted
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
    given = {
        dotted(target)
        for node in function.nodes
        if isinstance(node, tree.Assign) and _names_it(node.value, set())
        for target in node.targets
    }
    return any(
        last_name(call) in ("replace", "sub", "translate", "rsplit", "rpartition")
        and any(isinstance(one, tree.Constant) and _takes_slashes(one.value) for one in call.args[:1])
        and _names_it(call, given)
        for call in function.calls
    )


def _takes_slashes(text: object) -> bool:
    return isinstance(text, str) and (text in _SLASHES or "[^" in text)


def _names_it(node: tree.Node, given: set[str]) -> bool:
    """Whether the upload's name is part of ``node``, itself or by a name that was given it."""
    return any(
        (isinstance(n, tree.Attribute) and n.attr == "filename") or (isinstance(n, tree.Name) and n.id in given)
        for n in tree.walk(node)
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
