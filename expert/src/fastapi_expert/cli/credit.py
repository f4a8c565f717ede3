"""`expert credit`: the ledger of the commit being made, and history read back."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.credit import history
from fastapi_expert.credit.hooks import style_of
from fastapi_expert.credit.ledger import Ledger, declare, record
from fastapi_expert.credit.message import handle, is_handle
from fastapi_expert.credit.records import Record
from fastapi_expert.errors import UsageError
from fastapi_expert.git import Repository
from fastapi_expert.render.credit import contributors_table, pending_table
from fastapi_expert.render.json import write_json

app = typer.Typer(
    no_args_is_help=True,
    help="Who contributed to what is being committed, and to what was.\n\nExample: expert credit list main..HEAD",
)

Names = Annotated[list[str] | None, typer.Argument(metavar="@NAME…", help="Contributors; the @ may be left out.")]
Range = Annotated[
    str | None, typer.Argument(metavar="RANGE", help="Commits as git names them: main..HEAD, v1.2.., a commit.")
]


@app.command("add")
def add(
    names: Annotated[list[str], typer.Argument(metavar="@NAME…", help="Contributors; the @ may be left out.")],
    file: Annotated[
        list[Path] | None, typer.Option("--file", "-f", help="A file they changed; may be repeated.")
    ] = None,
    session: Annotated[str | None, typer.Option(help="The agent session in which it happened.")] = None,
    json: JsonFlag = False,
) -> None:
    """Enter contributors in the ledger of the commit being made.

    With --file the credit goes to the commit that contains the file, without to the next commit on this branch.

    Example: expert credit add @test-writer --file tests/test_login.py
    """
    handles = [_handle(name) for name in names]
    cwd = Path.cwd()
    repo = Repository.find(cwd)
    for name in handles:
        if not file:
            declare(name, cwd=cwd, session=session)
        elif outside := set(file) - set(record(name, files=file, session=session, cwd=cwd)):
            raise UsageError("not in a git repository", where=str(min(outside)), do="name a file of this repository")
    _show_pending(repo, json=json)


@app.command("drop")
def drop(
    names: Names = None,
    everyone: Annotated[bool, typer.Option("--all", help="Withdraw everything that is pending.")] = False,
    json: JsonFlag = False,
) -> None:
    """Take contributors off the ledger: what they did will not be in the commit.

    Example: expert credit drop @test-writer
    """
    if bool(names) == everyone:
        raise UsageError("say whose credit to withdraw", do="name contributors, or give --all")
    repo = Repository.find(Path.cwd())
    ledger, handles = Ledger(repo), {_handle(name) for name in names or ()}
    pending = ledger.pending()
    unknown = handles - {record.name for record in pending}
    if unknown:
        raise UsageError(f"nothing of @{min(unknown)} is pending", do="see expert credit list --pending")
    ledger.settle([record for record in pending if everyone or record.name in handles], commit=None)
    _show_pending(repo, json=json)


@app.command("list")
def list_(
    revisions: Range = None,
    pending: Annotated[bool, typer.Option("--pending", help="The ledger of the commit being made instead.")] = False,
    json: JsonFlag = False,
) -> None:
    """Who contributed what: commits, files and lines by name, over a range or all of history.

    Example: expert credit list main..HEAD
    """
    repo = Repository.find(Path.cwd())
    if pending:
        return _show_pending(repo, json=json)
    commits = history.commits(repo, revisions)
    found = history.contributors(repo, commits)
    if not json:
        typer.echo(contributors_table(found, commits))
        return None
    rows = [
        {key: value for key, value in asdict(commit).items() if key not in ("message", "merge")}
        for commit in commits
        if commit.names and not commit.merge
    ]
    write_json(
        {
            "range": revisions or "HEAD",
            "contributors": [asdict(one) for one in found],
            "commits": rows,
            "commits_total": len(commits),
            "pending": _pending_rows(Ledger(repo).pending()),
        }
    )
    return None


@app.command("check")
def check(
    revisions: Annotated[str, typer.Argument(metavar="RANGE", help="Commits as git names them: origin/main..HEAD.")],
    json: JsonFlag = False,
) -> None:
    """Refuse a range with a commit whose message is out of form or leaves out who contributed; merges, reverts and
    fixups pass.

    Example: expert credit check origin/main..HEAD
    """
    repo = Repository.find(Path.cwd())
    checked = len(history.commits(repo, revisions))
    wrong = history.misformed(repo, revisions, style=style_of(repo))
    if json:
        rows = [
            {
                "sha": commit.sha,
                "subject": commit.subject,
                "complaints": judgement.complaints,
                "corrected": judgement.corrected,
            }
            for commit, judgement in wrong
        ]
        write_json({"range": revisions, "checked": checked, "refused": rows})
    else:
        for commit, judgement in wrong:
            typer.echo(f"{commit.sha[:10]} {judgement}\n")
        typer.echo(f"{checked} commits checked, {len(wrong)} refused")
    if wrong:
        raise typer.Exit(1)


def _handle(name: str) -> str:
    given = name.removeprefix("@").lower()
    if not is_handle(given):
        near = handle(given)
        raise UsageError(
            f"{name!r} is not a contributor's name: lower-case letters, digits and single hyphens",
            do=f"write @{near}" if near else "as in @test-writer",
        )
    return given


def _show_pending(repo: Repository, *, json: bool) -> None:
    records = Ledger(repo).pending()
    if json:
        write_json({"branch": repo.branch, "pending": _pending_rows(records)})
    else:
        typer.echo(pending_table(records))


def _pending_rows(records: Sequence[Record]) -> list[dict[str, str]]:
    columns = ("name", "file", "session", "tool", "branch", "time")
    return [
        {key: value for key, value in asdict(one).items() if key in columns and value is not None} for one in records
    ]
