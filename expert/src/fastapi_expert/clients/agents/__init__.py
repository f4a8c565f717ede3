"""The coding agents' clients. This folder is the registry: a module in it is a client, and adding one touches no other.

A client's module states all that is particular to it: the edits of its files, the payload of its hook, and the form in
which it is answered.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from fastapi_expert.clients.answer import Answer, Event
from fastapi_expert.clients.calls import PayloadFormat
from fastapi_expert.clients.edits import Edit
from fastapi_expert.clients.launcher import Launcher

AGENTS = tuple(sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py")))


class Client(Protocol):
    """What a module of this folder holds."""

    PAYLOAD: PayloadFormat

    def edits(self, launcher: Launcher) -> Sequence[Edit]:
        """The edits that register the expert with this client."""
        ...

    def render_answer(self, event: Event, answer: Answer) -> dict[str, Any]:
        """``answer`` as the JSON that this client reads; empty when it needs none."""
        ...


def client_module(name: str) -> Client:
    """The client called ``name``, one of `AGENTS`."""
    return cast("Client", import_module(f"{__name__}.{name}"))
