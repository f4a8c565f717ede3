"""`expert`: one process, one command, one exit code (0 fine, 1 findings, 2 error, 130 interrupted).

Commands that hooks and agents start all the time are run directly: they import no command-line library, which would
cost more than the answer.
"""

import errno
import gc
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from fastapi_expert.errors import ExpertError

# command -> module whose `main(argv) -> int | None` runs it; None leaves the command line to Typer
DIRECT = {
    "hook": "fastapi_expert.hook",
    "git-hook": "fastapi_expert.credit.hooks",
    "mcp": "fastapi_expert.mcp",
    "propose": "fastapi_expert.cli.propose",
    "duplicates": "fastapi_expert.cli.report_duplicates",
    "review": "fastapi_expert.cli.report_review",
    "find": "fastapi_expert.cli.search",
}
LONG_LIVED = ("mcp", "agent")
LOOKING = ("duplicates", "review", "map", "routes", "find", "propose")
"""These leave nothing to tidy up, and end without taking the interpreter's objects apart one by one."""
INTERRUPTED = 130
CLOSED_PIPE = 141
REFUSALS = {
    errno.ENOSPC: "make room on that disk, then run the command again",
    errno.EDQUOT: "make room in that quota, then run the command again",
    errno.EROFS: "it is mounted read-only: work on a copy, or have it mounted for writing",
    errno.EACCES: "give the user who runs this the right to it",
    errno.EPERM: "give the user who runs this the right to it",
    errno.ENOTDIR: "a file lies where a folder belongs: move it away",
    errno.EISDIR: "a folder lies where a file belongs: move it away",
    errno.ENAMETOOLONG: "give it a shorter name",
    errno.EMFILE: "let more files be open: ulimit -n 1024",
    errno.ENFILE: "let more files be open on this machine",
}
"""What an operating system refuses on a healthy machine, and what a person does about it."""


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code; raises only what nobody expected."""
    try:
        code = _dispatch(argv)
        sys.stdout.flush()
        return code
    except ExpertError as error:
        _say(f"error: {error}")
        return 2
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _give_up_output()  # the reader (`| head`) has what it wanted
        return CLOSED_PIPE
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        where = "standard output" if error.filename is None else os.fsdecode(error.filename)
        if error.filename is None:
            _give_up_output()
        _say(f"error: {where}: {error.strerror}\n  {REFUSALS[error.errno]}")
        return 2


def main() -> None:
    """Entry point of the `expert` script."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an old locale, or a file name that is not UTF-8
    if not set(sys.argv[1:2]) & set(LONG_LIVED):
        gc.disable()  # it lives for a second, and looking for cycles would take a tenth of that
    try:
        code = run(sys.argv[1:])
    except Exception as error:
        if os.environ.get("EXPERT_DEBUG"):
            raise
        from fastapi_expert import __version__

        _say(f"error: expert {__version__} broke on this: {type(error).__name__}: {error}")
        _say("  run it again with EXPERT_DEBUG=1 and report the traceback together with the command line")
        code = 2
    if code == INTERRUPTED or set(sys.argv[1:2]) & set(LOOKING):
        # Python itself would end by the signal if it came while a string was executed, as dataclasses are made
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _dispatch(argv: Sequence[str]) -> int:
    module = DIRECT.get(argv[0]) if argv else None
    if module is not None:
        code = import_module(module).main(argv[1:])
        if code is not None:
            return int(code)
    from fastapi_expert.cli import run_command

    return run_command(argv)


def _open_closed_streams() -> None:
    """Put nothing where a caller closed standard input, output or error: the next file opened would take its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
            setattr(sys, name, open(opened, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115 - lives as long


def _give_up_output() -> None:
    """Keep the interpreter's own flush at exit from complaining."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str) -> None:
    print(message, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
