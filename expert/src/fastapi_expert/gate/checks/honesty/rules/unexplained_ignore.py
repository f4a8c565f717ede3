"""FX625: a finding of a tool is silenced in place, and no word says why that is right."""

import re
from collections import Counter
from collections.abc import Iterator

from fastapi_expert.codebase.syntax.parsing import as_utf8, language, parse, refused
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.gate.checks.honesty.change import Change
from fastapi_expert.gate.checks.honesty.finding import Confidence, Finding
from fastapi_expert.gate.checks.honesty.model import Rule

_DIRECTIVE = re.compile(
    r"#\s*(?P<what>(?:flake8|ruff):\s*noqa|noqa|type:\s*ignore|pyright:\s*ignore|pyright:\s*basic|mypy:\s*ignore-errors"
    r"|mypy:\s*disable-error-code|ty:\s*ignore|pragma:\s*no\s*(?:cover|branch)|nosec|pylint:\s*(?:disable|skip-file)"
    r"|pyrefly:\s*ignore)"
    r"(?P<codes>\s*[:=]\s*[A-Za-z][\w, -]*|\s*\[[^\]]*\])?(?P<rest>.*)",
    re.IGNORECASE,
)
_HIDES = re.compile(r"\b(?:F8\d\d|F6\d\d|S\d+|B\d{3}|BLE\d+|E9\d\d|TRY\d+|ASYNC\d+|PLE\d+)\b")
"""Rules about what goes wrong; those of style name what they are about, and that is said by their code."""
_HABIT = 3
"""So many in a file are how its team writes."""
_WHOLE_FILE = re.compile(r"flake8|ruff|ignore-errors|skip-file|basic|disable-error-code")
_ANOTHER = re.compile(r"#\s*(?:noqa|type|pyright|pragma|nosec|pylint|ruff|mypy|fmt)\b[^#]*", re.IGNORECASE)


def unexplained_ignore(change: Change, rule: Rule) -> Iterator[Finding]:
    for path in change.revisions.python:
        old, new = change.revisions.old(path), change.revisions.new(path)
        if new is None:
            continue
        found = list(_directives(new))
        if not found:
            continue
        before = Counter(what for what, *_ in _directives(old or b""))
        habit = before.total() >= _HABIT
        for what, line, comment, blanket, explained in found:
            if before[what] > 0:
                before[what] -= 1
                continue
            whole = _WHOLE_FILE.search(what) is not None
            if explained or old is None or (habit and not whole) or (is_test_path(path) and not (blanket or whole)):
                continue
            is_coded = not blanket and not whole
            if "noqa" in what and not blanket and not _HIDES.search(comment):
                continue
            is_style = "flake8" in what or "ruff" in what  # in a file that is rebuilt, no sign of what it hides
            sure: Confidence = "certain" if whole and not is_style else change.confidence
            # which rule it silences is said: of a type that is known to be right, as of a style
            names_itself = is_coded and ("noqa" in what or "ignore" in what)
            is_new = any(line in lines for lines in change.new_definitions(path))  # it hides nothing that was seen
            is_measured = "pragma" not in what  # how much has to be covered is said by a threshold of its own
            doubted = is_test_path(path) or names_itself or change.moves_libraries or is_new or not is_measured
            confidence: Confidence = "likely" if doubted and not whole else sure
            yield rule.at(
                path,
                line,
                f"`{comment}` silences {'the whole file' if whole else 'a tool'}, and no word says why",
                "mend what the tool says; where it is wrong, name its rule and say why behind it",
                confidence=confidence,
            )


def _directives(source: bytes) -> Iterator[tuple[str, int, str, bool, bool]]:
    """Kind, line, text, whether it names no rule, and whether it says why, of each comment that silences a tool."""
    if refused(source) or not re.search(rb"noqa|ignore|pragma|nosec|pylint|pyright|mypy", source):
        return
    from tree_sitter import Query, QueryCursor

    captured = QueryCursor(Query(language(), "(comment) @c")).captures(parse(as_utf8(source)))
    for node in sorted(captured.get("c", ()), key=lambda node: node.start_byte):
        comment = (node.text or b"").decode("utf-8", "replace")
        for match in _DIRECTIVE.finditer(comment):
            what = re.sub(r"\s+", "", match["what"].lower())
            reason = _ANOTHER.sub("", match["rest"]).strip("# -:—()")
            before = comment[: match.start()].strip("# ")
            explained = bool(re.search(r"[^\W\d_]{3}", reason) or re.search(r"[^\W\d_]{3}.*\s.*[^\W\d_]{3}", before))
            blanket = not match["codes"] and not what.startswith("pylint")
            yield what, node.start_point[0] + 1, comment[:60], blanket, explained


RULE = Rule(
    "FX625",
    "unexplained ignore",
    "A finding of a tool is silenced in place (`noqa`, `type: ignore`, `no cover`), and no word says why",
    unexplained_ignore,
)
