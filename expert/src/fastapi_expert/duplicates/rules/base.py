"""What a rule is made of: its definition, what it looks at in a codebase, and what it looks at in a draft."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.config import Config
from fastapi_expert.duplicates.baseline import Known
from fastapi_expert.duplicates.model import Action, Finding, Rule, Similar
from fastapi_expert.duplicates.records.model import FunctionRecord, Records, RouteRecord
from fastapi_expert.duplicates.similarity.differences import Differences, Texts
from fastapi_expert.duplicates.similarity.measure import Code, unpack
from fastapi_expert.duplicates.similarity.pairs import SimilarPairs
from fastapi_expert.duplicates.store.overlay import Overlay
from fastapi_expert.duplicates.wording import Imports


class Advice(NamedTuple):
    """The sentence a person would act on, and what kind of action that is."""

    text: str
    action: Action


@dataclass(frozen=True, slots=True)
class Group:
    """Functions that do the same or nearly: the one to keep first, the one to change last."""

    members: Sequence[FunctionRecord]
    codes: Sequence[Code]
    imports: Imports
    equal: bool
    differences: Differences
    """What stands in the changed ones and not in the one to keep."""
    loose: bool = False
    """They share a part only; neither can simply call the other."""

    @property
    def keep(self) -> FunctionRecord:
        return self.members[0]

    @property
    def changed(self) -> FunctionRecord:
        return self.members[-1]


@dataclass(frozen=True, slots=True)
class FunctionRule(Rule):
    """A rule about functions of one ``kind`` (of component, or `validator` or `test`) that do the same."""

    kind: str = ""
    only_equal: bool = False
    """Those that are merely alike are called after what any function is called after."""
    use: str = "Call {there}"
    """How one uses what exists ({there}, at {place}) instead of writing it again."""
    advise: Callable[[Group], Advice | None] | None = None
    """What to do about it, where that is not what one does about any functions."""


Neighbour = tuple[float, Similar]
"""Something near, and how much it has to say: of all that is near to a draft the most telling come first."""


class Remark(NamedTuple):
    """What a rule has to say of one part of a draft."""

    finding: Finding | None
    near: Sequence[Neighbour]
    is_new: bool = True
    """Whether that part is written for the first time; an edit is shown its neighbours, and no more."""


@dataclass(frozen=True)
class Survey:
    """One codebase, ready for every rule."""

    records: Records
    settings: Config
    pairs: SimilarPairs
    function_rules: Mapping[str, FunctionRule]
    texts: Texts
    imports: Imports
    digest: str
    """Changes with any file."""
    digest_of: Callable[[Iterable[str]], str]
    """Changes with any of the files at some paths."""

    @cached_property
    def guards(self) -> Mapping[str, frozenset[tuple[str, ...]]]:
        """Id of an endpoint to what is asked of callers on each way to it."""
        return guards_of(self.records.routes)

    @cached_property
    def codes(self) -> Sequence[Code]:
        """The functions' code, by position."""
        return [unpack(function) for function in self.records.functions]


@dataclass(frozen=True, slots=True)
class Case:
    """One draft beside the codebase. ``before`` is what lies at ``path`` now: what is left unchanged is no news."""

    draft: FileFacts
    path: str | None
    before: FileFacts | None
    overlay: Overlay
    settings: Config
    function_rules: Mapping[str, FunctionRule]
    texts: Texts
    imports: Imports
    baseline: Sequence[Known] = ()
    """What the project knows it has twice."""


def guards_of(routes: Iterable[RouteRecord]) -> Mapping[str, frozenset[tuple[str, ...]]]:
    """Id of an endpoint to what is asked of callers on each way to it."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for route in routes:
        found.setdefault(route.endpoint, set()).add(route.guards)
    return {endpoint: frozenset(guards) for endpoint, guards in found.items()}


def _nothing(_: Survey) -> Iterable[Finding]:
    return ()


def _no_remarks(_: Case) -> Iterator[Remark]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that look at the same records: one file of this folder."""

    rules: tuple[Rule, ...]
    survey: Callable[[Survey], Iterable[Finding]] = _nothing
    judge: Callable[[Case], Iterator[Remark]] = _no_remarks
    made_from: Callable[[Survey], Sequence[Any]] | None = None
    """What the findings of a survey hang on (whatever JSON holds), when they are worth keeping between runs."""
