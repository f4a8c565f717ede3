"""What no tool of the project asks by default: annotations on every function, a reason behind every ignored type error.

Tests and nested functions need no annotations, nor does an endpoint's return when its route states `response_model`.
"""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax.facts import FunctionFacts
from fastapi_expert.codebase.syntax.reader import read_source
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.gate.model import Finding

_IGNORE = re.compile(r"#\s*(type|pyright):\s*ignore\b(\[[^\]]*\])?")
_DIRECTIVE = re.compile(r"#\s*(?:noqa|nosec|fmt|pragma|type|pyright|ruff|isort|pylint|mypy)\b[^#]*")


def annotation_findings(source: bytes, path: str) -> list[Finding]:
    """The findings in one file."""
    facts = read_source(source, path)
    found = list(_unexplained(source, path))
    if not facts.generated and not is_test_path(path) and not path.endswith(".pyi"):
        found += [finding for function in facts.functions if (finding := _unannotated(function, path))]
    return found


def _unannotated(function: FunctionFacts, path: str) -> Finding | None:
    if function.parent and function.parent != function.owner:  # nested: its types are inferred
        return None
    params = function.params[1:] if _has_self(function) else function.params
    missing = [param.name for param in params if not param.annotation and param.name and not param.name.startswith("_")]
    wants_return = (
        not function.returns and function.name != "__init__" and "response_model" not in repr(function.decorators)
    )
    if not missing and not wants_return:
        return None
    what = [f"parameter{'s' if len(missing) > 1 else ''} {', '.join(missing)}"] if missing else []
    what += ["the return value"] if wants_return else []
    message = f"{function.qualname} has no annotation for {' and '.join(what)}"
    return Finding("annotations", "missing-annotation", path, function.line, function.line, message)


def _has_self(function: FunctionFacts) -> bool:
    return bool(function.owner and function.params) and "staticmethod" not in repr(function.decorators)


def _unexplained(source: bytes, path: str) -> Iterator[Finding]:
    if b"ignore" not in source:
        return
    for line, comment in _comments(source):
        match = _IGNORE.search(comment)
        if match is None:
            continue
        reason = _DIRECTIVE.sub("", comment[match.end() :])
        if not re.search(r"[^\W\d_]{3}", reason):
            directive = match[0].lstrip("# ")
            message = f"`{directive}` without a reason: say why behind it, as in `# {directive}  # the stubs are wrong`"
            yield Finding("ignores", "unexplained-ignore", path, line, line, message)


def _comments(source: bytes) -> Iterator[tuple[int, str]]:
    """(line, text) of each comment; tree-sitter tells a comment from a string, whatever the Python version."""
    import tree_sitter_python
    from tree_sitter import Language, Parser, Query, QueryCursor

    language = Language(tree_sitter_python.language())
    root = Parser(language).parse(source).root_node
    captured = QueryCursor(Query(language, "(comment) @c")).captures(root)
    for node in sorted(captured.get("c", ()), key=lambda node: node.start_byte):
        yield node.start_point[0] + 1, (node.text or b"").decode(errors="replace")
