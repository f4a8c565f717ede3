"""Whose fault is it? What stands on a new line is the change's. What stands on an old one is only if it is new there:
the same tool, run on the file as it was before, must not have found it."""

from collections import Counter
from collections.abc import Callable, Sequence

from fastapi_expert.gate.changes import WHOLE, Changes
from fastapi_expert.gate.model import Finding
from fastapi_expert.gate.tree import Tree

Identity = tuple[str, str, str, str]


def brought_in(
    found: Sequence[Finding],
    changes: Changes,
    tree: Tree,
    before: Callable[[tuple[str, ...]], tuple[Tree, Sequence[Finding]] | None],
) -> list[Finding]:
    """Those of ``found`` that ``changes`` brought in. ``before`` runs the tool on files as they were; it is asked only
    for files with a finding on an old line."""
    if changes.scope == "all":
        return list(found)
    sure = [finding for finding in found if changes.is_new(finding.path, finding.line, finding.end_line)]
    doubtful = [finding for finding in found if not changes.is_new(finding.path, finding.line, finding.end_line)]
    files = tuple(sorted({finding.path for finding in doubtful if changes.present.get(finding.path) != WHOLE}))
    earlier = before(files) if files else None
    if earlier is None:
        return list(found)
    old_tree, old = earlier
    known = Counter(identity(finding, old_tree) for finding in old)
    kept: list[Finding] = []
    for finding in doubtful:
        mark = identity(finding, tree)
        if known[mark] > 0:
            known[mark] -= 1
        else:
            kept.append(finding)
    return sure + kept


def identity(finding: Finding, tree: Tree) -> Identity:
    """What a finding keeps when the lines around it move: rule, message without numbers, the text it points at."""
    message = "".join(character for character in finding.message if not character.isdigit())
    lines = tree.lines(finding.path)[finding.line - 1 : finding.end_line]
    return finding.path, finding.rule, message, finding.text or "\n".join(line.strip() for line in lines)
