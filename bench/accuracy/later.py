"""`python -m bench accuracy later REPOSITORY…`: commits of real projects, proposed as diffs to the tree before them.

Each REPOSITORY is a git repository. Of its commits (no merges, at most 40 Python files, twelve added lines that are no
tests at least) some are chosen by the hash of their name. What is said of each is listed, with what a reader thought of
it where `judged/later.tsv` knows it: `right` when a maintainer would want to be told, `wrong` when not.
"""

import argparse
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from bench.accuracy.judged import Judgement, read
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.duplicates import propose

JUDGED = "later.tsv"
MOST_FILES = 40
LEAST_LINES = 12
_PATTERNS = ("*.py", "*.toml", "*.cfg", "requirements*.txt", "Dockerfile")


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench accuracy later", description=__doc__)
    parser.add_argument("repositories", type=Path, nargs="+", help="git repositories with history")
    parser.add_argument("--count", type=int, default=15, help="commits of each")
    parser.add_argument("--latest", type=int, default=1500, help="the latest commits of each that may be chosen")
    options = parser.parse_args(argv)
    known = {one.key: one for one in read(JUDGED)}
    verdicts: Counter[str] = Counter()
    thought: Counter[str] = Counter()
    for place in options.repositories:
        repository = place.resolve()
        name = repository.parent.name if repository.name in ("repo", ".git") else repository.name
        for commit, verdict, rows in _proposed(repository, options.count, options.latest):
            verdicts[verdict] += 1
            if verdict == "new":
                continue
            said = [known.get(f"{name} {commit[:10]} {rule} {where}") for rule, where, _ in rows]
            thought[_overall(said)] += 1
            print(f"{name} {commit[:10]} {verdict}: {_overall(said)}")
            for rule, where, text in rows:
                print(f"   {rule} {where}: {text}")
    print(f"{verdicts.total()} commits: {dict(verdicts)}; of those that are told something: {dict(thought)}")
    return 0


def _overall(said: Sequence[Judgement | None]) -> str:
    """A verdict is right when the finding that it leads with is."""
    return said[0].verdict if said and said[0] is not None else "not judged"


def _proposed(repository: Path, count: int, latest: int) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        _git(Path(scratch), "clone", "--quiet", "--shared", "--no-checkout", str(repository), str(tree))
        _git(tree, "sparse-checkout", "set", "--no-cone", *_PATTERNS)
        for commit in _chosen(tree, count, latest):
            _git(tree, "checkout", "--quiet", "--force", f"{commit}^")
            diff = _git(tree, "diff", "-M", f"{commit}^", commit, "--", "*.py")
            answer = propose(tree, diff.encode("utf-8", "surrogateescape"))
            rows = [
                (one.rule, f"{one.components[0].path}:{one.components[0].line}", f"{one.message} -> {one.advice}")
                for one in answer.findings
            ]
            yield commit, answer.verdict, rows


def _chosen(tree: Path, count: int, latest: int) -> list[str]:
    log = _git(tree, "log", "--no-merges", f"-{latest}", "--format=%H", "--", "*.py").split()
    found: list[str] = []
    for commit in sorted(log, key=lambda one: sha256(one.encode()).hexdigest()):
        rows = [
            row.split("\t") for row in _git(tree, "show", "--numstat", "--format=", commit, "--", "*.py").splitlines()
        ]
        added = sum(int(row[0]) for row in rows if len(row) == 3 and row[0].isdigit() and not is_test_path(row[2]))
        if len(rows) <= MOST_FILES and added >= LEAST_LINES and _has_parent(tree, commit):
            found.append(commit)
        if len(found) == count:
            break
    return found


def _has_parent(tree: Path, commit: str) -> bool:
    return len(_git(tree, "rev-list", "--parents", "-1", commit).split()) == 2


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape")
