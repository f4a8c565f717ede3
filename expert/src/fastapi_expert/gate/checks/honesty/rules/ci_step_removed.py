"""FX629: what checked every change in CI, a Makefile, tox or nox does not any more, or may fail unnoticed."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.syntax.tree import dotted
from fastapi_expert.codebase.syntax.trees import read_tree
from fastapi_expert.gate.checks.honesty.change import Change
from fastapi_expert.gate.checks.honesty.finding import Finding, shortened
from fastapi_expert.gate.checks.honesty.model import Rule

_ADVICE = "put it back and mend what it finds; if another step does it, the commit says which: `Test-Change: reason`"
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "tests",
        re.compile(
            r"\b(?:pytest|py\.test|unittest|tox|nox|(?:make|just|task)\s+(?:\S+\s+)*test\w*|coverage\s+run|"
            r"hatch\s+(?:run\s+)?\S*test\S*|npm\s+(?:run\s+)?test\S*|test\.sh|tests-start\.sh|schemathesis)\b"
        ),
    ),
    (
        "types",
        re.compile(r"\b(?:mypy|pyright|basedpyright|pyrefly|ty\s+check|make\s+(?:\S+\s+)*(?:types?|typecheck|mypy))\b"),
    ),
    (
        "lint",
        re.compile(
            r"\b(?:ruff(?!\s+format)|flake8|pylint|pre-commit|prek|lint\.sh|make\s+(?:\S+\s+)*(?:lint|check)\w*|bandit)\b"
        ),
    ),
    ("contract", re.compile(r"\b(?:expert\s+(?:check|access|contract|review|duplicates))\b")),
)
_FORGIVEN = re.compile(r"\|\|\s*(?:true|:|exit 0|echo\b)|--exit-zero|;\s*true\s*$|\bset \+e\b|;\s*exit 0\s*$")
_CI = re.compile(
    r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$|(?:^|/)\.gitlab-ci\.ya?ml$|(?:^|/)\.circleci/config\.yml$|(?:^|/)azure-pipelines\.yml$|(?:^|/)bitbucket-pipelines\.yml$|(?:^|/)\.travis\.yml$"
)
_LOCAL = re.compile(
    r"(?:^|/)(?:Makefile|makefile|[Jj]ustfile|tox\.ini|noxfile\.py|Taskfile\.ya?ml)$|(?:^|/)(?:scripts|bin)/[^/]+\.(?:sh|bash)$|\.pre-commit-config\.ya?ml$"
)


def ci_step_removed(change: Change, rule: Rule) -> Iterator[Finding]:
    revisions = change.revisions
    for group in (_CI, _LOCAL):
        paths = [path for path in revisions.paths if group.search(path)]
        old = {path: _commands(path, revisions.old(path)) for path in paths}
        new = {path: _commands(path, revisions.new(path)) for path in paths}
        for path in paths:
            yield from _forgiven(path, old[path], new[path], revisions.new(path), rule)
        for kind, pattern in _KINDS:
            before = [(path, one) for path in paths for one in old[path] if pattern.search(one)]
            after = [(path, one) for path in paths for one in new[path] if pattern.search(one)]
            if before and len(after) < len(before) and (not after or _one_file(before, after)):
                path, text = next(((p, t) for p, t in before if (p, t) not in after), before[0])
                if any(_alike(text, other) for _, other in after):
                    continue
                gone = revisions.new(path) is None
                message = f"nothing runs `{_short(text)}` ({kind}) here any more"
                # where a part of the project moves or goes, what ran for it goes with it
                yield rule.at(path, 1, message, _ADVICE, is_gone=gone, confidence=change.confidence)


def _one_file(before: list[tuple[str, str]], after: list[tuple[str, str]]) -> bool:
    """Whether a file that ran this kind of check runs none of it any more."""
    return bool({path for path, _ in before} - {path for path, _ in after}) or len(before) > len(after)


def _alike(one: str, other: str) -> bool:
    """Whether both commands run the same program: other options are another matter."""
    return _program(one) == _program(other)


def _program(text: str) -> str:
    for _, pattern in _KINDS:
        if found := pattern.search(text):
            return found[0].split()[0]
    return text


def _forgiven(path: str, old: list[str], new: list[str], source: bytes | None, rule: Rule) -> Iterator[Finding]:
    """A step whose failing counts for nothing now."""
    before = Counter(one for one in old if _is_forgiven(one))
    for one in new:
        if not _is_forgiven(one) or not any(pattern.search(one) for _, pattern in _KINDS):
            continue
        if before[one] > 0:
            before[one] -= 1
            continue
        plain = _plain(one)
        if any(_plain(other) == plain or _alike(other, one) for other in old if not _is_forgiven(other)):
            yield rule.at(
                path, _line(source, plain), f"`{_short(plain)}` may fail unnoticed now (`{_short(one)}`)", _ADVICE
            )


_MARK = "  # may fail"


def _is_forgiven(command: str) -> bool:
    return _FORGIVEN.search(command) is not None or command.endswith(_MARK)


def _plain(command: str) -> str:
    return _FORGIVEN.sub("", command.removesuffix(_MARK)).strip()


def _commands(path: str, source: bytes | None) -> list[str]:
    """The commands in a file; those of steps that may fail are marked so, those that never run are left out."""
    if source is None:
        return []
    text = source.decode("utf-8", "replace").replace("\\\n", " ")
    if path.endswith(".py"):
        return list(_nox(source))
    if path.endswith((".yml", ".yaml")):
        import yaml

        try:
            return list(_steps(yaml.safe_load(text), forgiven=False))
        except yaml.YAMLError:
            return []
    lines = [_make(line) for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [part for line in lines for part in _parts(line)]


def _parts(line: str) -> list[str]:
    """The commands of one line: each as good as a line of its own; what excuses the last one stays with it."""
    mark = _MARK if line.endswith(_MARK) else ""
    parts = [part.strip() for part in re.split(r"&&", line.removesuffix(mark)) if part.strip()]
    return [part + mark for part in parts]


def _make(line: str) -> str:
    """A line of a recipe that begins with `-` may fail."""
    stripped = line.strip()
    if line.startswith("\t") and stripped.lstrip("@").startswith("-"):
        return stripped.lstrip("@-").strip() + _MARK
    return stripped.lstrip("@")


def _steps(node: Any, *, forgiven: bool) -> Iterator[str]:
    if isinstance(node, list):
        for one in cast("list[Any]", node):
            yield from _steps(one, forgiven=forgiven)
    elif isinstance(node, dict):
        table = cast("dict[str, Any]", node)
        if str(table.get("if", "")).strip("${} ").lower() == "false" or table.get("when") in ("never", "manual"):
            return
        lenient = forgiven or table.get("continue-on-error") is True or table.get("allow_failure") is True
        if "id" in table and "hooks" not in table and "run" not in table and isinstance(table["id"], str):
            yield table["id"] + (_MARK if lenient else "")
        for key, value in table.items():
            texts = cast("list[Any]", value) if isinstance(value, list) else [value]
            if key in ("run", "script", "before_script", "after_script", "command", "entry", "uses", "cmds") and all(
                isinstance(one, str) for one in texts
            ):
                for text in texts:
                    whole = str(text).replace("\\\n", " ")
                    weak = lenient or "set +e" in whole
                    for line in whole.splitlines():
                        if line.strip() and not line.lstrip().startswith("#"):
                            yield from _parts(line.strip() + (_MARK if weak else ""))
            else:
                yield from _steps(value, forgiven=lenient)


def _nox(source: bytes) -> Iterator[str]:
    for node in tree.walk(read_tree(source)):
        if isinstance(node, tree.Call) and dotted(node.func).endswith(".run"):
            words = [str(one.value) for one in node.args if isinstance(one, tree.Constant)]
            codes = any(one.arg == "success_codes" for one in node.keywords)
            yield " ".join(words) + (_MARK if codes else "")


def _line(source: bytes | None, command: str) -> int:
    first = command.split("  ")[0].encode()[:40]
    for number, line in enumerate((source or b"").splitlines(), start=1):
        if first and first in line:
            return number
    return 1


def _short(text: str) -> str:
    return shortened(text.removesuffix(_MARK))


RULE = Rule(
    "FX629",
    "check taken out of CI",
    "What checked every change in CI, a Makefile, tox or nox does not any more, or may fail unnoticed",
    ci_step_removed,
)
