"""The `app` command."""

import typer
import uvicorn

from app.core.config import get_settings

cli = typer.Typer(no_args_is_help=True, help="Run and look after the service.")


@cli.callback()
def root() -> None: ...


@cli.command()
def serve() -> None:
    """Start the service."""
    settings = get_settings()
    uvicorn.run("app.main:create_app", factory=True, host=settings.host, port=settings.port, workers=settings.workers)


def main() -> None:
    cli()
