"""FX918: A redirect, page, template or pattern that the caller writes."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import argument, last_name
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.taint import is_callers_text
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.access.files import mentions

_SHOWING = frozenset(
    [
        "RedirectResponse",
        "HTMLResponse",
        "Template",
        "from_string",
        "search",
        "match",
        "compile",
        "fullmatch",
        "findall",
        "sub",
    ]
)


def callers_page(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions(
        "RedirectResponse", "HTMLResponse", "Template", "from_string", "re.", "import re"
    ):
        for call in function.calls:
            name = last_name(call)
            if name not in _SHOWING:
                continue
            first = argument(call, 0, {"RedirectResponse": "url", "HTMLResponse": "content"}.get(name, ""))
            if first is None:
                continue
            if name == "RedirectResponse" and not mentions(
                function, frozenset({"startswith", "urlparse", "urlsplit", "netloc", "hostname"})
            ):
                start = _start_of(first)
                if start is None or not is_callers_text(project, function, start):
                    continue
                yield rule.at(
                    function.path,
                    call.lineno,
                    "a link to this site leads wherever its writer likes: good for phishing",
                    "keep a table of places, or take only paths that begin with one `/`",
                )
            elif (
                name == "HTMLResponse"
                and isinstance(first, tree.JoinedStr | tree.BinOp | tree.Name)
                and is_callers_text(project, function, first)
                and not _is_known(project, function, first)
            ):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "what the caller sends is part of the page: their script runs as the user",
                    "`html.escape(…)`, or a template",
                )
            elif name in ("Template", "from_string") and is_callers_text(project, function, first):
                owner = dotted(call.func).rpartition(".")[0].lower()
                if (name == "from_string" and re.search("env|jinja|template", owner)) or project.kinds.external(
                    function.path, call.func, function
                ).startswith("jinja2"):
                    yield rule.at(
                        function.path,
                        call.lineno,
                        "the caller writes the template: it runs what they like on the server",
                        "a template of your own, their text as data",
                    )
            elif project.kinds.external(function.path, call.func, function) in (
                "re.search",
                "re.match",
                "re.compile",
                "re.fullmatch",
                "re.findall",
                "re.sub",
            ) and is_callers_text(project, function, first):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "a pattern of the caller's may take minutes on a short text, and holds the worker meanwhile",
                    "`re.escape(…)`, or a search without patterns",
                )


def _is_known(project: Project, function: Function, page: tree.Expression) -> bool:
    """Whether every parameter in a page was looked up above, and refused where nothing was found by it."""
    if isinstance(page, tree.Name):
        bound = project.kinds.bindings(function).get(page.id, [])
        page = bound[0].value if len(bound) == 1 else page
    used = {n.id for n in tree.walk(page) if isinstance(n, tree.Name)} & function.parameters.keys()
    refused = {
        n.id
        for one in function.nodes
        if isinstance(one, tree.If) and one.body and isinstance(one.body[-1], tree.Raise | tree.Return)
        for n in tree.walk(one.test)
        if isinstance(n, tree.Name)
    }
    looked_up = {
        given.id
        for name in refused
        for bound in project.kinds.bindings(function).get(name, [])
        for given in tree.walk(bound.value)
        if isinstance(given, tree.Name)
    }
    return bool(used) and used <= looked_up


def _start_of(node: tree.Expression) -> tree.Expression | None:
    """The part that says where a URL leads: None when it begins with text of our own."""
    if isinstance(node, tree.JoinedStr):
        parts = list(node.values)
        if parts and isinstance(parts[0], tree.Constant) and re.fullmatch(r"(?:https?:)?//", str(parts[0].value)):
            parts = parts[1:]
        return parts[0].value if parts and isinstance(parts[0], tree.FormattedValue) else None
    if isinstance(node, tree.BinOp):
        return _start_of(node.left) if not isinstance(node.left, tree.Constant) else None
    return node


RULE = Rule(
    "FX918",
    "caller's address or page",
    "A redirect, page, template or pattern that the caller writes",
    "access",
    1,
    callers_page,
    also=r"S701|B701",
    alone=True,
)
