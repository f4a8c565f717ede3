"""Small applications that are imported by this interpreter, and `expert routes` asked about them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shop import Done, lay_down, run_expert

Ask = Callable[..., Done]

HEAD = (
    "from fastapi import Depends, FastAPI\n\napp = FastAPI()\n\n\n@app.get('/items')\ndef items():\n    return []\n\n\n"
)
"""An application with one route; what a test is about comes behind it."""


def routes(root: Path, *arguments: str, env: dict[str, str] | None = None) -> Done:
    """`expert routes ROOT --python THIS ONE ARGUMENTS`, outside of the project."""
    return run_expert("routes", str(root), "--python", sys.executable, *arguments, cwd=root.parent, env=env)


def asked(root: Path, files: dict[str, str], *arguments: str, env: dict[str, str] | None = None) -> Done:
    """The same of a project with ``files``, `main:app` unless ``arguments`` name another."""
    lay_down(root, files)
    named = () if "--import" in arguments else ("--import", "main:app")
    return routes(root, *named, *arguments, env=env)


def listed(done: Done) -> dict[tuple[str, str], dict[str, Any]]:
    """The routes of a JSON answer, by method and path."""
    assert done.code in (0, 1), done.err
    return {(row["method"], row["path"]): row for row in json.loads(done.out)["routes"]}
