"""`expert`: one process, one command, one exit code (0 fine, 1 findings, 2 error, 130 interrupted).

Commands that hooks and agents start all the time are run directly: they import no command-line library, which would
cost more than the answer.
"""

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
    "find": "fastapi_expert.cli.search",
}
LONG_LIVED = ("mcp", "agent")
LOOKING = ("duplicates", "map", "routes", "find", "propose")
"""These leave nothing to tidy up, and end without taking the interpreter's objects apart one by one."""
INTERRUPTED = 130
CLOSED_PIPE = 141


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
        # the reader (`| head`) has what it wanted; keep the interpreter's own flush at exit from complaining
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE


def main() -> None:
    """Entry point of the `expert` script."""
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


def _say(message: str) -> None:
    print(message, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
