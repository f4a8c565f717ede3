"""The tools of the gate: how each is called on a list of files and how its output is read.

Findings come in each tool's machine format where it has one; the formatters' come from their diffs, a change each.
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fastapi_expert.diff import Hunk, parse
from fastapi_expert.gate.checks.process import Broken, Output
from fastapi_expert.gate.model import Finding
from fastapi_expert.gate.tree.content import Tree

PROJECT = ("pyproject.toml", "setup.cfg", "setup.py", "requirements.txt")
"""What marks the folder of a project, the surest sign first."""


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a tool: in ``home``, on ``files`` (relative to ``tree.root``), with the project's ``python``."""

    tree: Tree
    home: Path
    files: tuple[str, ...]
    python: Path

    @property
    def paths(self) -> list[str]:
        """The files as the tool is given them, relative to ``home``; none can be taken for an option."""
        return [f"./{(self.tree.root / file).relative_to(self.home).as_posix()}" for file in self.files]

    def path(self, printed: str) -> str | None:
        """A path that the tool printed, relative to the root; None for a file that was not asked about."""
        found = self.tree.path(printed, self.home)
        return found if found in self.files else None


@dataclass(frozen=True, slots=True)
class Tool:
    """``homes`` mark the folder that it runs in. ``alone`` says that its findings in a file depend on no other file."""

    name: str
    package: str
    arguments: Callable[[Call], list[str]]
    read: Callable[[Output, Call], list[Finding]]
    homes: tuple[str, ...] = PROJECT
    alone: bool = True
    fix: Callable[[Call], list[str]] | None = None
    check: str = ""

    @property
    def label(self) -> str:
        """The name under which it is reported."""
        return self.check or self.name


def _json(output: Output) -> Any:
    start = min((position for position in map(output.out.find, "[{") if position >= 0), default=0)
    try:
        return json.loads(output.out[start:])
    except ValueError:
        raise Broken(f"exit code {output.code}, unreadable output: {output.last_words}") from None


# lint by ruff ---------------------------------------------------------------------------------------------------------


def _ruff_lint(call: Call) -> list[str]:
    return ["check", "--force-exclude", "--no-cache", "--output-format=json", "--", *call.paths]


def _ruff_fix(call: Call) -> list[str]:
    return ["check", "--force-exclude", "--no-cache", "--fix", "--exit-zero", "--quiet", "--", *call.paths]


def _ruff_imports(call: Call) -> list[str]:
    return ["check", "--force-exclude", "--no-cache", "--select=I", "--output-format=json", "--", *call.paths]


def _ruff_fix_imports(call: Call) -> list[str]:
    return [
        "check",
        "--force-exclude",
        "--no-cache",
        "--select=I",
        "--fix",
        "--exit-zero",
        "--quiet",
        "--",
        *call.paths,
    ]


def _read_ruff(check: str, *, imports: bool) -> Callable[[Output, Call], list[Finding]]:
    def read(output: Output, call: Call) -> list[Finding]:
        if output.code not in (0, 1):
            raise Broken(f"exit code {output.code}: {output.last_words}")
        found: list[Finding] = []
        for row in _json(output):
            path = call.path(row["filename"])
            rule = row["code"] or "syntax"
            if path is None or rule.startswith("I0") is not imports:  # the order of imports is a check of its own
                continue
            repair: dict[str, Any] = row.get("fix") or {}
            fixable = repair.get("applicability") == "safe"
            begin, end = row["location"], row["end_location"]
            last = end["row"] - (1 if end["column"] == 1 and end["row"] > begin["row"] else 0)
            found.append(
                Finding(check, rule, path, begin["row"], last, row["message"], begin["column"], fixable=fixable)
            )
        return found

    return read


# formatters: a finding for each change of their diff ------------------------------------------------------------------


def _read_diff(check: str, rule: str, what: str) -> Callable[[Output, Call], list[Finding]]:
    def read(output: Output, call: Call) -> list[Finding]:
        refused = list(_refusals(output, call, check))
        if output.code not in (0, 1) and not refused:
            raise Broken(f"exit code {output.code}: {output.last_words}")
        found = [
            Finding(check, rule, path, line, end, f"{what}: {_example(old, new)}", fixable=True, text="\n".join(new))
            for path, line, end, old, new in _diffed(output.out, call)
        ]
        return refused + found

    return read


