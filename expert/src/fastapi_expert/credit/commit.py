"""`expert commit`: the message in form, the contributors named, then git's own commit."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fastapi_expert.credit.contributors import due
from fastapi_expert.credit.hooks import settle, style_of
from fastapi_expert.credit.judge import Judgement, Style, judge
from fastapi_expert.credit.message import TRAILER, Message, read
from fastapi_expert.errors import ExpertError
from fastapi_expert.git import Repository


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it. ``judgement`` has complaints when nothing was committed for the message's sake; ``code`` is
    git's exit code otherwise, and ``commit`` the new commit when that is 0."""

    message: str
    judgement: Judgement
    code: int = 0
    commit: str | None = None


def commit(
    repo: Repository,
    paragraphs: Sequence[str],
    *,
    arguments: Sequence[str] = (),
    style: Style | None = None,
    quiet: bool = False,
) -> Made:
    """Commit with ``paragraphs`` as message and ``arguments`` handed on to `git commit`.

    The contributors are those of what these arguments would commit. With ``--amend`` and no paragraph the last message
    is kept, and what it lacks is added. The repository's hooks run as they always do.

    Raises ExpertError when there is no message, GitError when git cannot say what it would commit.
    """
    style = style or style_of(repo)
    amends = "--amend" in arguments
    text = _text(repo, paragraphs, amends=amends)
    paths = _paths(repo, arguments)
    owed = due(repo, paths=paths, amending=amends, contributors=style.contributors)
    message = _credited(repo, Message(text), owed.names, style)
    judgement = judge(message, due=owed, style=style, paths=paths)
    if judgement.complaints:
        return Made(message.text, judgement)
    done = subprocess.run(
        ["git", "commit", "--file=-", *arguments],
        cwd=repo.root,
        input=message.text.encode("utf-8", errors="surrogateescape"),
        check=False,
        capture_output=quiet,
    )
    if done.returncode or "--dry-run" in arguments:
        if quiet and done.returncode:
            reason = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise ExpertError(f"git did not commit: {reason}", where=str(repo.root))
        return Made(message.text, judgement, done.returncode)
    settle(repo)  # a second time where the hook is installed: settling is idempotent
    made = repo.head
    written = repo.git("log", "-1", "--format=%B", "HEAD").strip()
    return Made(written, replace(judgement, subject=Message(written).subject), 0, made)


def _text(repo: Repository, paragraphs: Sequence[str], *, amends: bool) -> str:
    text = "\n\n".join(paragraph.strip("\n") for paragraph in paragraphs if paragraph.strip())
    if text:
        return f"{text}\n"
    if amends and (old := repo.ask("log", "-1", "--format=%B", "HEAD")):
        return f"{old}\n"
    raise ExpertError("a commit needs a message", do='say what it does: expert commit -m "feat(auth): add login"')


def _paths(repo: Repository, arguments: Sequence[str]) -> list[str]:
    """The paths that `git commit ARGUMENTS` would commit."""
    if not arguments:
        return repo.staged()
    options = [argument for argument in arguments if argument not in ("-q", "--quiet", "-v", "--verbose", "--dry-run")]
    status = subprocess.run(
        ["git", "-c", "status.renames=false", "commit", "--dry-run", "--porcelain", "-z", *options],
        cwd=repo.root,
        capture_output=True,
        check=False,
    )  # exit code 1 says that there is nothing to commit, which git will say better itself
    rows = status.stdout.decode(errors="surrogateescape").split("\0")
    return [row[3:] for row in rows if len(row) > 3 and row[0] not in " ?!"]


def _credited(repo: Repository, message: Message, names: Sequence[str], style: Style) -> Message:
    line = message.subject
    subject, complaints = read(line, types=style.all_types)
    missing = [name for name in names if name not in message.credited]
    if style.mentions and missing and not complaints:
        message = message.with_subject(str(subject.naming(missing)))
    elif not style.mentions and subject.names and not complaints:
        names = list(dict.fromkeys((*subject.names, *names)))
        message = message.with_subject(str(replace(subject, names=())))
    trailers = [name for name in names if name not in message.assisted] if style.trailers or not style.mentions else []
    if not trailers or complaints:
        return message
    options = [f"--trailer={TRAILER}: {name}" for name in trailers]
    text = repo.git("interpret-trailers", "--if-exists=addIfDifferent", *options, data=message.text.encode())
    return replace(message, text=text)
