"""`python -m bench contract APPLICATIONS.json --oasdiff OASDIFF [--mutations N]`: verdicts beside oasdiff's.

One place of an application at a time is changed (N an application, spread over the kinds). The application is imported
before and after; OASDIFF, run as `OASDIFF changelog OLD NEW -f json`, judges its two real documents. Beside it stands
what `expert contract` says, which reads two texts. Changes that the real documents do not show are left out.

verdict   the worst level is the same: breaking, warning, info or nothing
same      all that is breaking or a warning is the same, by operation and id
rules     verdicts that are the same where both judge the real documents: a difference of the rules alone
"""

import argparse
import json
import random
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.contract.mutations import Mutation, mutations
from bench.openapi import answer
from bench.running.applications import Application, applications, changed, copied, sources
from fastapi_expert.codebase import load
from fastapi_expert.contract.changes import changes
from fastapi_expert.contract.changes.revisions import between

LEVELS = {3: "breaking", 2: "warning", 1: "info"}
Verdict = frozenset[tuple[str, str, str]]
"""(level, id, operation)."""
ABOUT_THE_DOCUMENT = frozenset({"api-version-not-bumped"})
Openapi = Mapping[str, Any]


class Documents:
    """Asks one application for its document, as often as wanted."""

    def __init__(self, application: Application) -> None:
        self._process = application.start("documents_dump.py")

    def ask(self) -> Openapi | None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("now\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline() or '{"error": "it ended"}')
        return None if "error" in found else found

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench contract", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("applications", type=Path, help="what bench/running/applications.py describes")
    parser.add_argument("--oasdiff", type=Path, required=True, help="the program")
    parser.add_argument("--only", default="", help="names, separated by commas")
    parser.add_argument("--mutations", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    total, by_kind = Counter[str](), defaultdict[str, Counter[str]](Counter)
    print(f"{'':30}{'changes':>8}{'verdict':>9}{'same':>6}{'rules':>7}")
    for application in applications(options.applications, options.only):
        with copied(application) as before, copied(application) as after:
            own = judged(before, after, options, by_kind)
        print(_line(application.name, own), flush=True)
        total += own
    for kind, counts in sorted(by_kind.items()):
        print(_line(f"  {kind}", counts))
    print(_line("all", total))
    return 0


def judged(
    unchanged: Application, application: Application, options: argparse.Namespace, by_kind: dict[str, Counter[str]]
) -> Counter[str]:
    """The mutations of one application; the text before is read from a copy of its own."""
    total = Counter[str]()
    documents = Documents(application)
    try:
        old = documents.ask()
        if old is None:
            print(f"{application.name}: does not start")
            return total
        before = load(unchanged.root)
        app = answer(application.root, old, warm=False)[0].app
        for one in _spread(sources(application.root), random.Random(options.seed)):
            if total["changes"] == options.mutations:
                break
            with changed(application.root, {one.path: one.text}):
                new = documents.ask()
                real = None if new is None else asked(options.oasdiff, old, new)
                if new is None or not real:
                    continue
                placed = between(before, load(application.root), "").placed
            said = frozenset(
                (row.change.level, row.change.id, row.change.operation) for row in placed if row.app == app
            )
            rules = frozenset((row.level, row.id, row.operation) for row in changes(old, new))
            own = Counter(
                changes=1,
                verdict=int(_worst(said) == _worst(real)),
                same=int(_serious(said) == _serious(real)),
                rules=int(_worst(rules) == _worst(real)),
            )
            total += own
            by_kind[one.kind] += own
            _show(one, said, real, rules)
    finally:
        documents.close()
    return total


def asked(oasdiff: Path, old: Openapi, new: Openapi) -> Verdict:
    """What oasdiff says of two documents."""
    with tempfile.TemporaryDirectory() as folder:
        for name, document in (("old.json", old), ("new.json", new)):
            Path(folder, name).write_text(json.dumps(document))
        command = [oasdiff, "changelog", "old.json", "new.json", "-f", "json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=True, text=True)
    rows = json.loads(done.stdout or "[]")
    return frozenset(
        (LEVELS[row["level"]], row["id"], f"{row.get('operation', '')} {row.get('path', '')}".strip())
        for row in rows
        if row["id"] not in ABOUT_THE_DOCUMENT
    )


def _spread(files: Mapping[str, str], chance: random.Random) -> list[Mutation]:
    """One of each kind in turn."""
    groups: dict[str, list[Mutation]] = defaultdict(list)
    for path, text in files.items():
        for one in mutations(path, text):
            groups[one.kind].append(one)
    for group in groups.values():
        chance.shuffle(group)
    longest = max(map(len, groups.values()), default=0)
    return [group[turn] for turn in range(longest) for _, group in sorted(groups.items()) if turn < len(group)]


def _worst(verdict: Iterable[tuple[str, str, str]]) -> str:
    levels = {level for level, _, _ in verdict}
    return next((level for level in LEVELS.values() if level in levels), "nothing")


def _serious(verdict: Verdict) -> Verdict:
    return frozenset(row for row in verdict if row[0] != "info")


def _show(one: Mutation, said: Verdict, real: Verdict, rules: Verdict) -> None:
    if _serious(said) == _serious(real) and _worst(said) == _worst(real):
        return
    worst = f"{_worst(said)}, oasdiff {_worst(real)}, rules {_worst(rules)}"
    print(f"  {one.kind}  {one.path}:{one.line}  {one.what}: {worst}", flush=True)
    for mark, rows in (("-", real - said), ("+", said - real)):
        for row in sorted(rows)[:4]:
            print(f"      {mark} {' '.join(row)}", flush=True)


def _line(name: str, counts: Counter[str]) -> str:
    return f"{name:30}{counts['changes']:8}{counts['verdict']:9}{counts['same']:6}{counts['rules']:7}"
