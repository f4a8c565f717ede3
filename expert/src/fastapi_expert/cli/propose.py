"""`expert propose`: may this be written?

Called by agents' hooks before every write, so nothing here imports a command-line library unless the command line is
wrong or asks for help.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi_expert import config
from fastapi_expert.errors import UsageError

USAGE = """\
Usage: expert propose [OPTIONS] FILE|-

  May this be written? Judges a draft against the codebase: `new`, `extend` or `duplicate`, and what to use instead;
  beside the verdict, what of `expert review` is wrong in it.

  FILE is a Python file or a unified diff; `-` reads standard input. Exit code: 0 new, 1 not to be written, 2 error.

  Example: expert propose draft.py --as app/services/users.py
           git diff | expert propose -

Options:
  --as PATH    Where the draft will lie; the file that is there now is left out of the judgement.
  --root PATH  Directory of the codebase; the enclosing project when left out.
  --json       Print JSON (schema_version 1) instead of text.
  -h, --help   Show this message.
"""


@dataclass(slots=True)
class _Request:
    file: str = ""
    as_path: str | None = None
    root: str | None = None
    json: bool = False


def main(argv: Sequence[str]) -> int:
    """Run `expert propose ARGV…`; the exit code is the verdict."""
    if any(argument in ("-h", "--help") for argument in argv):
        sys.stdout.write(USAGE)
        return 0
    request = _parse(argv)
    root = _root(request)
    text = _read(request.file)
    return _answer(request, root, text)


def _parse(argv: Sequence[str]) -> _Request:
    request = _Request()
    arguments = iter(argv)
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name in ("--as", "--root"):
            value = value if equals else next(arguments, "")
            if not value:
                raise UsageError(f"{name} needs a path", do="see `expert propose --help`")
            if name == "--as":
                request.as_path = value
            else:
                request.root = value
        elif argument == "--json":
            request.json = True
        elif argument.startswith("-") and argument != "-":
            raise UsageError(f"no such option: {argument}", do="see `expert propose --help`")
        elif request.file:
            raise UsageError(f"one draft at a time: {request.file} and {argument}", do="give a diff of several files")
        else:
            request.file = argument
    if not request.file:
        raise UsageError("no draft", do="give a file, or `-` for standard input")
    return request


def _root(request: _Request) -> Path:
    if request.root is None:
        return config.project_root(Path.cwd())
    root = Path(request.root)
    if not root.is_dir():
        raise UsageError("there is no such directory", where=request.root, do="give the directory of a codebase")
    return root.resolve()


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"the draft cannot be read: {error.strerror}", where=file, do="give a file, or `-`") from None


def _answer(request: _Request, root: Path, text: bytes) -> int:
    from fastapi_expert.duplicates.proposal import propose
    from fastapi_expert.duplicates.store.snapshot import Snapshot
    from fastapi_expert.render.source import Sources
    from fastapi_expert.review.draft import hazards_at, refuses

    place = _place(request, root)
    project = Snapshot.open(root, config.load(root))
    proposal = propose(project, text, as_path=place, moved_from=_draft_below(root, request, place))
    hazards = hazards_at(project, text, as_path=place)
    if request.json:
        from fastapi_expert.render.json import propose_document, write_json

        write_json(propose_document(proposal, hazards))
    else:
        from fastapi_expert.render.proposal import proposal_text
        from fastapi_expert.render.terminal import stdout_style, write

        write(proposal_text(proposal, Sources(root, proposal.drafts), stdout_style(), hazards))
    return 0 if proposal.verdict == "new" and not any(refuses(one) for one in hazards) else 1


def _draft_below(root: Path, request: _Request, place: str | None) -> str | None:
    """Where FILE lies below the root, unless it is to be copied: what is part of the project stays what it is."""
    here = Path(os.path.abspath(request.file))
    if request.file == "-" or not here.is_relative_to(root):
        return None
    name = here.relative_to(root).as_posix()
    return None if name != place and _is_kept(here) else name


def _is_kept(file: Path) -> bool:
    """Whether git knows the file; where there is no repository, whether it is a module of a package."""
    from fastapi_expert.git import GitError, Repository

    try:
        repository = Repository.find(file.parent)
    except GitError:  # no repository, or no git on this machine
        return (file.parent / "__init__.py").exists()
    return repository.ask("ls-files", "--error-unmatch", "--", str(file)) is not None


def _place(request: _Request, root: Path) -> str | None:
    """Where the draft will lie, relative to the root: as told, else where it lies already if that is inside."""
    named = request.as_path if request.as_path is not None else request.file
    if named == "-":
        return None
    here = Path(os.path.abspath(named))
    if here.is_relative_to(root):
        return here.relative_to(root).as_posix()
    if request.as_path is not None and request.root is not None:  # a path of the codebase, told from elsewhere
        below = Path(os.path.normpath(root / named))
        if below.is_relative_to(root):
            return below.relative_to(root).as_posix()
    if request.as_path is None:
        return None
    raise UsageError(
        f"this is outside of {root}", where=request.as_path, do="give a path inside the codebase, or --root"
    )
