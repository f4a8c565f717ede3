"""FX620: a test is gone, and what it tested is still here."""

from collections import Counter
from collections.abc import Iterator

from fastapi_expert.gate.checks.honesty.change import Change, subjects
from fastapi_expert.gate.checks.honesty.finding import Finding
from fastapi_expert.gate.checks.honesty.model import Rule
from fastapi_expert.gate.checks.honesty.suites.canonical import likeness, words
from fastapi_expert.gate.checks.honesty.suites.modules import Function

_TWIN = 0.85
"""From which likeness one test says what another says."""
_SEVERAL = 3
"""So many rewritten tests are a suite that follows something else."""
_UNTOLD = 5
"""How many cases a test is taken to have whose list is put together elsewhere."""


def removed_test(change: Change, rule: Rule) -> Iterator[Finding]:
    pool = _Pool(change)
    for test in change.gone:
        if test.off is not None or not _exercises_the_project(change, test):
            continue
        if change.names_removed(Counter(words(test.node))) or _lost_its_subject(change, test) or pool.replaces(test):
            continue
        if _is_asked_for(change, test) or _uncollected(change, test) is not None:
            continue  # of what pytest does not collect another rule speaks
        yield rule.at(
            test.path,
            test.line,
            f"`{test.qualname}` is gone, and nothing that it tests is",
            "put it back; if another test takes its place, the commit says which: `Test-Change: reason`",
            end_line=test.end_line,
            is_gone=True,
            confidence="likely" if _is_rewritten(change, test) else change.confidence,
        )
    yield from _fewer_cases(change, rule)


def _uncollected(change: Change, test: Function) -> Function | None:
    """The same code under a name that pytest does not collect."""
    module = change.new_modules[test.path]
    for one in module.functions:
        if not one.is_fixture and one not in module.tests and likeness(one.words, test.words) > _TWIN:
            return one
    return None


def _is_asked_for(change: Change, test: Function) -> bool:
    """Whether the same code is a fixture now, which something of its file asks for."""
    module = change.new_modules[test.path]
    fixtures = [one for one in module.functions if one.is_fixture and likeness(one.words, test.words) > _TWIN]
    asked = {argument.arg for one in module.functions for argument in one.node.args.args}
    return any(one.name in asked for one in fixtures)


def _exercises_the_project(change: Change, test: Function) -> bool:
    """Whether it asks the application, or calls or names what its file imports of the project, or a fixture."""
    if any(word.startswith("/") for word in test.words) or test.node.args.args:
        return True
    names = {name for name, source in test.module.imports.items() if source.partition(".")[0] in change.packages}
    return bool(names & test.words.keys()) or not test.module.imports


def _is_rewritten(change: Change, test: Function) -> bool:
    """Whether what it calls takes other arguments, or is another one and other tests of that were rewritten with it."""
    if change.asks_for_others & set(test.called):
        return True
    if change.moves_libraries and sum(old.words != new.words for old, new in change.pairs) >= _SEVERAL:
        return True  # the suite follows a library
    if _is_written_anew(change, test.path):
        return True
    changed = change.touched_definitions & set(test.called)
    others = [new for old, new in change.pairs if old.words != new.words and new.off is None] + change.added
    return bool(changed) and any(changed & set(other.called) for other in others)


def _is_written_anew(change: Change, path: str) -> bool:
    """Whether several tests of a file went and several came that claim half as much at least."""
    gone = [one for one in change.gone if one.path == path]
    come = [one for one in change.added if one.path == path and one.off is None]
    claims = sum(len(one.claims) for one in come)
    return min(len(gone), len(come)) >= _SEVERAL and 2 * claims >= sum(len(one.claims) for one in gone)


def _lost_its_subject(change: Change, test: Function) -> bool:
    """Whether something of the project that it imports is not there, with this change or from before, or its whole
    file is about a file that goes with it."""
    about = change.revisions.old(test.path) or b"" if not change.new_modules[test.path].exists else b""
    return any(name.encode() in about for name in change.files_gone) or any(
        change.is_unknown(source)
        for name, source in test.imports.items()
        if name in test.words and source.partition(".")[0] in change.packages
    )


class _Pool:
    """What the change claims anew, to be set against what it claims no longer."""

    def __init__(self, change: Change) -> None:
        self._change = change
        gains = [(one, max(1, len(one.claims)) * _cases(one)) for one in change.added if one.off is None]
        for old, new in change.pairs:
            grown = len(new.claims) * _cases(new) - len(old.claims) * _cases(old)
            if grown > 0 and new.off is None:
                gains.append((new, grown))
        self._tests = [one for one, _ in gains]
        self._left = [gain for _, gain in gains]

    def replaces(self, test: Function) -> bool:
        """Whether other tests of the same thing claim as much as ``test`` did; what they claim is used up by it."""
        mine = subjects(test)
        module = self._change.new_modules.get(test.path)
        for one in module.tests if module is not None else ():
            if one.off is None and likeness(one.words, test.words) >= _TWIN:
                return True
        wanted = max(1, len(test.claims))
        near = [number for number, one in enumerate(self._tests) if self._left[number] and mine & subjects(one)]
        if sum(self._left[number] for number in near) < wanted:
            return False
        for number in near:
            taken = min(self._left[number], wanted)
            self._left[number] -= taken
            wanted -= taken
        return True


def _cases(test: Function) -> int:
    if test.cases is None and test.is_parametrised:
        return _UNTOLD
    return max(1, sum((test.cases or {}).values()))


def _fewer_cases(change: Change, rule: Rule) -> Iterator[Finding]:
    for old, new in change.pairs:
        if old.cases is None or new.cases is None or old.off is not None or new.off is not None:
            continue
        gone = old.cases - new.cases
        if not gone or new.cases - old.cases or change.names_removed(frozenset(_words(gone))):
            continue
        if new.words != old.words or change.added:
            continue
        number = gone.total()
        yield rule.at(
            new.path,
            new.line,
            f"`{new.qualname}` runs with {number} case{'s' if number > 1 else ''} less, and nothing else of it changed",
            "put back the cases that fail, and mend the code",
            end_line=new.end_line,
            confidence=change.confidence,
        )


def _words(cases: "dict[str, int]") -> Iterator[str]:
    for case in cases:
        yield from case.replace("'", " ").replace("(", " ").replace(")", " ").replace(",", " ").split()


RULE = Rule(
    "FX620", "test removed", "A test, or a case of one, is gone, and what it tested is still here", removed_test
)
