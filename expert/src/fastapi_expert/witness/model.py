"""What is asked of an application, and what it said: plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIMIT_S = 60.0
"""How long importing may take, unless told otherwise: what trains models at import time is slow."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file that says something; ``path`` is relative to the root with `/`."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Application:
    """What to import: ``module:attribute``, called when it ``is_factory``.

    ``attribute`` is "" where the first application of the module is meant. ``file`` holds the module, None when no
    file of the codebase is seen to. ``folder`` is the working directory and ``paths`` what goes in front of
    `sys.path`, all relative to the root. ``place`` and ``said`` tell where that was read.
    """

    module: str
    attribute: str
    is_factory: bool = False
    file: str | None = None
    folder: str = ""
    paths: tuple[str, ...] = ("",)
    place: Place | None = None
    said: str = ""

    @property
    def name(self) -> str:
        """As it is written on the command line."""
        return f"{self.module}:{self.attribute or '…'}{'()' * self.is_factory}"


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under what the project's code is run: its interpreter, seconds, and what it may do."""

    python: Path
    limit: float = LIMIT_S
    lifespan: bool = False
    network: bool = False
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """What is added to ours where ours does not say it already."""


@dataclass(frozen=True, slots=True)
class TrueRoute:
    """A row of the running application's table, as `child.table` describes it."""

    method: str
    path: str
    host: str
    name: str
    endpoint: str
    file: str | None
    line: int | None
    library_file: str | None
    tags: tuple[str, ...]
    status_code: int | None
    response_model: str | None
    injected: tuple[tuple[str, str, int], ...]
    refusing: tuple[str, ...]
    depends: bool
    """Whether anything at all is injected, libraries' own included."""

    @property
    def qualname(self) -> str:
        return self.endpoint.partition(":")[2].replace(".<locals>", "")


@dataclass(frozen=True, slots=True)
class TrueTable:
    """What the running application said of itself."""

    application: Application
    python: Path
    version: str
    fastapi: str
    routes: tuple[TrueRoute, ...]
    refused: tuple[str, ...] = ()
    """Hosts that importing wanted and was not let to reach."""


def true_route(row: Mapping[str, Any]) -> TrueRoute:
    """A row of the child's JSON."""
    return TrueRoute(
        method=str(row["method"]),
        path=str(row["path"]) or "/",
        host=str(row["host"] or ""),
        name=str(row["name"] or ""),
        endpoint=str(row["endpoint"]),
        file=row["file"],
        line=row["line"],
        library_file=row["library_file"],
        tags=tuple(row["tags"]),
        status_code=row["status_code"],
        response_model=row["response_model"],
        injected=tuple((file, name, line or 1) for file, name, line in row["injected"] if file),
        refusing=tuple(row["refusing"]),
        depends=bool(row["dependencies"]),
    )
