"""`expert agent`."""

import asyncio
import os
import signal
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert import config
from fastapi_expert.agent.run import Limits, Result, model_named, outcome_text, work
from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.errors import UsageError
from fastapi_expert.render.json import write_json


class _AtTheTerminal:
    """The person who started it, shown each change and asked."""

    absent = False

    def allows(self, what: str, preview: str) -> str:
        typer.echo(f"\n{preview.rstrip()}\n", err=True)
        # an interrupt ends the question, and with it the run: asyncio's own handler would wait for the answer
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            typer.echo(f"{what}? [y/N, or why not] ", err=True, nl=False)
            answer = sys.stdin.readline().strip()
        finally:
            signal.signal(signal.SIGINT, before)
        return "" if answer.lower() in {"y", "yes"} else answer if answer.lower() not in {"", "n", "no"} else "no"


class _Nobody:
    """`--yes`: everything that the rules let through is allowed."""

    absent = True

    def allows(self, what: str, preview: str) -> str:
        return ""


def command(
    task: Annotated[str, typer.Argument(help="What to do, in a sentence or more.")],
    model: Annotated[
        str, typer.Option(envvar="EXPERT_MODEL", help="provider:model, e.g. anthropic:claude-sonnet-4-5.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Ask nobody before a write or a commit.")] = False,
    max_requests: Annotated[int, typer.Option(min=1, help="Requests to the model, at most.")] = 60,
    max_cost: Annotated[float | None, typer.Option(min=0, help="US dollars, at most, where prices are known.")] = None,
    root: Annotated[Path | None, typer.Option(help="The project; the enclosing one when left out.")] = None,
    json: JsonFlag = False,
) -> None:
    """Let a language model do a task in this project, in the specialist's working order (extra: agent).

    It looks before it writes, cannot write what is here already or outside the project, and cannot commit while the
    gate finds faults. Each write and commit is shown and asked about. The key of the model's provider is read from
    the environment, e.g. ANTHROPIC_API_KEY. The gate runs the project's tests, and so the code that was written.

    Example: expert agent "add comments to posts" --model anthropic:claude-sonnet-4-5
    """
    if not yes and not sys.stdin.isatty():
        raise UsageError("nobody is here to approve what it writes", do="Run it at a terminal, or with --yes.")
    limits = Limits(max_requests, None if max_cost is None else Decimal(str(max_cost)))
    result = asyncio.run(
        work(
            task,
            root=config.project_root(root or Path.cwd()).resolve(),
            model=model_named(model),
            approver=_Nobody() if yes else _AtTheTerminal(),
            limits=limits,
            tell=lambda line: typer.echo(line, err=json),
        )
    )
    _show(result, json=json)
    raise typer.Exit(0 if result.outcome in ("committed", "answered") else 1)


def _show(result: Result, *, json: bool) -> None:
    transcript = os.path.relpath(result.transcript)
    if not json:
        typer.echo(f"\n{outcome_text(result)}\n{result.spent}\ntranscript: {transcript}")
        return
    spent = {
        "requests": result.spent.requests,
        "input_tokens": result.spent.input_tokens,
        "output_tokens": result.spent.output_tokens,
        "cost_usd": None if result.spent.cost is None else float(result.spent.cost),
    }
    document = {"outcome": result.outcome, "answer": result.answer, "commits": result.commits, "files": result.files}
    more = {"uncommitted": result.uncommitted, "why": result.why, "spent": spent, "transcript": str(transcript)}
    write_json({**document, **more})