def _refusals(output: Output, call: Call, check: str) -> Iterator[Finding]:
    """Files that a formatter cannot parse, in the words of ruff, black and older black."""
    patterns = (
        r"(?:cannot parse:|Failed to (?:parse|format)) (?P<path>.+?):(?P<line>\d+):\d+(?P<why>.*)",
        r"cannot format (?P<path>.+?): (?P<why>.*?(?P<line>\d+):\d+.*)",
    )
    for match in (match for pattern in patterns for match in re.finditer(pattern, output.err)):
        if path := call.path(match["path"]):
            line, why = int(match["line"]), match["why"].strip(": ") or "a syntax error"
            yield Finding(check, "syntax", path, line, line, f"cannot be parsed: {why}")


Change = tuple[str, int, int, list[str], list[str]]


def _diffed(diff: str, call: Call) -> Iterator[Change]:
    """(path, first line, last line, old lines, new lines) for each run of changed lines in a unified diff."""
    for file in parse(diff):
        path = call.path(file.old.removesuffix(":before")) or (call.files[0] if len(call.files) == 1 else None)
        if path:
            yield from ((path, *change) for hunk in file.hunks for change in _runs(hunk))


def _runs(hunk: Hunk) -> Iterator[tuple[int, int, list[str], list[str]]]:
    """The runs of changed lines in a hunk."""
    line = first = hunk.start
    old, new = list[str](), list[str]()
    for row in hunk.lines:
        sign = row[0]
        if sign == " " and (old or new):
            yield first, max(first, line - 1), old, new
            old, new = [], []
        if sign in "-+":
            first = first if old or new else max(line, 1)
            (old if sign == "-" else new).append(row[1:])
        line += sign in "- "
    if old or new:
        yield first, max(first, line - 1), old, new


def _example(old: Sequence[str], new: Sequence[str]) -> str:
    def first_line(lines: Sequence[str]) -> str:
        text = next((line.strip() for line in lines if line.strip()), "an empty line" if lines else "nothing")
        return text if len(text) <= 60 else text[:57] + "…"

    return f"{first_line(old)} → {first_line(new)}"


def _ruff_format(call: Call) -> list[str]:
    return ["format", "--force-exclude", "--no-cache", "--diff", "--", *call.paths]


def _ruff_format_fix(call: Call) -> list[str]:
    return ["format", "--force-exclude", "--no-cache", "--quiet", "--", *call.paths]


def _black(call: Call) -> list[str]:
    return ["--quiet", *_black_excludes(call), "--diff", "--", *call.paths]


def _black_fix(call: Call) -> list[str]:
    return ["--quiet", *_black_excludes(call), "--", *call.paths]


def _black_excludes(call: Call) -> list[str]:
    """black checks every file that it is given: what the project excludes must be said once more."""
    table = _pyproject(call.home).get("tool", {}).get("black", {})
    given = [table[key] for key in ("exclude", "extend-exclude", "force-exclude") if isinstance(table.get(key), str)]
    flags = "(?x)" if any("\n" in pattern for pattern in given) else ""
    return [f"--force-exclude={flags}" + "|".join(f"(?:{pattern})" for pattern in given)] if given else []


def _read_isort(output: Output, call: Call) -> list[Finding]:
    """The imports at the top of a file are one thing, however many lines of them move."""
    by_path: dict[str, list[Finding]] = {}
    for finding in _read_diff("imports", "isort", "")(output, call):
        by_path.setdefault(finding.path, []).append(finding)
    return [
        replace(
            found[0],
            message="the imports are not as isort sorts them",
            end_line=max(finding.end_line for finding in found),
            text="\n".join(finding.text for finding in found),
        )
        for found in by_path.values()
    ]


def _isort(call: Call) -> list[str]:
    return [*_isort_options(call), "--diff", "--quiet", *call.paths]


def _isort_fix(call: Call) -> list[str]:
    return [*_isort_options(call), "--quiet", *call.paths]


def _isort_options(call: Call) -> list[str]:
    """black's profile where the project says nothing, since black formats the rest."""
    configured = "isort" in _pyproject(call.home).get("tool", {}) or any(
        (call.home / name).is_file()
        and (name == ".isort.cfg" or "isort" in (call.home / name).read_text(errors="replace"))
        for name in (".isort.cfg", "setup.cfg", "tox.ini", ".editorconfig")
    )
    return ["--filter-files", *(() if configured else ("--profile=black",))]


# bandit and pyright ---------------------------------------------------------------------------------------------------


def _bandit(call: Call) -> list[str]:
    configured = ("-c", "pyproject.toml") if "bandit" in _pyproject(call.home).get("tool", {}) else ()
    return ["-q", "-ll", *configured, "-f", "json", *call.paths]


