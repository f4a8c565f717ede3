"""FX808: An HTTP client made with each request and never closed."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.blocking import runs_at_start
from fastapi_expert.review.flow.modules import dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.running import running
from fastapi_expert.review.model import Finding, Rule

_HTTP_CLIENTS = re.compile(r"httpx2?\.(?:Async)?Client|aiohttp\.ClientSession|requests\.(?:sessions\.)?[Ss]ession")


def client_dropped(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in running(project).values():
        if runs_at_start(function):
            continue
        closed = {
            dotted(n.value)
            for n in function.nodes
            if isinstance(n, tree.Attribute) and n.attr in ("close", "aclose", "__aexit__")
        }
        entered = {id(item.context_expr) for n in function.nodes if isinstance(n, tree.With) for item in n.items}
        handed = {dotted(n.value) for n in function.nodes if isinstance(n, tree.Return)}
        handed |= {
            item.context_expr.id
            for n in function.nodes
            if isinstance(n, tree.With)
            for item in n.items
            if isinstance(item.context_expr, tree.Name)
        }
        handed |= {dotted(one) for call in function.calls for one in (*call.args, *[k.value for k in call.keywords])}
        for name, bound in project.kinds.bindings(function).items():
            for one in bound:
                if not isinstance(one.value, tree.Call) or id(one.value) in entered or name in closed | handed:
                    continue
                if _HTTP_CLIENTS.fullmatch(project.kinds.external(function.path, one.value.func, function)):
                    yield rule.at(
                        function.path,
                        one.value.lineno,
                        "a client for every request, which nothing closes: connections pile up until they are "
                        "collected",
                        "one client for the life of the application, or `async with`",
                    )


RULE = Rule(
    "FX808",
    "client for every request",
    "An HTTP client made with each request and never closed",
    "loop",
    3,
    client_dropped,
    alone=True,
)
