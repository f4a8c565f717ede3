"""Faults put into a project, and what the gate reports of them."""

import stat

from worktree import Work

from fastapi_expert.gate import Report

FAULTS = '''

def planted( value ):
    """Everything at once."""
    import subprocess

    count: int = "text"
    other: int = value.nothing  # type: ignore
    subprocess.call(value, shell=True)
    return count + other
'''


def found(report: Report) -> set[tuple[str, str, str]]:
    return {(finding.check, finding.rule, finding.path) for finding in report.findings}


def status(report: Report, name: str) -> str:
    return next(one.status for one in report.checks if one.name == name)


def note(report: Report, name: str) -> str:
    return next(one.note for one in report.checks if one.name == name)


def append(work: Work, path: str, text: str, *, stage: bool = False) -> None:
    work.write(path, (work.root / path).read_text() + text, stage=stage)


def fake_tool(work: Work, name: str, script: str) -> None:
    """A tool in the project's own environment."""
    folder = work.root / ".venv/bin"
    folder.mkdir(parents=True, exist_ok=True)
    (work.root / ".venv/pyvenv.cfg").touch()
    tool = folder / name
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
