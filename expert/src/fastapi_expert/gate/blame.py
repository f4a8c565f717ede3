"""Whose fault is it? A finding is the change's when the same tool, run on the file as it was before, has not found it.

Lines do not decide: an edit in one line can break another, and an old fault stays old when its line is moved.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from fastapi_expert.gate.model import Finding
from fastapi_expert.gate.tree.changes import WHOLE, Changes
from fastapi_expert.gate.tree.content import Tree

Identity = tuple[str, ...]


def brought_in(
    found: Sequence[Finding], changes: Changes, tree: Tree, before: Callable[[list[str]], Iterable[Identity]]
) -> list[Finding]:
    """Those of ``found`` in ``tree`` that ``changes`` brought in. ``before`` says what there was in files as they were;
    it is asked only for files that are not new and have a finding now."""
    if changes.scope == "all":
        return list(found)
    files = sorted({finding.path for finding in found if changes.present.get(finding.path) != WHOLE})
    known = Counter(before(files) if files else ())
    kept: list[Finding] = []
    for finding in found:
        mark = identity(finding, tree.lines(finding.path))
        if known[mark] > 0:
            known[mark] -= 1
        else:
            kept.append(finding)
    return kept


def identity(finding: Finding, lines: Sequence[str]) -> Identity:
    """What a finding keeps when the ``lines`` around it move: path, rule, message without numbers, and the text that it
    points at."""
    message = "".join(character for character in finding.message if not character.isdigit())
    text = finding.text or "\n".join(line.strip() for line in lines[finding.line - 1 : finding.end_line])
    return finding.path, finding.rule, message, text
