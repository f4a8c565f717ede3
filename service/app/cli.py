"""The `app` command.

A command imports what it needs when it is called: `app --help` does not wait for the application, and the process that
`app serve` leaves behind, which only watches over the workers, does not hold it.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.tasks import cli as tasks_cli

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from app.config import Settings

NO_ANSWER = "error: a server this command needs does not answer ({}); see: app doctor"

cli = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Run and look after the service.")


@cli.callback()
def root() -> None:
    """Settings come from the environment and `.env`; `app doctor` shows them."""


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default: PORT.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; default: WORKERS.")] = None,
    reload: Annotated[bool, typer.Option("--reload", help="Start again whenever a source changes.")] = False,
) -> None:
    """Start the service."""
    for name, value in (("HOST", host), ("PORT", port), ("WORKERS", workers)):
        if value is not None:  # the workers are processes of their own: they read the environment
            os.environ[name] = str(value)
    if reload:
        from app.server.reload import serve_again

        raise typer.Exit(serve_again([sys.executable, "-m", "app", "serve"], Path(__file__).parent))
    settings = load_settings()
    from app.server.announcement import announce
    from app.server.process import require_free, run

    require_free(settings)
    announce(settings)
    run(settings)


@cli.command()
def migrate(revision: Annotated[str, typer.Argument(help="Revision to go up to.")] = "head") -> None:
    """Bring the database to the newest schema. Safe to run from several places at once."""
    from app.database import migrations

    settings = load_settings()
    migrations.upgrade(settings, revision)
    typer.echo(f"{settings.database.render_as_string(hide_password=True)} is at {revision}")


@cli.command(name="create-admin")
def create_admin(
    email: Annotated[str, typer.Argument(help="E-mail address.")],
    username: Annotated[str, typer.Argument(help="Username.")],
    password: Annotated[
        str | None, typer.Option(envvar="ADMIN_PASSWORD", help="Made up and printed when not given.")
    ] = None,
) -> None:
    """Make an administrator."""
    from app.server.commands import add_admin

    made_up = asyncio.run(add_admin(load_settings(), email=email, username=username, password=password))
    typer.echo(f"{email} may now administer" + (f"; password: {made_up}" if made_up else ""))


@cli.command(name="reset-second-factor")
def reset_second_factor(account: Annotated[str, typer.Argument(help="E-mail address or username.")]) -> None:
    """Remove the second factor of a user who has lost app and recovery codes; their sessions end."""
    from app.server import commands

    asyncio.run(commands.reset_second_factor(load_settings(), account))
    typer.echo(f"{account} signs in by password alone; a mail says so")


@cli.command()
def seed(
    posts: Annotated[int, typer.Option(min=0, max=10_000_000, help="Posts to make.")] = 1000,
    writers: Annotated[int, typer.Option(min=1, max=100_000, help="Users who wrote them.")] = 20,
) -> None:
    """Fill the database with made-up writers and posts, to try things on. Not in production."""
    from app.auth import bootstrap
    from app.config import ConfigurationError
    from app.database import migrations
    from app.posts import seed
    from app.security.passwords import PasswordHasher

    settings = load_settings()
    if settings.is_production:
        raise ConfigurationError("made-up people do not belong into production; unset ENVIRONMENT to seed")
    migrations.upgrade(settings)
    password = bootstrap.make_up_password()
    with typer.progressbar(length=posts, label="posts", file=sys.stderr) as bar:

        def indexing() -> None:
            bar.label = "indexes"
            bar.render_progress()

        seeded = seed.seed(
            migrations.sync_url(settings.database),
            posts=posts,
            writers=writers,
            hashed_password=PasswordHasher().hash_now(password),
            progress=bar.update,
            indexing=indexing,
        )
    first, *_, last = seeded.emails * 2
    typer.echo(f"{seeded.posts} posts by {first} … {last}; password of each: {password}")


@cli.command()
def openapi(
    output: Annotated[Path | None, typer.Argument(help="File to write; default: standard output.")] = None,
) -> None:
    """Write the OpenAPI document."""
    from app.config import ConfigurationError
    from app.main import create_app

    settings = load_settings().model_copy(update={"docs": True})
    document = json.dumps(create_app(settings).openapi(), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        sys.stdout.write(document)
    else:
        try:
            output.write_text(document, encoding="utf-8")
        except OSError as fault:
            raise ConfigurationError(f"cannot write {output}: {fault.strerror}") from None


@cli.command()
def backup(file: Annotated[Path, typer.Argument(help="File to write.")]) -> None:
    """Copy the SQLite database, while it is in use, to one file; docs/backup.md says what belongs to a backup."""
    from app.database.backup import back_up

    back_up(load_settings(), file)
    typer.echo(f"{file} holds everything that was written by now; keep secret.key or SECRET_KEY with it")


@cli.command()
def doctor() -> None:
    """Print the effective settings (secrets masked) and try every server behind them."""
    from app.config import describe
    from app.server.doctor import is_healthy, probe

    settings = load_settings()
    for name, value in describe(settings).items():
        typer.echo(f"{name.upper():<32} {value}")
    typer.echo()
    results = asyncio.run(probe(settings))
    for name, state in results.items():
        typer.echo(f"{name:<32} {state}")
    if not all(map(is_healthy, results.values())):
        raise typer.Exit(1)


def load_settings() -> "Settings":
    """The settings. Raises ValidationError, which names everything that is wrong with them."""
    from app.config import get_settings
    from app.observability.logging import configure_logging

    settings = get_settings()
    configure_logging(settings)
    return settings


def _fault(fault: "ErrorDetails") -> str:
    message = fault["msg"].removeprefix("Value error, ")
    if not fault["loc"]:
        return message
    name, *inside = map(str, fault["loc"])
    return f"{'.'.join([name.upper(), *inside])}: {message}"


cli.command("worker")(tasks_cli.worker)
cli.add_typer(tasks_cli.jobs, name="jobs")


def main() -> None:
    """Run the command. Errors that the user can correct are printed as one line, without a traceback."""
    try:
        cli()
    except Exception as error:
        told = _told(error)
        if told is None:
            raise
        raise SystemExit(told) from None


def _told(error: Exception) -> str | None:
    """What to say of an error that the user can correct; None for any other."""
    import sqlite3

    from pydantic import ValidationError

    from app.config import ConfigurationError
    from app.http.errors import ServiceError, is_outage

    if isinstance(error, ValidationError):
        return "\n".join(map(_fault, error.errors()))
    if isinstance(error, ServiceError):
        details = [f"{fault.pointer}: {fault.detail}" for fault in error.errors]
        return "\n".join(["error: " + error.detail, *details])
    if isinstance(error, ConfigurationError | PermissionError):
        return f"error: {error}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"error: {error.strerror}: {error.filename}; set DATA_DIR, or mend the path"
    if isinstance(error, OSError):  # a server, not a file
        return NO_ANSWER.format(error)
    if not is_outage(error):
        return None
    cause = getattr(error, "orig", None) or error  # SQLAlchemy's own text has a second line
    if isinstance(cause, sqlite3.Error):
        return f"error: the database cannot be used: {cause}"
    return NO_ANSWER.format(str(cause).strip().replace("\n", " "))
