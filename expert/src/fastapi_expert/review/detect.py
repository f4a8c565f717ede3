"""Every rule over one codebase: what is certain first, the worst first, without what is suppressed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Problem
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.config import Config
from fastapi_expert.review import store
from fastapi_expert.review.model import Finding, Related
from fastapi_expert.review.versions import Versions

if TYPE_CHECKING:
    from fastapi_expert.review.flow.project import Project


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
    stored = store.Stored(codebase, versions)
    looked = stored.recall() or stored.keep(_look(codebase, versions, stored, is_last))
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


def _look(codebase: Codebase, versions: Versions, stored: store.Stored, is_last: bool) -> store.Looked:
    """Every rule; those that look at tests alone, when nothing but tests has changed since the last time."""
    from fastapi_expert.codebase.files.scan import paused_collection
    from fastapi_expert.review.flow.project import Project

    with paused_collection():
        apart = stored.recall_apart()
        if apart is not None:
            project = Project(codebase, versions)
        else:
            _ = codebase.served  # before anything links: the last inventory may be kept
            if is_last:
                codebase.settle()
            project = Project(codebase, versions)
            apart = store.Looked(
                _found(project, of_tests=False), _syntax(codebase, of_tests=False), codebase.read_besides
            )
            if not _uses_tests(codebase):
                stored.keep_apart(apart)
        found = [*apart.findings, *_found(project, of_tests=True)]
    return store.Looked(found, [*apart.problems, *_syntax(codebase, of_tests=True)], apart.besides)


def _found(project: "Project", *, of_tests: bool) -> list[Finding]:
    from fastapi_expert.review.rules.registry import RULES

    rules = [rule for rule in RULES.values() if rule.of_tests is of_tests]
    return list(dict.fromkeys([one for rule in rules for one in rule.look(project, rule)]))


def _syntax(codebase: Codebase, *, of_tests: bool) -> list[Problem]:
    """Where the text is no Python."""
    paths = [path for path in codebase.files if is_test_path(path) is of_tests]
    return [Problem(path, line, text) for path in paths for line, text in codebase.files[path].problems]


def _uses_tests(codebase: Codebase) -> bool:
    """Whether something outside of the tests imports one of their modules."""
    return any(
        is_test_path(one.module.replace(".", "/") + ".py")
        for path, facts in codebase.files.items()
        if not is_test_path(path)
        for one in facts.imports
    )


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
