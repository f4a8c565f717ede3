"""A baseline: the findings a codebase is known to have, so that only new ones fail.

The file is JSON, one finding a line in path order, so that two branches that each fix one merge without a conflict.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from fastapi_expert.duplicates.model import Finding
from fastapi_expert.errors import ExpertError

DEFAULT = ".expert/baseline.json"
_VERSION = 1


class BaselineError(ExpertError):
    """The baseline file is missing or is none."""


@dataclass(frozen=True, slots=True)
class Known:
    """A finding of the baseline: its fingerprint and, for people, its rule and places."""

    fingerprint: str
    rule: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is ``new`` since the baseline, how many findings were ``known``, and which of the baseline are ``gone``."""

    new: tuple[Finding, ...]
    known: int
    gone: tuple[Known, ...]


def read(file: Path) -> tuple[Known, ...]:
    """The findings in ``file``.

    Raises:
        BaselineError: it is missing, unreadable, or no baseline of this version.
    """
    remedy = f"write it: expert duplicates --write-baseline {file}"
    try:
        document: object = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise BaselineError("there is no such baseline", where=str(file), do=remedy) from None
    except (OSError, ValueError) as error:
        raise BaselineError(f"the baseline cannot be read: {error}", where=str(file), do=remedy) from None
    try:
        return _parse(document)
    except (KeyError, TypeError, AttributeError):
        raise BaselineError("this is no baseline that this version wrote", where=str(file), do=remedy) from None


def _parse(document: object) -> tuple[Known, ...]:
    content = cast(dict[str, list[dict[str, str | list[str]]]], document)
    if cast(object, content["baseline_version"]) != _VERSION:
        raise KeyError("baseline_version")
    return tuple(
        Known(str(entry["fingerprint"]), str(entry["rule"]), tuple(entry["places"])) for entry in content["findings"]
    )


def write(file: Path, findings: Sequence[Finding], fingerprint: Callable[[Finding], str]) -> None:
    """Make ``file`` the baseline that knows exactly ``findings``; the old one stays whole until the new one is."""
    entries = sorted(
        (_entry(finding, fingerprint(finding)) for finding in findings),
        key=lambda entry: (entry["places"], entry["rule"], entry["fingerprint"]),
    )
    lines = ",\n".join(f"    {json.dumps(entry, ensure_ascii=False)}" for entry in entries)
    text = f'{{\n  "baseline_version": {_VERSION},\n  "findings": [\n{lines}\n  ]\n}}\n'
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.{os.getpid()}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        raise BaselineError(f"the baseline cannot be written: {error.strerror}", where=str(file)) from None


def _entry(finding: Finding, fingerprint: str) -> dict[str, str | list[str]]:
    places = sorted({place.path for place in finding.components})
    return {"places": places, "rule": finding.rule, "fingerprint": fingerprint}


def compare(findings: Sequence[Finding], known: Sequence[Known], fingerprint: Callable[[Finding], str]) -> Comparison:
    """Split ``findings`` by the baseline; a fingerprint that the baseline holds twice excuses two findings."""
    left = Counter(entry.fingerprint for entry in known)
    new: list[Finding] = []
    for finding in findings:
        mark = fingerprint(finding)
        if left[mark]:
            left[mark] -= 1
        else:
            new.append(finding)
    gone: list[Known] = []
    for entry in known:
        if left[entry.fingerprint]:
            left[entry.fingerprint] -= 1
            gone.append(entry)
    return Comparison(tuple(new), len(findings) - len(new), tuple(gone))
