"""`expert commit`: git's commit, with the message in form and the contributors named."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.credit.commit import commit
from fastapi_expert.credit.hooks import style_of
from fastapi_expert.git import Repository
from fastapi_expert.render.json import write_json


def command(
    message: Annotated[
        list[str] | None, typer.Option("--message", "-m", help="The message; a second -m adds a paragraph.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Stage what is modified and deleted first.")] = False,
    amend: Annotated[
        bool, typer.Option("--amend", help="Replace the last commit; its contributors stay named.")
    ] = False,
    trailers: Annotated[
        bool, typer.Option("--trailers", help="Name the contributors in Assisted-by: trailers, too.")
    ] = False,
    no_mentions: Annotated[
        bool, typer.Option("--no-mentions", help="Name them in trailers only: nobody is notified.")
    ] = False,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", "-n", help="Pass by the commit hooks, as git does.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the message; commit nothing.")] = False,
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Commit these files only.")] = None,
    json: JsonFlag = False,
) -> None:
    """Commit what is staged as `type(scope): description - @name @name`, the names taken from the ledger.

    Example: expert commit -m "feat(auth): add login"
    """
    repo = Repository.find(Path.cwd())
    options = {"--all": everything, "--amend": amend, "--no-verify": no_verify, "--dry-run": dry_run}
    flags = [flag for flag, wanted in options.items() if wanted]
    files = ["--", *_from_root(repo, paths)] if paths else []
    style = style_of(repo)
    style = replace(style, mentions=style.mentions and not no_mentions, trailers=style.trailers or trailers)
    made = commit(repo, message or [], arguments=[*flags, *files], style=style, quiet=json or dry_run)
    refused = bool(made.judgement.complaints)
    if json:
        write_json(
            {
                "committed": made.commit is not None,
                "commit": made.commit,
                "message": made.message.strip(),
                "complaints": made.judgement.complaints,
                "corrected": made.judgement.corrected or None,
            }
        )
    elif refused:
        typer.echo(f"expert: {made.judgement}", err=True)
    elif dry_run:
        typer.echo(made.message.strip())
    if refused or made.code:
        raise typer.Exit(1)


def _from_root(repo: Repository, paths: list[str]) -> list[str]:
    """git runs at the root of the work tree; the paths were given from here."""
    cwd = Path.cwd().resolve()
    return [(cwd / path).relative_to(repo.root.resolve()).as_posix() for path in paths]
