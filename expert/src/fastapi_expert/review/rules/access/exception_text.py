"""FX920: `str(error)` of any exception, or a traceback, in an answer."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import argument, last_name
from fastapi_expert.review.flow.modules import Function, dotted, is_constant
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule

_BROAD = frozenset({"Exception", "BaseException"})


def exception_text(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("HTTPException", "JSONResponse", "PlainTextResponse"):
        if answers_nobody(function):
            continue
        for node in function.nodes:
            if isinstance(node, tree.Try):
                broad = next((one for one in node.handlers if one.type is None or last_name(one.type) in _BROAD), None)
                if broad is not None and not _reads_what_was_sent(node):  # none behind it is ever reached
                    yield from _told(rule, function, [n for s in broad.body for n in tree.walk(s)], broad.name or "")
        handled = [
            argument(one, 0, "exc_class_or_status_code")
            for one in function.node.decorator_list
            if isinstance(one, tree.Call) and last_name(one) == "exception_handler"
        ]
        if (
            any(last_name(one) in _BROAD or is_constant(one, 500) for one in handled)
            and len(function.node.args.args) > 1
        ):
            yield from _told(rule, function, list(function.nodes), function.node.args.args[1].arg)


_READING = re.compile(
    r"DataFrame|read_(?:csv|excel|parquet|json|feather)|b(?:16|32|64|85)decode|loads?|safe_load|fromisoformat|strptime"
)


def _reads_what_was_sent(node: tree.Try) -> bool:
    """`try: return read_csv(StringIO(text))`: what goes wrong is the caller's own text."""
    if len(node.body) != 1 or not isinstance(node.body[0], tree.Return | tree.Assign):
        return False
    value = node.body[0].value
    return isinstance(value, tree.Call) and _READING.fullmatch(last_name(value)) is not None


_DEVELOPMENT = re.compile(r"debug|dev(?:elop\w*)?\b|is_dev|local|environment|\benv\b|is_prod|production", re.IGNORECASE)


def answers_nobody(function: Function) -> bool:
    """Whether it serves a WebSocket, whose caller no HTTPException reaches."""
    return any(last_name(one.annotation) == "WebSocket" for one in function.parameters.values())


def _told(rule: Rule, function: Function, nodes: list[tree.Node], name: str) -> Iterator[Finding]:
    for node in nodes:
        if not isinstance(node, tree.Call) or last_name(node) not in (
            "HTTPException",
            "JSONResponse",
            "PlainTextResponse",
        ):
            continue
        status = [
            n.value
            for one in [*node.args, *[k.value for k in node.keywords]]
            for n in [one]
            if isinstance(n, tree.Constant)
        ]
        given = [*node.args, *[k.value for k in node.keywords if k.arg != "headers"]]
        shown = any(_is_error_text(one, name) for one in given)
        if any(_DEVELOPMENT.search(test.text) for test in function.conditions(node)):
            continue
        if shown and not any(isinstance(code, int) and code in (401, 404) for code in status):
            yield rule.at(
                function.path,
                node.lineno,
                "what went wrong inside is told to the caller: paths, SQL, addresses of other services",
                "log it, and answer a plain sentence",
            )
            return


def _is_error_text(node: tree.Node, name: str) -> bool:
    hidden = {
        id(part)
        for one in tree.walk(node)
        if isinstance(one, tree.IfExp) and _DEVELOPMENT.search(one.test.text)
        for part in tree.walk(one)
    }
    for one in tree.walk(node):
        if id(one) in hidden:
            continue
        if isinstance(one, tree.Call) and last_name(one) in ("format_exc", "format_exception", "print_exc"):
            return True
        if (
            name
            and isinstance(one, tree.Call)
            and dotted(one.func) in ("str", "repr")
            and one.args
            and dotted(one.args[0]) == name
        ):
            return True
        if name and isinstance(one, tree.FormattedValue) and dotted(one.value) == name:
            return True
    return False


RULE = Rule(
    "FX920",
    "exception told to the caller",
    "`str(error)` of any exception, or a traceback, in an answer",
    "access",
    2,
    exception_text,
    alone=True,
)
