"""The command line: which commands there are, and how one is found, run and refused.

A command's module is imported when that command is the one typed, so no command pays for another's libraries.
A module holds either `command`, a function (one command), or `app`, a Typer (a group such as `expert note …`).
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from fastapi_expert import __version__
from fastapi_expert.errors import UsageError

if TYPE_CHECKING:
    from typer.exceptions import TyperException

COMMANDS: dict[str, tuple[str, str]] = {
    "new": ("new", "lay down a running, tested service"),
    "update": ("update", "bring a later template into a project that was laid down before"),
    "add": ("add", "add a resource, or a field to one: table, schemas, endpoints, migration, tests"),
    "map": ("map", "what this codebase holds: apps, routes, schemas, tables, services, tests …"),
    "routes": ("routes", "every route with its final path, auth, models and tests"),
    "access": ("access", "who can reach what; kept in a lock file, and what a change opens"),
    "openapi": ("openapi", "the OpenAPI document, from the text alone"),
    "contract": ("contract", "what a change does to clients: breaking, warning, info"),
    "impact": ("impact", "what a name, a place or a change reaches: routes, tables, tasks, tests"),
    "find": ("find", "what is already here that does this"),
    "propose": ("propose", "may this be written? new, extend or duplicate"),
    "duplicates": ("duplicates", "what is here twice"),
    "review": ("review", "what is wrong here, as an expert of FastAPI sees it"),
    "conventions": ("conventions", "how one writes here: parts of a resource, places, errors, permissions, pages"),
    "rule": ("rule", "explain a rule: what, why, example, fix"),
    "check": ("check", "the gate: types, format, lint, security, duplicates, tests of what changed"),
    "note": ("note", "what the team decided: write, read, search, context, edit"),
    "credit": ("credit", "who contributed: add, list"),
    "commit": ("commit", "commit with a message that says who contributed"),
    "install": ("install", "wire a coding agent's client, or git"),
    "hook": ("hook", "what an agent's client calls before a write and after a turn"),
    "agent": ("agent", "let a language model do a task, under the same rules"),
    "mcp": ("mcp", "all of this as an MCP server"),
}
EXAMPLES = """\
Examples:
  expert map                         what is in the project around this directory
  expert find hash password          is there one already?
  expert propose draft.py --as app/services/users.py
  expert duplicates --since main     what this branch brings in twice

`expert COMMAND --help` explains a command.
"""


def run_command(argv: Sequence[str]) -> int:
    """Run ``argv`` as `expert ARGV…` and return the exit code.

    Raises:
        ExpertError: for every failure that was foreseen, the command line's own included.
    """
    if not argv or argv[0] in ("-h", "--help", "help"):
        sys.stdout.write(_help())
        return 0 if argv else 2
    name = argv[0]
    if name in ("-V", "--version"):
        sys.stdout.write(f"expert {__version__}\n")
        return 0
    if name not in COMMANDS:
        raise UsageError(f"there is no command {name!r}", do=_nearest(name))
    return _run_typer(name, argv[1:])


def _run_typer(name: str, arguments: Sequence[str]) -> int:
    import typer
    from typer.exceptions import TyperException

    module = import_module(f"fastapi_expert.cli.{COMMANDS[name][0]}")
    # plain help: no rich to import, nothing that breaks in a pipe or a log
    app = typer.Typer(
        add_completion=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
    )
    if hasattr(module, "app"):
        app.add_typer(module.app, name=name, context_settings={"help_option_names": ["-h", "--help"]})
        app.callback()(_group)
        arguments = [name, *arguments]
    else:
        app.command()(module.command)
    program = "expert" if hasattr(module, "app") else f"expert {name}"
    try:
        code: object = typer.main.get_command(app).main(args=list(arguments), prog_name=program, standalone_mode=False)
    except typer.Exit as done:
        return done.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except TyperException as error:
        raise _refusal(error, f"expert {name}") from None
    return code if isinstance(code, int) else 0


def _refusal(error: "TyperException", program: str) -> UsageError:
    """Typer's complaint about a command line, in our shape; a bare group answers with its help."""
    message = str(error)
    if message.startswith("Usage: "):
        sys.stdout.write(message + "\n")
        return UsageError(f"`{program}` needs one of the commands above")
    complaint = error.format_message().replace("Value error, ", "")  # names the option, as the bare message does not
    context = getattr(error, "ctx", None)
    program = program if context is None else context.command_path
    return UsageError(complaint[:1].lower() + complaint[1:].rstrip("."), do=f"see `{program} --help`")


def _group() -> None:
    """Typer makes a lone sub-app the whole app unless there is a callback."""


def _help() -> str:
    width = max(len(name) for name in COMMANDS)  # `map` is a module of ours here
    rows = "".join(f"  {name:<{width}}  {line}\n" for name, (_, line) in COMMANDS.items())
    return f"Usage: expert COMMAND …\n\nA FastAPI specialist as a program.\n\nCommands:\n{rows}\n{EXAMPLES}"


def _nearest(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, COMMANDS, n=1)
    return f"did you mean `expert {near[0]}`?" if near else "see `expert --help`"
