"""The gate's report as text: findings by file, then what became of each check, then the verdict."""

from collections import defaultdict
from pathlib import Path

from fastapi_expert.gate.model import Check, Finding, Report
from fastapi_expert.gate.run import check
from fastapi_expert.git import GitError

_SIGNS = {"passed": "ok", "failed": "FAILED", "missing": "MISSING", "broken": "BROKEN", "skipped": "skipped"}
_MOST_LINES, _MOST_REMARKS = 40, 5


def failures(cwd: Path) -> str:
    """What is wrong with the changes in the work tree around ``cwd``, at most 40 lines; empty when nothing is,
    and outside a repository."""
    try:
        report = check(cwd)
    except GitError:
        return ""
    if report.passed:
        return ""
    lines = report_text(report).splitlines()
    left = len(lines) - _MOST_LINES
    return "\n".join([*lines[:_MOST_LINES], *([f"… and {left} lines more: expert check"] if left > 0 else [])])


def check_text(root: Path, *, since: str | None = None, everything: bool = False, fix: bool = False) -> str:
    """The report on the repository around ``root``, as text."""
    return report_text(check(root, since=since, everything=everything, fix_them=fix))


def report_text(report: Report, *, reasons: bool = False) -> str:
    """The whole report; with ``reasons`` each chosen test and why it was chosen."""
    if not report.files:
        return f"nothing changed ({scope_text(report)})"
    lines = [f"fixed {path}" for path in report.fixed]
    by_path: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        by_path[finding.path].append(finding)
    for found in by_path.values():
        lines += [finding_text(finding) for finding in found]
    lines += [f"look at {finding_text(finding)}" for finding in report.remarks[:_MOST_REMARKS]]
    if len(report.remarks) > _MOST_REMARKS:
        lines.append(f"look at {len(report.remarks) - _MOST_REMARKS} more: expert check --json")
    lines += (
        ["", *(_check_text(one) for one in report.checks), ""] if lines else [_check_text(one) for one in report.checks]
    )
    if reasons:
        lines += [f"  {test.id}  ({test.reason})" for test in report.tests]
    return "\n".join([*lines, verdict(report)]).lstrip("\n")


def finding_text(finding: Finding) -> str:
    """One line, in the form that editors and terminals make a link of."""
    rule = "" if finding.rule == finding.check else f" {finding.rule}"
    fixable = " [--fix]" if finding.fixable else ""
    return (
        f"{_printable(finding.path)}:{finding.line}:{finding.column}: {finding.check}{rule}: {finding.message}{fixable}"
    )


def scope_text(report: Report) -> str:
    """Which files were looked at, in words."""
    words = {"index": "what is staged", "work tree": "the work tree against HEAD", "all": "everything"}
    return words.get(report.scope, "since the revision")


def verdict(report: Report) -> str:
    """The last line."""
    files = f"{len(report.files)} changed file{'s' if len(report.files) != 1 else ''}"
    if report.scope == "all":
        files = f"{len(report.files)} files"
    if report.passed:
        return f"passed: {files}, {report.seconds:.1f} s"
    unfit = [one.name for one in report.checks if one.status in ("missing", "broken")]
    parts = [f"{len(report.findings)} finding{'s' if len(report.findings) != 1 else ''}"] if report.findings else []
    parts += [f"{', '.join(unfit)} could not be checked"] if unfit else []
    return f"not passed: {' and '.join(parts)} in {files}, {report.seconds:.1f} s"


def _check_text(one: Check) -> str:
    seconds = "cached" if one.cached else f"{one.seconds:.1f} s" if one.status in ("passed", "failed") else ""
    return f"{one.name:<12}{_SIGNS[one.status]:<9}{seconds:<8}{one.note}".rstrip()


def _printable(path: str) -> str:
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in path)
