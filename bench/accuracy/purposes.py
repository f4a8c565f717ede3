"""`python -m bench accuracy purpose FOLDER…`: drafts of what exists already, written from a task and nothing else.

Each FOLDER holds checkouts. A draft is proposed to every codebase that `purpose/targets.toml` says has the like, and it
counts as named when one of those places is among the five of `similar`. Drafts whose hash is even were looked at while
weights and synonyms were chosen; the other half is what counts. `fresh.toml` has drafts for functions that a hash chose
from three codebases that had not been used for anything, `again.toml` such drafts for three others.

Then each draft comes again under the very name of what is there: that must be named every time.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fastapi_expert.codebase import Codebase, load
from fastapi_expert.duplicates import Proposal, propose
from fastapi_expert.find import Finder, entries

DATA = Path(__file__).with_name("purpose")
FRESH = ("fastapi-amis-admin", "hummingbot-api", "veda-backend")
"""Codebases that nobody had looked at while weights and synonyms were chosen."""
AGAIN = ("pangeo-forge-orchestrator", "pyro-api", "refstudio")
"""Three more, looked at by nobody until the names that bodies ask for counted too."""
UNSEEN = (*FRESH, *AGAIN)
_DEFINED = re.compile(r"^(?:async def|def|class) (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that was written from ``task``; ``name`` is its key in the data."""

    name: str
    task: str
    text: str
    codebase: str = ""
    """The one that it is proposed to; "" for any."""

    @property
    def is_tuned_on(self) -> bool:
        return self.codebase not in UNSEEN and sha256(self.name.encode()).digest()[0] % 2 == 0

    @property
    def defines(self) -> str:
        """What the draft is about: the last function or class of its module."""
        return _DEFINED.findall(self.text)[-1]

    @property
    def is_class(self) -> bool:
        return re.search(rf"^class {self.defines}\b", self.text, re.MULTILINE) is not None

    @property
    def docstring(self) -> str:
        found = re.search(r'"""(.+?)"""', self.text)
        return found[1] if found else self.task


@dataclass(frozen=True, slots=True)
class Asked:
    """A draft beside a codebase that has the like at ``targets``, and where the answers named it first (0: nowhere)."""

    codebase: str
    draft: Draft
    targets: Sequence[str]
    named: int
    found: int
    said: bool
    """The advice of the verdict names one of the targets."""
    exact: bool | None
    """Whether it is named under the very name of the first target of its sort; None where there is none."""
    proposal: Proposal


def drafts() -> dict[str, Draft]:
    """Every draft of the data by its name."""
    rows: dict[str, Mapping[str, str]] = {}
    for file in ("everywhere.toml", "single.toml", "fresh.toml", "again.toml"):
        rows |= tomllib.loads((DATA / file).read_text(encoding="utf-8"))
    return {
        name: Draft(name, row["task"], row["text"].lstrip("\n"), row.get("codebase", "")) for name, row in rows.items()
    }


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench accuracy purpose", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="folders with checkouts of the codebases")
    parser.add_argument("--only", default="", help="codebases, separated by commas")
    parser.add_argument(
        "--misses", action="store_true", help="name what was missed of the half that was tuned on, and by its very name"
    )
    options = parser.parse_args(argv)
    targets = tomllib.loads((DATA / "targets.toml").read_text(encoding="utf-8"))
    places = {name: folder / name for name in targets for folder in options.folders if (folder / name).is_dir()}
    if options.only:
        places = {name: place for name, place in places.items() if name in options.only.split(",")}
    if not places:
        print(f"error: none of {', '.join(targets)} is there", file=sys.stderr)
        return 2
    asked = [one for name, place in places.items() for one in _ask(name, place, targets[name])]
    print(f"{'codebase':22}{'drafts':>7}{'first':>7}{'in five':>9}{'find':>6}{'either':>8}{'advice':>8}{'by name':>9}")
    for name in places:
        _print(name, [one for one in asked if one.codebase == name])
    _print("tuned on", [one for one in asked if one.draft.is_tuned_on])
    _print("held out", [one for one in asked if not one.draft.is_tuned_on and one.codebase not in UNSEEN])
    _print("fresh", [one for one in asked if one.codebase in FRESH])
    _print("fresh again", [one for one in asked if one.codebase in AGAIN])
    for one in asked if options.misses else ():
        if (one.draft.is_tuned_on and one.named != 1) or one.exact is False:
            near = ", ".join(f"{place.id.partition(':')[2]} {place.score:.2f}" for place in one.proposal.similar)
            print(f"   {one.codebase} {one.draft.name} ({one.named}; by name {one.exact}): {near}")
    return 0


def _print(name: str, asked: Sequence[Asked]) -> None:
    if not asked:
        return
    exact = [one.exact for one in asked if one.exact is not None]

    def share(count: int) -> str:
        return f"{count / len(asked):.0%}"

    print(
        f"{name:22}{len(asked):7}{share(sum(one.named == 1 for one in asked)):>7}"
        f"{share(sum(0 < one.named <= 5 for one in asked)):>9}{share(sum(0 < one.found <= 5 for one in asked)):>6}"
        f"{share(sum(one.named > 0 or 0 < one.found <= 5 for one in asked)):>8}"
        f"{share(sum(one.said for one in asked)):>8}{f'{sum(exact)} of {len(exact)}':>9}"
    )


def _ask(name: str, place: Path, targets: Mapping[str, Sequence[str]]) -> Iterator[Asked]:
    codebase = load(place, cache=False)
    finder = Finder(tuple(entries(codebase)))
    known = drafts()
    for key, wanted in targets.items():
        draft = known[key]
        proposal = propose(codebase, draft.text.encode(), as_path="draft_of_the_day.py")
        found = [f"{hit.entry.path}::{hit.entry.qualname}" for hit in finder.search(draft.docstring, limit=10)]
        similar = [near.id.partition(":")[2] for near in proposal.similar]
        yield Asked(
            name,
            draft,
            wanted,
            _position(similar, wanted),
            _position(found, wanted),
            any(_place_of(proposal, one) in proposal.advice for one in wanted if _place_of(proposal, one)),
            _by_name(codebase, draft, wanted),
            proposal,
        )


def _position(places: Sequence[str], wanted: Sequence[str]) -> int:
    """Which of ``places`` is the first of those that are wanted, from 1; 0 for none."""
    return next((number for number, one in enumerate(places, 1) if any(map(one.endswith, wanted))), 0)


def _place_of(proposal: Proposal, wanted: str) -> str:
    """`path:line` of what is wanted, as far as the answer has it."""
    return next((f"{one.path}:{one.line}" for one in proposal.similar if one.id.endswith(wanted)), "")


def _by_name(codebase: Codebase, draft: Draft, wanted: Sequence[str]) -> bool | None:
    """Whether the draft is told where it bears the very name of what there is."""
    names = [one.rpartition("::")[2].rpartition(".")[2] for one in wanted]
    classes = {one.name for facts in codebase.files.values() for one in facts.classes}
    same = [name for name in names if (name in classes) == draft.is_class]
    if not same:
        return None
    text = re.sub(rf"\b{draft.defines}\b", same[0], draft.text)
    proposal = propose(codebase, text.encode(), as_path="draft_of_the_day.py")
    return any(near.id.endswith((f"::{same[0]}", f".{same[0]}")) for near in proposal.similar)
