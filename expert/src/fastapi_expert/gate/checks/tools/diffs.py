"""The diffs of formatters: a finding for each change."""

import re
from collections.abc import Callable, Iterator, Sequence

from fastapi_expert.diff import Hunk, parse
from fastapi_expert.gate.checks.process import Broken, Output
from fastapi_expert.gate.checks.tools.base import Call
from fastapi_expert.gate.model import Finding


def read_diff(check: str, rule: str, what: str) -> Callable[[Output, Call], list[Finding]]:
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
    if len(call.files) == 1 and (hunks := diff.find("\n@@ ")) >= 0:  # whatever its name looks like in a header
        diff = f"--- {call.files[0]!r}\n+++ {call.files[0]!r}{diff[hunks:]}"
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
