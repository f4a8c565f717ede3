"""FX501, FX502 and FX503: one environment variable, two places that say what it is."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.duplicates.model import Action, Finding, Place, Rule
from fastapi_expert.duplicates.records.model import VariableRecord
from fastapi_expert.duplicates.records.variables import drafted_variables
from fastapi_expert.duplicates.rules.base import Case, Family, Remark, Survey
from fastapi_expert.duplicates.store.overlay import AddedFile
from fastapi_expert.duplicates.wording import Imports, listed, many, place
from fastapi_expert.find.places import is_driver

DEFINED_TWICE = Rule(
    "FX501",
    "setting defined twice",
    "One environment variable defined by two settings classes (off by default)",
    "settings",
    verdict="extend",
    is_off=True,
)
READ_PAST = Rule(
    "FX502",
    "setting read past the settings",
    "An environment variable read where a setting holds it (off by default)",
    "settings",
    verdict="extend",
    is_off=True,
)
READ_TWICE = Rule(
    "FX503",
    "setting read twice",
    "One environment variable read in several files (off by default)",
    "settings",
    verdict="extend",
    is_off=True,
)

MANY = 3
"""Variables of one class that are read past it are told one by one up to this number."""
_APART = {"migrations", "alembic", "examples", "example", "docs", "docs_src", "scripts", "bench", "benchmarks"}
"""Folders of programs that run by themselves: what they read is no setting of the application."""
_MACHINE = re.compile(
    "HOME|PATH|USER|LOGNAME|SHELL|PWD|TMPDIR|TEMP|TERM|TZ|LANG|LANGUAGE|LC_\\w+|COLUMNS|LINES|EDITOR|VISUAL|PAGER|HOSTNAME"
    "|XDG_\\w+|DISPLAY|APPDATA|USERPROFILE|CI|TESTING|NO_COLOR|FORCE_COLOR|COMP_\\w+|KUBERNETES_\\w+|PYTEST_\\w+|VIRTUAL_ENV|PYTHON\\w+"
)
"""What the machine says to every program (POSIX, Base Definitions, 8.3, and its kin): nobody's setting."""


def _survey(survey: Survey) -> Iterator[Finding]:
    """Variables defined by two settings classes, read past the one that defines them, or read in two files."""
    variables = survey.records.variables
    defined = _defined(variables)
    by_pair: dict[tuple[str, ...], list[tuple[VariableRecord, VariableRecord]]] = {}
    for definitions in defined.values():
        for first, other in _twice(definitions, survey.imports):
            by_pair.setdefault((first.path, first.owner, other.path, other.owner), []).append((first, other))
    for pairs in by_pair.values():
        if len(pairs) > MANY:
            yield _many_defined(pairs)
        else:
            yield from (_defined_again(first, other) for first, other in pairs)
    past: dict[str, list[VariableRecord]] = {}
    for variable in variables:
        definitions = defined.get(variable.variable, ())
        if not variable.owner and _is_past(variable, definitions, survey.imports):
            past.setdefault(variable.variable, []).append(variable)
    by_class: dict[tuple[str, str], list[str]] = {}
    for name in past:
        by_class.setdefault((defined[name][0].path, defined[name][0].owner), []).append(name)
    for names in by_class.values():
        if len(names) > MANY:
            yield _many_read([past[name] for name in names], defined[names[0]][0])
        else:
            yield from (_read(past[name], defined[name][0], survey.imports) for name in names)
    again = [
        one
        for reads in _loose_reads(variables, defined).values()
        for one in _read_in_one_program(reads, survey.imports)
    ]
    if len(again) > MANY:
        yield _many_read_again(again)
    else:
        yield from again


def _read_in_one_program(reads: Sequence[VariableRecord], imports: Imports) -> Iterator[Finding]:
    """Reads of files that are installed together: two programs that read one variable share no code."""
    last = reads[-1]
    others = [one for one in reads[:-1] if imports.are_together(one.path, last.path)]
    if others:
        yield _read_again(last, others)


