"""A baseline: the findings a codebase is known to have, so that only new ones fail.

A baseline is a `duplicates --json` document, of which only rules and component ids count; the one written here holds
nothing else, a finding a line in order, so that two branches that each fix one merge without a conflict.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from fastapi_expert.duplicates.model import Finding
from fastapi_expert.errors import ExpertError

DEFAULT = ".expert/baseline.json"


class BaselineError(ExpertError):
    """The baseline file is missing or is none."""


@dataclass(frozen=True, slots=True)
class Known:
    """A finding of the baseline: its rule and the ids of what takes part. Lines do not matter, so code may move."""

    rule: str
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is ``new`` since the baseline, how many findings were ``known``, and which of the baseline are ``gone``."""

    new: tuple[Finding, ...]
    known: int
    gone: tuple[Known, ...]


def read(file: Path) -> tuple[Known, ...]:
    """The findings in ``file``.

    Raises:
        BaselineError: it is missing, unreadable, or no document of findings.
    """
    remedy = f"write it: expert duplicates --write-baseline {file}"
    try:
        document: Any = json.loads(file.read_bytes())
        findings = cast(list[dict[str, Any]], document["findings"])
        return tuple(
            Known(str(finding["rule"]), frozenset(str(one["id"]) for one in finding["components"]))
            for finding in findings
        )
    except FileNotFoundError:
        raise BaselineError("there is no such baseline", where=str(file), do=remedy) from None
    except (OSError, ValueError) as error:
        raise BaselineError(f"the baseline cannot be read: {error}", where=str(file), do=remedy) from None
    except (KeyError, TypeError):
        raise BaselineError("this is no document of findings", where=str(file), do=remedy) from None


def write(file: Path, findings: Sequence[Finding]) -> None:
    """Make ``file`` the baseline that knows exactly ``findings``; the old one stays whole until the new one is.

    Raises:
        BaselineError: it cannot be written.
    """
    entries = sorted((sorted(known.ids), known.rule) for known in map(_known, findings))
    lines = ",\n".join(
        "    " + json.dumps({"rule": rule, "components": [{"id": one} for one in ids]}, ensure_ascii=False)
        for ids, rule in entries
    )
    text = f'{{\n  "schema_version": 1,\n  "findings": [\n{lines}\n  ]\n}}\n'
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", errors="surrogateescape")
        part.replace(file)
    except OSError as error:
        raise BaselineError(f"the baseline cannot be written: {error.strerror}", where=str(file)) from None


def compare(findings: Sequence[Finding], baseline: Sequence[Known]) -> Comparison:
    """Split ``findings`` by the baseline: an entry excuses one finding that is equal or, failing that, a smaller one.

    A family that lost a member is being fixed; one that gained a member is new.
    """
    left = list(baseline)
    rest: list[Finding] = []
    for finding in findings:
        known = _known(finding)
        if known in left:
            left.remove(known)
        else:
            rest.append(finding)
    new: list[Finding] = []
    for finding in rest:
        known = _known(finding)
        larger = next((one for one in left if one.rule == known.rule and known.ids < one.ids), None)
        if larger is None:
            new.append(finding)
        else:
            left.remove(larger)
    return Comparison(tuple(new), len(findings) - len(new), tuple(left))


def _known(finding: Finding) -> Known:
    return Known(finding.rule, frozenset(place.id for place in finding.components))
