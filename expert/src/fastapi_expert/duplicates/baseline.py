"""A baseline: the findings a codebase is known to have, so that only new ones fail.

A baseline is a `duplicates --json` document, of which only rules and component ids count; the one written here holds
nothing else, a finding a line in order, so that two branches that each fix one merge without a conflict.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from fastapi_expert.config import Config
from fastapi_expert.duplicates.model import Finding
from fastapi_expert.errors import ExpertError
from fastapi_expert.store import write_atomically

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


def configured(settings: Config) -> Path | None:
    """The file that the project names as its baseline."""
    if settings.baseline is None or settings.source is None:
        return None
    return settings.source.parent / settings.baseline


def excused(finding: Finding, baseline: Sequence[Known]) -> bool:
    """Whether ``baseline`` knows that what a draft is found to be like is like it already.

    The kind of a component is not known of a draft, so what counts is where things are and how they are called; what
    is wrong as it stands must be known under its own rule.
    """
    ids = {place.id.partition(":")[2] for place in finding.components}
    return any(
        ids <= {one.partition(":")[2] for one in known.ids}
        and (known.rule == finding.rule or not finding.definition.is_fault)
        for known in baseline
    )


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
    try:
        write_atomically(file, text.encode("utf-8", "surrogateescape"))
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