def _judge(case: Case) -> Iterator[Remark]:
    """The same for what a draft defines and reads and did not before; one finding a variable."""
    draft, before, overlay = case.draft, case.before, case.overlay
    mine = list(drafted_variables(draft))
    if not mine or _is_apart(draft.path):
        return
    old = {(one.variable, one.owner) for one in (drafted_variables(before) if before else ())}
    own = {one.variable for one in mine if one.owner}
    added = [one for one in mine if (one.variable, one.owner) not in old and (one.owner or one.variable not in own)]
    if not added:
        return
    theirs = [one for one in overlay.library.variables if one.path not in overlay.removed]
    theirs += [one for file in overlay.added for one in file.derived(_variables_of)]
    defined = _defined(theirs)
    loose = _loose_reads(theirs, defined)
    for variable in {one.variable: one for one in reversed(added)}.values():
        definitions, reads = defined.get(variable.variable, ()), loose.get(variable.variable, ())
        if variable.owner and definitions:
            linked = case.imports.are_linked(definitions[0].path, variable.path)
            if (
                linked
                and definitions[0].owner not in variable.ancestors
                and not _share_a_base(definitions[0], variable)
            ):
                yield Remark(_defined_again(definitions[0], variable), ())
        elif definitions:
            if _is_past(variable, definitions, case.imports):
                yield Remark(_read([variable], definitions[0], case.imports), ())
        elif not variable.owner:
            for finding in _read_in_one_program([*reads, variable], case.imports):
                yield Remark(finding, ())


def _variables_of(file: AddedFile) -> Sequence[VariableRecord]:
    return list(drafted_variables(file.facts))


def _defined(variables: Sequence[VariableRecord]) -> dict[str, list[VariableRecord]]:
    """By variable: the settings classes that define it, but those of tests and of programs that run by themselves."""
    found: dict[str, list[VariableRecord]] = {}
    for variable in variables:
        if variable.owner and not _is_apart(variable.path):
            found.setdefault(variable.variable, []).append(variable)
    return found


def _loose_reads(variables: Sequence[VariableRecord], defined: Mapping[str, object]) -> dict[str, list[VariableRecord]]:
    """By variable that no settings class defines: where it is read first in each file, if it is a setting at all."""
    found: dict[str, dict[str, VariableRecord]] = {}
    for one in variables:
        if (
            not one.owner
            and one.variable not in defined
            and not _MACHINE.fullmatch(one.variable)
            and not _is_apart(one.path)
        ):
            found.setdefault(one.variable, {}).setdefault(one.path, one)
    return {variable: list(by_path.values()) for variable, by_path in found.items()}


def _is_apart(path: str) -> bool:
    return is_test_path(path) or not _APART.isdisjoint(path.split("/")[:-1])


def _twice(definitions: Sequence[VariableRecord], imports: Imports) -> Iterator[tuple[VariableRecord, VariableRecord]]:
    """The first class that defines a variable, and each other one of the same program."""
    first = definitions[0]
    for other in definitions[1:]:
        if not _related(first, other) and imports.are_linked(first.path, other.path):
            yield first, other


def _defined_again(first: VariableRecord, other: VariableRecord) -> Finding:
    return _finding(
        DEFINED_TWICE,
        (other, first),
        message=f"`{other.owner}.{other.field}` reads {other.variable}, which `{first.owner}.{first.field}` "
        f"({place(first)}) defines already",
        advice=f"Keep `{first.owner}.{first.field}` ({place(first)}) and inherit or pass that settings object.",
        action="merge",
    )


def _related(left: VariableRecord, right: VariableRecord) -> bool:
    """Whether one inherits from the other, or both are what one base of the project is in two environments."""
    first, second = f"{left.path}::{left.owner}", f"{right.path}::{right.owner}"
    bases = {one for one in left.ancestors if not one.startswith("::")}
    return (
        first == second or first in right.ancestors or second in left.ancestors or not bases.isdisjoint(right.ancestors)
    )


def _share_a_base(stored: VariableRecord, drafted: VariableRecord) -> bool:
    """Whether a draft's class names a base of the project that the stored one has too."""
    return any(one.rpartition("::")[2] in drafted.ancestors for one in stored.ancestors if not one.startswith("::"))


