"""History read back: who contributed what, and which commits are out of form."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fastapi_expert.credit.contributors import reasons_of
from fastapi_expert.credit.judge import Judgement, Style, judge
from fastapi_expert.credit.ledger import Ledger
from fastapi_expert.credit.message import Message, handle, passes, read
from fastapi_expert.git import GitError, Repository

_FIELDS = ("%H", "%P", "%an", "%aI", "%s", "%(trailers:key=Assisted-by,valueonly,separator=%x1f)", "%B")


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as credit sees it; ``names`` come from its subject, then from its trailers."""

    sha: str
    author: str
    date: str
    subject: str
    type: str
    scope: str
    description: str
    names: tuple[str, ...]
    merge: bool
    message: str


@dataclass(frozen=True, slots=True)
class Contributor:
    """What one name has to its credit; ``files`` are counted once, lines as git's numstat counts them."""

    name: str
    commits: int
    files: int
    insertions: int
    deletions: int
    types: dict[str, int]
    first: str
    last: str


def commits(repo: Repository, revisions: str | None = None) -> list[Commit]:
    """The commits of ``revisions`` (all of HEAD when None), newest first.

    Raises GitError for revisions that git does not know.
    """
    if revisions is None and repo.head is None:
        return []
    if revisions is not None and revisions.startswith("-"):
        raise GitError(f"not a range of commits: {revisions}", do="give one as git does: main..HEAD, v1.2.., a commit")
    template = "%x00".join(_FIELDS) + "%x00%x00%x00"
    if revisions is not None and repo.ask("rev-list", "--max-count=1", revisions, "--") is None:
        raise GitError(f"no such commits: {revisions}", do="name them as git does: main..HEAD, v1.2.., a commit")
    printed = repo.git("log", f"--format={template}", "--no-show-signature", revisions or "HEAD", "--")
    return [_commit(row) for row in printed.split("\0\0\0\n") if row.strip("\n")]


def contributors(repo: Repository, found: Iterable[Commit]) -> list[Contributor]:
    """Everyone whom ``found`` names, by number of commits. A revert names nobody: it quotes."""
    credited = {commit.sha: commit for commit in found if commit.names and not commit.merge}
    changes = _changes(repo, list(credited))
    by_name: dict[str, list[Commit]] = defaultdict(list)
    for commit in credited.values():
        for name in commit.names:
            by_name[name].append(commit)
    counted = [_contributor(name, theirs, changes) for name, theirs in by_name.items()]
    return sorted(counted, key=lambda one: (-one.commits, one.name))


def misformed(repo: Repository, revisions: str, *, style: Style) -> list[tuple[Commit, Judgement]]:
    """The commits of ``revisions`` whose message is out of form, each with its correction.

    Where the ledger knows who contributed to one (it was made in this clone), it must name them, too.
    """
    wrong: list[tuple[Commit, Judgement]] = []
    carried = Ledger(repo).settled()
    for commit in commits(repo, revisions):
        if commit.merge:
            continue
        owed = reasons_of(carried.get(commit.sha, ()))
        judgement = judge(Message(commit.message, "\0"), due=owed, style=style)
        if judgement.complaints:  # only now are its files worth a call to git: they help to guess a type
            paths = repo.changed_in(commit.sha)
            wrong.append((commit, judge(Message(commit.message, "\0"), due=owed, style=style, paths=paths)))
    return wrong


def _commit(row: str) -> Commit:
    sha, parents, author, date, line, assisted, body = row.lstrip("\n").split("\0", 6)
    subject, _ = read(line)
    trailers = (
        handle(value.strip().removeprefix("@").partition(":")[0].partition(" ")[0]) for value in assisted.split("\x1f")
    )
    names = () if passes(line) else tuple(dict.fromkeys((*subject.names, *filter(None, trailers))))
    merge = " " in parents
    return Commit(
        sha, author, date, line, subject.type, subject.scope, subject.description, names, merge, body.strip("\n")
    )


def _changes(repo: Repository, shas: Sequence[str]) -> dict[str, list[tuple[str, int, int]]]:
    """For each commit its files with lines added and deleted (0 for a binary file)."""
    if not shas:
        return {}
    command = ("diff-tree", "--stdin", "--root", "-r", "--numstat", "-z", "--no-renames")
    printed = repo.git(*command, data="".join(f"{sha}\n" for sha in shas).encode())
    changes: dict[str, list[tuple[str, int, int]]] = {}
    current: list[tuple[str, int, int]] = []
    for field in printed.split("\0"):
        row = field.strip("\n").split("\t", 2)
        if len(row) == 3:
            current.append((row[2], _lines(row[0]), _lines(row[1])))
        elif row[0]:
            current = changes.setdefault(row[0], [])
    return changes


def _lines(count: str) -> int:
    return int(count) if count.isdigit() else 0  # `-` stands for a binary file


def _contributor(name: str, theirs: Sequence[Commit], changes: dict[str, list[tuple[str, int, int]]]) -> Contributor:
    rows = [row for commit in theirs for row in changes.get(commit.sha, ())]
    types: dict[str, int] = defaultdict(int)
    for commit in theirs:
        types[commit.type or "other"] += 1
    dates = sorted(commit.date for commit in theirs)
    return Contributor(
        name,
        commits=len(theirs),
        files=len({path for path, _, _ in rows}),
        insertions=sum(added for _, added, _ in rows),
        deletions=sum(deleted for _, _, deleted in rows),
        types=dict(sorted(types.items(), key=lambda item: -item[1])),
        first=dates[0],
        last=dates[-1],
    )