def _read_bandit(output: Output, call: Call) -> list[Finding]:
    if output.code not in (0, 1) or not output.out.strip():
        raise Broken(f"exit code {output.code}: {output.last_words}")
    found: list[Finding] = []
    for row in _json(output)["results"]:
        if path := call.path(row["filename"]):
            lines = row.get("line_range") or [row["line_number"]]
            message = f"{row['issue_text']} ({row['issue_severity'].lower()} severity)"
            found.append(
                Finding(
                    "security", row["test_id"], path, row["line_number"], max(lines), message, row["col_offset"] + 1
                )
            )
    return found


def _pyright(call: Call) -> list[str]:
    return ["--outputjson", *_pyright_python(call), *call.paths]


def _pyright_python(call: Call) -> list[str]:
    """The project's interpreter, unless its own configuration names a virtual environment."""
    table = _pyproject(call.home).get("tool", {}).get("pyright", {})
    with contextlib.suppress(OSError, ValueError):
        table = table | json.loads((call.home / "pyrightconfig.json").read_text(encoding="utf-8"))
    return [] if "venv" in table else [f"--pythonpath={call.python}"]


def _read_pyright(output: Output, call: Call) -> list[Finding]:
    document = _json(output)
    if "generalDiagnostics" not in document:
        raise Broken(f"exit code {output.code}: {output.last_words}")
    found: list[Finding] = []
    for row in document["generalDiagnostics"]:
        path = call.path(row.get("file", ""))
        if row["severity"] != "error" or path is None:
            continue
        begin, end = row["range"]["start"], row["range"]["end"]
        message = call.tree.with_real_paths(" ".join(row["message"].split()))
        rule = row.get("rule", "error")
        found.append(Finding("types", rule, path, begin["line"] + 1, end["line"] + 1, message, begin["character"] + 1))
    return found


def _pyproject(home: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads((home / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


RUFF = Tool("ruff", "ruff", _ruff_lint, _read_ruff("lint", imports=False), fix=_ruff_fix, check="lint")
RUFF_IMPORTS = Tool(
    "ruff", "ruff", _ruff_imports, _read_ruff("imports", imports=True), fix=_ruff_fix_imports, check="imports"
)
RUFF_FORMAT = Tool(
    "ruff",
    "ruff",
    _ruff_format,
    _read_diff("format", "ruff-format", "not as ruff formats it"),
    fix=_ruff_format_fix,
    check="format",
)
BLACK = Tool(
    "black",
    "black",
    _black,
    _read_diff("format", "black", "not as black formats it"),
    homes=("pyproject.toml:[tool.black", *PROJECT),
    fix=_black_fix,
    check="format",
)
ISORT = Tool(
    "isort",
    "isort",
    _isort,
    _read_isort,
    homes=("pyproject.toml:[tool.isort", ".isort.cfg", "setup.cfg:[isort", "tox.ini:[isort", *PROJECT),
    fix=_isort_fix,
    check="imports",
)
BANDIT = Tool(
    "bandit", "bandit[toml]", _bandit, _read_bandit, homes=("pyproject.toml:[tool.bandit", *PROJECT), check="security"
)
PYRIGHT = Tool(
    "pyright",
    "pyright[nodejs]",
    _pyright,
    _read_pyright,
    homes=("pyrightconfig.json", "pyproject.toml:[tool.pyright", *PROJECT),
    alone=False,
    check="types",
)


def tools_for(home: Path, top: Path) -> list[Tool]:
    """The tools that the project in ``home``, a folder of ``top``, uses: the cheap ones first.

    black and isort, unless the project says `ruff format`, or speaks of ruff and never of black (of isort).
    """
    configured = _configuration_text(home, top)
    by_ruff = re.search(r"ruff[- ]format|^\[tool\.ruff\.format|^\[format\]", configured, re.MULTILINE)
    formatter = RUFF_FORMAT if by_ruff or ("ruff" in configured and not re.search(r"\bblack\b", configured)) else BLACK
    sorter = RUFF_IMPORTS if "ruff" in configured and not _uses_isort(configured) else ISORT
    return [RUFF, *sorted((formatter, sorter), key=lambda tool: tool.name != "ruff"), BANDIT, PYRIGHT]


def _uses_isort(configured: str) -> bool:
    """ruff's own settings for imports are called isort, too."""
    return re.search(r"(?<!ruff\.)(?<!lint\.)\bisort\b", configured) is not None


def _configuration_text(home: Path, top: Path) -> str:
    """The files in which a project says which tools it uses, in one."""
    names = ("pyproject.toml", "ruff.toml", ".ruff.toml", ".pre-commit-config.yaml", "Makefile", "tox.ini", "setup.cfg")
    folders = [home, *(folder for folder in home.parents if folder.is_relative_to(top))]
    text = "\n".join(_text(folder / name) for folder in folders for name in names)
    text += "\n".join(_text(path) for path in sorted(home.glob("requirements*"))[:20] if path.is_file())
    return text


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
