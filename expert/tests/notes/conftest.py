"""A notebook of its own for every test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fastapi_expert.notes.mcp.catalogue import call
from fastapi_expert.notes.notebook import Notebook


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    (tmp_path / ".expert" / "notes").mkdir(parents=True)
    return Notebook(tmp_path / ".expert" / "notes")


@pytest.fixture
def ask(notebook: Notebook) -> Callable[..., dict[str, Any]]:
    """Call a tool for JSON; ``refused=True`` says that it should refuse, and gets the refusal."""

    def asked(tool: str, *, refused: bool = False, **arguments: Any) -> dict[str, Any]:
        reply = call(notebook, tool, {**arguments, "output_format": "json"})
        assert reply.failed is refused, reply.answer
        assert isinstance(reply.answer, dict)
        return reply.answer

    return asked
