"""FX911: A password or key in the query, the path or the log."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.running import APART
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.access.secrets import LOGGING
from fastapi_expert.review.rules.access.values import value_of

_PASSWORDS = re.compile(
    r"(?:\w+_)?(?:password|passwd|passphrase)|(?:client|api|webhook|jwt)_secret|secret_key|api_key|apikey|private_key"
)


def secret_in_address(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.endpoints:
        if _is_websocket(function):  # a browser can give it no headers
            continue
        needed = {need.parameter for need in project.kinds.needs(function)}
        for one in [*function.node.args.args, *function.node.args.kwonlyargs]:
            if not _PASSWORDS.fullmatch(one.arg) or one.arg in needed:
                continue
            where = _place_of(project, function, one)
            if where in ("query", "path"):
                yield rule.at(
                    function.path,
                    one.lineno,
                    f"`{one.arg}` is part of the address: it stands in access logs, histories and Referer headers",
                    "take it from the body (`Form()`, a schema) or a header",
                )
    for function in project.functions("log"):
        for call in () if APART.search(function.path) else function.calls:
            if not isinstance(call.func, tree.Attribute) or call.func.attr not in LOGGING:
                continue
            if "log" not in dotted(call.func.value).lower():
                continue
            parts = [n for arg in call.args for n in _shown(arg)]
            if any(
                _PASSWORDS.fullmatch(last_name(n))
                and not last_name(n).startswith(("hashed", "has_", "is_"))
                and not _is_file(function, n)
                and not _is_first_login(project, function, n)
                for n in parts
            ):
                yield rule.at(
                    function.path, call.lineno, "the log keeps the secret in plain text", "log who, not with what"
                )
                break


def _is_file(function: Function, name: tree.Expression) -> bool:
    """Whether a function asks it what only a file's path answers: `private_key.exists()`."""
    return any(
        isinstance(n, tree.Attribute)
        and n.attr in ("exists", "is_file", "read_text", "read_bytes", "open", "resolve", "parent")
        and dotted(n.value) == dotted(name)
        for n in function.nodes
    )


_MADE_UP = re.compile(r"(?:generated?|random|default|initial|temp(?:orary)?|first)_?\w*", re.IGNORECASE)
_MAKES = re.compile(r"token_\w+|\w*(?:generate|random|uuid4|censor|mask|redact|obfuscate|hide)\w*|join", re.IGNORECASE)


def _is_first_login(project: Project, function: Function, name: tree.Expression) -> bool:
    """Whether it is what a program made up and has to tell somebody once, or has been made unreadable."""
    if _MADE_UP.match(last_name(name)):
        return True
    bound = project.kinds.bindings(function).get(name.id, []) if isinstance(name, tree.Name) else []
    return any(isinstance(one.value, tree.Call) and _MAKES.fullmatch(last_name(one.value)) for one in bound)


def _is_websocket(function: Function) -> bool:
    return any(last_name(one) in ("websocket", "websocket_route") for one in function.node.decorator_list)


def _shown(node: tree.Expression) -> Iterator[tree.Expression]:
    """The names and attributes that end up in a message as they are."""
    if isinstance(node, tree.Name | tree.Attribute):
        yield node
    elif isinstance(node, tree.JoinedStr):
        for one in node.values:
            if isinstance(one, tree.FormattedValue):
                yield from _shown(one.value)


def _place_of(project: Project, function: Function, one: tree.Arg) -> str:
    """Where FastAPI reads a plain parameter from: `query`, `path`, or empty for the body and what is not plain."""
    default = value_of(project, function.path, function.defaults.get(one.arg))
    if isinstance(default, tree.Name | tree.Attribute):  # an object from elsewhere: `Header(…)` under a name
        return ""
    parts = [one.annotation, default]
    for node in [n for part in parts if part is not None for n in tree.walk(part)]:
        if isinstance(node, tree.Call):
            name = project.kinds.external(function.path, node.func).rpartition(".")[2] or last_name(node)
            if name in ("Body", "Form", "Header", "Cookie", "File", "Depends", "Security"):
                return ""
    annotation = one.annotation
    if isinstance(annotation, tree.Subscript) and last_name(annotation.value) in ("Annotated", "Optional"):
        annotation = annotation.slice.elts[0] if isinstance(annotation.slice, tree.Tuple) else annotation.slice
    if isinstance(annotation, tree.BinOp):
        annotation = annotation.left
    if annotation is not None and dotted(annotation) not in ("str", "bytes", "SecretStr"):
        return ""
    return "query"


RULE = Rule(
    "FX911",
    "secret in address or log",
    "A password or key in the query, the path or the log",
    "access",
    1,
    secret_in_address,
    alone=True,
)
