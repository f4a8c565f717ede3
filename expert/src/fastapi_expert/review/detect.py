"""Every rule over one codebase: what is certain first, the worst first, without what is suppressed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Problem
from fastapi_expert.config import Config
from fastapi_expert.review import store
from fastapi_expert.review.model import Finding, Related
from fastapi_expert.review.versions import Versions


@dataclass(frozen=True, slots=True)
class Review:
    """Ranked findings, how many a comment silenced, the packages whose newest release was taken for granted, and where
    the text is no Python: what could be read around such a place was looked at."""

    findings: tuple[Finding, ...]
    suppressed: int
    assumed: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


def review(codebase: Codebase, *, settings: Config | None = None, is_last: bool = False) -> Review:
    """What is wrong in ``codebase``. ``is_last`` says that nobody asks it for its graph of routers afterwards."""
    settings = settings or Config()
    versions = Versions(codebase.root)
    digest = store.digest(codebase, versions)
    looked = store.recalled(codebase, digest)
    if looked is None:
        looked = store.kept(codebase, digest, _look(codebase, versions, is_last))
    wanted = [
        one for one in looked.findings if settings.enabled(one.rule) and not settings.ignored_at(one.rule, one.path)
    ]
    kept = [one for one in wanted if not is_silenced(codebase, one)]
    problems = sorted({*codebase.scan.problems, *looked.problems}, key=lambda one: (one.path, one.line))
    return Review(tuple(_folded(sorted(kept, key=rank))), len(wanted) - len(kept), versions.assumed, tuple(problems))


_EACH = 2
"""How often the same is said of one file; what is further is named with the last of them."""
_NAMES = re.compile(r"\(through [^)]*\)|`(?!(?:and|or|not|is)`)\w+`|\b[A-Z]\w+")
"""Names of the code in a message: without them two of a kind read alike."""


def _folded(findings: list[Finding]) -> list[Finding]:
    """A file that does one thing wrong forty times has two findings, of which the second names the other places."""
    by_kind: dict[tuple[object, ...], list[Finding]] = {}
    for one in findings:
        words = _NAMES.sub("", one.message)
        by_kind.setdefault((one.rule, one.path, words, one.severity, one.confidence), []).append(one)
    last = {id(alike[_EACH - 1]): alike[_EACH:] for alike in by_kind.values() if len(alike) > _EACH}
    more = {id(one) for alike in last.values() for one in alike}
    return [_with(one, last.get(id(one), [])) for one in findings if id(one) not in more]


def _with(finding: Finding, others: list[Finding]) -> Finding:
    if not others:
        return finding
    places = tuple([Related(one.path, one.line, "the same") for one in others])
    fix = tuple(dict.fromkeys([edit for one in (finding, *others) for edit in one.fix]))
    return replace(finding, related=(*finding.related, *places), fix=fix)


def _look(codebase: Codebase, versions: Versions, is_last: bool) -> store.Looked:
    from fastapi_expert.codebase.files.scan import paused_collection
    from fastapi_expert.review.flow.project import Project
    from fastapi_expert.review.rules.registry import RULES

    with paused_collection():
        _ = codebase.served  # before anything links: the last inventory may be kept
        if is_last:
            codebase.settle()
        project = Project(codebase, versions)
        found = list(dict.fromkeys([one for rule in RULES.values() for one in rule.look(project, rule)]))
    syntax = [Problem(path, line, text) for path, facts in codebase.files.items() for line, text in facts.problems]
    return store.Looked(found, syntax)


def rank(finding: Finding) -> tuple[bool, int, str, int, str]:
    """The order in which findings are shown."""
    return (finding.confidence == "likely", finding.severity, finding.path, finding.line, finding.rule)


def is_silenced(codebase: Codebase, finding: Finding) -> bool:
    """A comment on its lines or the line above names the rule, or none."""
    return any(
        finding.line - 1 <= one.line <= finding.end_line and (not one.rules or finding.rule in one.rules)
        for one in codebase.files[finding.path].suppressions
    )


def at_lines(findings: Iterable[Finding], lines: "dict[str, list[tuple[int, int]]]") -> tuple[Finding, ...]:
    """The findings of which the line, or a line that takes part, is one of ``lines``."""
    places = [
        (one, [(one.path, one.line, one.end_line), *[(r.path, r.line, r.line) for r in one.related]])
        for one in findings
    ]
    return tuple(
        [
            one
            for one, parts in places
            if any(first <= end and line <= last for path, line, end in parts for first, last in lines.get(path, ()))
        ]
    )
