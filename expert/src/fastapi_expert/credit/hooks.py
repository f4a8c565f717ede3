"""The git hooks of attribution: ``expert git-hook HOOK [ARGUMENT…]``.

`prepare-commit-msg` adds the names that the commit owes, `commit-msg` refuses a message that is out of form or leaves
one out, `post-commit` settles the ledger. Kept apart from the command line because git waits for each of them.
"""

import os
import subprocess
import sys
from pathlib import Path

from fastapi_expert.credit.contributors import Due, amending, due, merging, replayed, replaying_since
from fastapi_expert.credit.judge import Judgement, Style, judge
from fastapi_expert.credit.ledger import Ledger, digest
from fastapi_expert.credit.message import TRAILER, Message, add_names, passes, read
from fastapi_expert.credit.records import Record
from fastapi_expert.errors import ExpertError
from fastapi_expert.git import Repository

HOOKS = ("prepare-commit-msg", "commit-msg", "post-commit")


def main(argv: list[str]) -> int:
    """Run one hook in the repository around the current folder; the exit code is git's answer."""
    try:
        name, *arguments = argv
        source = arguments[1] if len(arguments) > 1 else os.environ.get("PRE_COMMIT_COMMIT_MSG_SOURCE", "")
        repo = Repository.find(Path.cwd())
        if name == "prepare-commit-msg":
            prepare(repo, Path(arguments[0]), source=source)
        elif name == "commit-msg":
            judgement = check(repo, Path(arguments[0]))
            if judgement.complaints:
                print(f"expert: {judgement}{_drop_hint(judgement)}", file=sys.stderr)  # noqa: T201
                return 1
        elif name == "post-commit":
            settle(repo)
        else:
            raise ExpertError(f"no git hook of this name: {name}", do=f"one of: {', '.join(HOOKS)}")
    except (ValueError, IndexError):
        print(f"usage: expert git-hook {'|'.join(HOOKS)} FILE", file=sys.stderr)  # noqa: T201
        return 2
    except ExpertError as error:
        print(f"expert: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


def prepare(repo: Repository, file: Path, *, source: str) -> None:
    """Add the names that the commit owes to the message in ``file``, in the project's style, and what the environment
    says of its tests."""
    if reason := os.environ.get("EXPERT_TEST_CHANGE", "").strip():  # the gate was told it: so is the reader
        repo.git("interpret-trailers", "--in-place", f"--trailer=Test-Change: {reason}", str(file.absolute()))
    message = _read(repo, file)
    if merging(repo) or (source == "merge" and replaying_since(repo) is None):
        return
    if source == "message" and not repo.rebasing and (plain := message.without_leading_comments) != message:
        # given with -m or -F, it is cleaned of comments only where git is told to: they would be the commit's subject
        message = plain
        _write(file, message)
    style = style_of(repo)
    if passes(message.subject):
        if message.subject.startswith(("fixup! ", "squash! ", "amend! ")):  # its subject must stay its target's
            add_trailers(repo, file, _owed(repo, style).names)
        return
    owed = _owed(repo, style)
    # while commits are melded, their trailers lie about in the text: the subject alone counts
    named = read(message.subject)[0].names if repo.rebasing else message.credited
    missing = [name for name in owed.names if name not in named]
    if missing and style.mentions:
        _write(file, message.with_subject(add_names(message.subject, missing)))
    if style.trailers or not style.mentions:
        add_trailers(repo, file, [name for name in owed.names if name not in message.assisted])


def check(repo: Repository, file: Path) -> Judgement:
    """Judge the message in ``file`` for the commit that git is about to make."""
    message = _read(repo, file)
    if merging(repo):
        return Judgement(message.subject)
    paths = repo.staged()
    before = replayed(repo)
    old = before is not None and _plain(before.subject) == _plain(message.subject)
    style = style_of(repo)
    owed = due(repo, paths=paths, amending=amending(repo), contributors=style.contributors)
    return judge(message, due=owed, style=style, paths=paths, old=old)


def settle(repo: Repository) -> None:
    """Take off the ledger what the commit just made carries."""
    commit = repo.head
    if commit is None:
        return
    owed = due(repo, paths=repo.changed_in(commit), amending=False)
    dirty = set(repo.dirty())
    Ledger(repo).settle([record for record in owed.records if not _goes_on(repo, record, commit, dirty)], commit=commit)


def style_of(repo: Repository) -> Style:
    """The project's `[tool.fastapi-expert.credit]`; the file is not parsed when it does not name us."""
    try:
        if b"fastapi-expert" not in (repo.root / "pyproject.toml").read_bytes():
            return Style()
    except OSError:
        return Style()
    from fastapi_expert.config import load

    credit = load(repo.root).credit
    return Style(credit.types, credit.mentions, credit.trailers, credit.contributors)


def add_trailers(repo: Repository, file: Path, names: tuple[str, ...] | list[str]) -> None:
    """Add an `Assisted-by:` trailer for each name, where git's own tool would put it."""
    if names:
        options = [f"--trailer={TRAILER}: {name}" for name in names]
        repo.git("interpret-trailers", "--in-place", "--if-exists", "addIfDifferent", *options, str(file.absolute()))


def _owed(repo: Repository, style: Style) -> Due:
    return due(repo, paths=repo.staged(), amending=amending(repo), contributors=style.contributors)


def _goes_on(repo: Repository, record: Record, commit: str, dirty: set[str]) -> bool:
    """Whether part of what the contributor did is still uncommitted: the file was staged in part."""
    if record.file is None or record.file not in dirty or record.blob is None:
        return False
    committed = subprocess.run(
        ["git", "cat-file", "--filters", f"{commit}:{record.file}"], cwd=repo.root, capture_output=True, check=False
    )
    return committed.returncode == 0 and digest(committed.stdout) != record.blob


def _plain(line: str) -> str:
    """The line without its names: what a hook may have added says nothing about who wrote the rest."""
    names = read(line)[0].names
    return line.partition(f" - @{names[0]}")[0].strip() if names else line.strip()


def _read(repo: Repository, file: Path) -> Message:
    try:
        text = file.read_bytes().decode("utf-8", errors="surrogateescape")
    except OSError as error:
        why = f"the commit message cannot be read: {error.strerror}"
        raise ExpertError(why, where=str(file), do="name the file that git hands to the hook") from None
    configured = repo.ask("config", "core.commentChar") or "#"
    return Message(text, "#" if configured == "auto" else configured)


def _write(file: Path, message: Message) -> None:
    file.write_bytes(message.text.encode("utf-8", errors="surrogateescape"))


def _drop_hint(judgement: Judgement) -> str:
    if any("contributed" in complaint for complaint in judgement.complaints):
        return "\nif a name does not belong here: expert credit drop @name"
    return ""
