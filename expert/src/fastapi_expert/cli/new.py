"""`expert new`."""

from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.clients.installation import install
from fastapi_expert.render.json import write_json
from fastapi_expert.scaffold.from_service.answers import Answers, Database
from fastapi_expert.scaffold.new import git, lay_down


def command(
    name: Annotated[str, typer.Argument(help="What the project is called, e.g. shop or book-store.")],
    description: Annotated[str | None, typer.Option(help="One sentence.")] = None,
    database: Annotated[
        Database, typer.Option(help="What `make run` uses: a file, or the server named in .env.")
    ] = "sqlite",
    posts: Annotated[
        bool,
        typer.Option("--with-posts/--without-posts", help="The example: posts, tags, their search and admin page."),
    ] = True,
    uploads: Annotated[
        bool,
        typer.Option("--with-uploads/--without-uploads", help="Images that people send: avatars, images of posts."),
    ] = True,
    path: Annotated[Path | None, typer.Option(help="Where to put it; a folder called NAME when left out.")] = None,
    agents: Annotated[list[str] | None, typer.Option("--agent", help="Wire a client too: claude, cursor …")] = None,
    hooks: Annotated[bool, typer.Option("--hooks", help="Install the git hooks too.")] = False,
    json: JsonFlag = False,
) -> None:
    """Lay down a running, tested service.

    Example: expert new shop --without-posts --agent claude --hooks
    """
    answers = Answers.named(name, description=description, database=database, posts=posts, uploads=uploads)
    folder = (path or Path(answers.slug)).resolve()
    commit = lay_down(folder, answers)
    for client in agents or []:
        install(folder, client)
    if agents:
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--no-verify", "-m", "chore: wire coding agents")
    if hooks:
        install(folder, "git")
    if json:
        write_json({"path": str(folder), "commit": commit})
        return
    server = f"  .env names {answers.database_url}: make that, or change it\n" if database == "postgresql" else ""
    typer.echo(f"{answers.title} is in {folder}. Next:\n  cd {folder.name}\n{server}  make run\n  make test")
