"""`expert openapi`: the OpenAPI document of an application, from its text."""

import json as json_module
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fastapi_expert import config
from fastapi_expert.cli.options import EnvFileOption, PythonOption, RootArgument, TimeoutOption, needs_import
from fastapi_expert.cli.shared import progress, project, read
from fastapi_expert.contract.openapi.kept import document
from fastapi_expert.contract.openapi.result import summary
from fastapi_expert.contract.openapi.verify import compare
from fastapi_expert.render.promises.openapi import agreement_text, unknown_text
from fastapi_expert.render.terminal import stdout_style, style_of, write
from fastapi_expert.store import write_atomically
from fastapi_expert.witness.model import LIMIT_S


def command(
    path: RootArgument = None,
    app: Annotated[
        str | None, typer.Option("--app", metavar="NAME", help="Which application, where there are several.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it there.")] = None,
    import_: Annotated[
        str | None,
        typer.Option(
            "--import",
            metavar="MODULE:APP|auto",
            help="RUN the project's code: import the application and take the document that it makes itself.",
        ),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="With --import: print where the two documents differ; exit 1 if they do.")
    ] = False,
    python: PythonOption = None,
    env_file: EnvFileOption = None,
    timeout: TimeoutOption = LIMIT_S,
) -> int:
    """The OpenAPI document, from the text alone: what the text does not settle is left out, and listed on stderr.

    Example: expert openapi --out openapi.json

    Example: expert openapi --import auto --verify
    """
    needs_import(import_, verify, python, env_file)
    root = project(path)
    codebase = read(root, config.load(root))
    real: dict[str, Any] | None = None
    if import_ is not None:
        from fastapi_expert.witness.asking import Options, document_of

        with progress(f"asking {import_}"):
            real = dict(document_of(codebase, import_, Options(python, timeout, env_file=env_file))[1])
    if real is not None and not verify:
        _write(real, out)
        return 0
    found = document(codebase, app)
    if real is None:
        _write(found.openapi, out)
        said = f"{found.app}: {summary(found)}\n"
        (sys.stderr if out is None else sys.stdout).write(said)
        sys.stderr.write(unknown_text(found, style_of(sys.stderr)))
        return 0
    agreement = compare(found.openapi, real)
    write(agreement_text(agreement, found, stdout_style()))
    return int(bool(agreement.differences))


def _write(document: dict[str, Any], out: Path | None) -> None:
    text = json_module.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if out is None:
        sys.stdout.write(text)
    else:
        write_atomically(out, text.encode("utf-8", "surrogatepass"))
