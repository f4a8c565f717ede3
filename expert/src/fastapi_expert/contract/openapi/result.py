"""What reading an application's document gives."""

from dataclasses import dataclass
from typing import Any

from fastapi_expert.codebase.model import Problem


@dataclass(frozen=True, slots=True)
class Document:
    """``openapi`` is the document, ``unknown`` what was left out of it and where, ``app`` the id of the application."""

    app: str
    openapi: dict[str, Any]
    unknown: tuple[Problem, ...]


def summary(found: Document) -> str:
    """`75 operations on 52 paths, 34 schemas; 3 things left out`."""
    operations = sum(len(one) for one in found.openapi["paths"].values())
    schemas = len(found.openapi.get("components", {}).get("schemas", {}))
    left = f"; {len(found.unknown)} left out" if found.unknown else ""
    return f"{operations} operations on {len(found.openapi['paths'])} paths, {schemas} schemas{left}"
