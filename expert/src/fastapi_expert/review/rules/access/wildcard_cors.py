"""FX912: CORS that allows every origin together with cookies."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import argument, last_name
from fastapi_expert.review.flow.modules import is_constant, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.access.values import texts_in, value_of


def wildcard_cors(project: Project, rule: Rule) -> Iterator[Finding]:
    for path in project.paths():
        if b"CORSMiddleware" not in project.modules.source(path):
            continue
        nodes = list(tree.walk(project.module(path).root))
        developing = {id(inner) for one in nodes for inner in _while_developing(one)}
        for call in [n for n in nodes if isinstance(n, tree.Call) and id(n) not in developing]:
            if last_name(call) not in ("add_middleware", "Middleware", "CORSMiddleware"):
                continue
            if (
                last_name(call) != "CORSMiddleware"
                and last_name(argument(call, 0, "middleware_class")) != "CORSMiddleware"
            ):
                continue
            origins, pattern = keyword(call, "allow_origins"), keyword(call, "allow_origin_regex")
            if not is_constant(value_of(project, path, keyword(call, "allow_credentials")), True):
                continue
            wild = "*" in texts_in(project, path, origins) or any(
                one in (".*", "^.*$", ".+", "^.*", ".*$", r"https?://.*", "^https?://.*$")
                for one in texts_in(project, path, pattern)
            )
            if wild and _uses_cookies(project, path):
                yield rule.at(
                    path,
                    call.lineno,
                    "every site may read answers with the user's cookies: Starlette sends the caller's own origin back",
                    "name the origins",
                    end_line=call.lineno,
                )
            elif wild:
                yield rule.at(
                    path,
                    call.lineno,
                    "the day a cookie says who is calling, every site may read answers with it",
                    "name the origins, or leave `allow_credentials` out: nothing here uses cookies",
                    end_line=call.lineno,
                    severity=2,
                    confidence="likely",
                )


_DEVELOPING = re.compile(r"(?<!not )(?:\b|_)(?:dev|debug|local|development)(?:\b|_)", re.IGNORECASE)


def _while_developing(node: tree.Node) -> Iterator[tree.Node]:
    """What runs only under `if settings.environment == "development"`."""
    if isinstance(node, tree.If) and "!=" not in node.test.text and _DEVELOPING.search(node.test.text):
        for statement in node.body:
            yield from tree.walk(statement)


_COOKIES = re.compile(
    rb"set_cookie|delete_cookie|(?:request|websocket|conn|connection)\.cookies|\bCookie\(|SessionMiddleware|APIKeyCookie"
    rb"|HTTPBasic\b|CookieTransport|set_access_cookies"
)


def _uses_cookies(project: Project, path: str) -> bool:
    """Whether the application reads or sends what a browser adds to requests by itself.

    The file that makes an application has the rest of it in its folder and below; a repository may hold several.
    """
    makes = b"FastAPI(" in project.modules.source(path)
    folder = path.rpartition("/")[0] + "/" if makes and "/" in path else ""
    others = [one for one in project.all_paths() if one.startswith(folder)]
    return any(_COOKIES.search(project.modules.source(one)) for one in others)


RULE = Rule(
    "FX912",
    "every origin with credentials",
    "CORS that allows every origin together with cookies",
    "access",
    1,
    wildcard_cors,
    alone=True,
)
