"""Duplicates that the change brings in: those with a place on a new line that were not there before."""

from dataclasses import replace

from fastapi_expert.codebase import Codebase, load
from fastapi_expert.config import Config
from fastapi_expert.duplicates import find, fingerprint
from fastapi_expert.duplicates.model import Finding as Duplicate
from fastapi_expert.gate.model import Finding
from fastapi_expert.gate.tree.changes import Changes
from fastapi_expert.gate.tree.content import Tree
from fastapi_expert.store import cache_of


def read_tree(tree: Tree, config: Config) -> Codebase:
    """The codebase in ``tree``; one that is laid out elsewhere keeps its facts apart from the work tree's."""
    apart = cache_of(tree.real) / "gate" / "trees"
    return load(tree.root, exclude=config.exclude, cache=True if tree.root == tree.real else apart)


def candidates(codebase: Codebase, changes: Changes, config: Config) -> list[Duplicate]:
    """The duplicates with a place on a new line."""
    found = find(codebase, settings=config).findings
    return [duplicate for duplicate in found if _is_new(duplicate, changes)]


def fingerprints(codebase: Codebase, config: Config) -> set[str]:
    """What tells each of its duplicates from any other, wherever their lines are."""
    return {fingerprint(duplicate) for duplicate in find(codebase, settings=config).findings}


def new_findings(found: list[Duplicate], changes: Changes, known: set[str]) -> list[Finding]:
    """Those of ``found`` that are not ``known`` from before."""
    return [_finding(duplicate, changes) for duplicate in found if fingerprint(duplicate) not in known]


def _is_new(duplicate: Duplicate, changes: Changes) -> bool:
    return any(changes.is_new(place.path, place.line, place.end_line) for place in duplicate.components)


def _finding(duplicate: Duplicate, changes: Changes) -> Finding:
    """Reported at its new side; the other sides are in the text."""
    places = sorted(duplicate.components, key=lambda place: not changes.is_new(place.path, place.line, place.end_line))
    place = places[0]
    message = f"{duplicate.message.rstrip('.')}. {duplicate.advice}"
    made = Finding("duplicates", duplicate.rule, place.path, place.line, place.end_line, message)
    return replace(made, text=fingerprint(duplicate))