def _many_defined(pairs: Sequence[tuple[VariableRecord, VariableRecord]]) -> Finding:
    """What is said of two settings classes that define many of the same variables: one cause, one finding."""
    first, other = pairs[0]
    names = listed([one.variable for one, _ in pairs])
    return _finding(
        DEFINED_TWICE,
        [one for pair in pairs for one in reversed(pair)],
        message=f"`{other.owner}` ({place(other)}) reads {len(pairs)} variables that `{first.owner}` ({place(first)}) "
        f"defines already: {names}",
        advice="Define each once, in a settings class that both inherit or that one is passed.",
        action="merge",
    )


def _is_past(variable: VariableRecord, definitions: Sequence[VariableRecord], imports: Imports) -> bool:
    """Whether it is read where the settings that define it could be had."""
    if not definitions or _is_apart(variable.path) or is_driver(variable.path) or _MACHINE.fullmatch(variable.variable):
        return False
    elsewhere = all(variable.path != definition.path for definition in definitions)
    return elsewhere and imports.are_linked(definitions[0].path, variable.path)


def _read(reads: Sequence[VariableRecord], definition: VariableRecord, imports: Imports) -> Finding:
    """What is said of all the places that read one variable past the settings."""
    variable = reads[0]
    more = f" here and in {many(len(reads) - 1, 'more place')}" if len(reads) > 1 else ""
    where, _, name = definition.instance.partition("::")
    bring = imports.line(where, name, for_path=variable.path) if name else ""
    there = f"`{name}`" if name else f"the `{definition.owner}` object"
    return _finding(
        READ_PAST,
        (*reads, definition),
        message=f"{variable.variable} is read from the environment{more}, past `{definition.owner}.{definition.field}` "
        f"({place(definition)})",
        advice=f"Take `{definition.field}` from {there} ({place(definition)}){bring}.",
        action="reuse",
    )


def _many_read(reads: Sequence[Sequence[VariableRecord]], definition: VariableRecord) -> Finding:
    """What is said of a settings class past which many of its variables are read: one cause, one finding."""
    places = [one for same in reads for one in same]
    files = listed(list(dict.fromkeys(one.path for one in places)))
    variables = listed([same[0].variable for same in reads])
    return _finding(
        READ_PAST,
        (*places, definition),
        message=f"{len(reads)} variables that `{definition.owner}` ({place(definition)}) defines are read from the "
        f"environment past it, in {files}: {variables}",
        advice=f"Take them from the `{definition.owner}` object, where each has its type and its default.",
        action="reuse",
    )


def _read_again(variable: VariableRecord, others: Sequence[VariableRecord]) -> Finding:
    return _finding(
        READ_TWICE,
        (variable, *others),
        message=f"{variable.variable} is read from the environment here and in {many(len(others), 'more file')}: "
        f"{listed([place(one) for one in others])}",
        advice=f"Read it once, in a settings class or beside {place(others[0])}, and import it from there.",
        action="merge",
    )


def _many_read_again(findings: Sequence[Finding]) -> Finding:
    """What is said where many variables are read in several files each: one cause, one finding."""
    places = [place for one in findings for place in one.components]
    names = listed([one.components[0].id.rpartition(":")[2] for one in findings])
    return Finding(
        READ_TWICE,
        1.0,
        f"{len(findings)} variables are read from the environment in several files each: {names}",
        "Read each once, in a settings class, and import it from there.",
        "merge",
        tuple(places),
        len(places) - len(findings),
    )


def _finding(rule: Rule, places: Sequence[VariableRecord], *, message: str, advice: str, action: Action) -> Finding:
    """What one of ``places`` says is enough: as many are saved as there are others."""
    return Finding(rule, 1.0, message, advice, action, tuple(map(_as_place, places)), len(places) - 1)


def _as_place(variable: VariableRecord) -> Place:
    what = f"settings:{variable.path}::{variable.owner}.{variable.field}"
    id_ = what if variable.owner else f"variable:{variable.path}::{variable.variable}"
    return Place(id_, "settings", variable.path, variable.line, variable.line)


def _made_from(survey: Survey) -> Sequence[Any]:
    return [survey.records.variables, survey.records.modules, survey.records.needs]


FAMILY = Family((DEFINED_TWICE, READ_PAST, READ_TWICE), _survey, _judge, _made_from)
