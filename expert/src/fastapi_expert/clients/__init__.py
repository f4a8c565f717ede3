"""One module a client, one interface: what `expert install` writes for it and what `--remove` takes out again."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi_expert.clients.base import Change, ClientError
from fastapi_expert.clients.base import install as _install
from fastapi_expert.clients.base import remove as _remove
from fastapi_expert.clients.launcher import Launcher

AGENTS = ("claude", "codex", "cursor", "gemini", "opencode", "vscode")
CLIENTS = (*AGENTS, "git")

__all__ = ["AGENTS", "CLIENTS", "Change", "ClientError", "install", "remove"]


def install(root: Path, client: str) -> list[Change]:
    """Write `client`'s files into the project at `root`, merged into what is there; a second time changes nothing.

    Raises `ClientError` when a file cannot be read or edited, before anything was written.
    """
    return _act(root, client, "install", _install)


def remove(root: Path, client: str) -> list[Change]:
    """Undo `install` exactly; of a file that was edited since, take out our parts only."""
    return _act(root, client, "remove", _remove)


def _act(root: Path, client: str, action: str, on_edits: Callable[..., list[Change]]) -> list[Change]:
    if client in AGENTS:
        module: Any = import_module(f"{__name__}.agents.{client}")
        return on_edits(root, client, module.edits(Launcher.of(root)))
    module = import_module(f"{__name__}.git.install")
    return getattr(module, action)(root)  # git: hooks live in the git directory, not in the tree
