"""A FastAPI codebase, read as text: its files' facts, linked into components, routes and problems.

Nothing of the project under study is imported or run.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi_expert.codebase.codebase import Codebase, load, refresh, sketched
    from fastapi_expert.codebase.link.linking import ServedMount
    from fastapi_expert.codebase.model import ServedRoute

__all__ = ["Codebase", "ServedMount", "ServedRoute", "load", "refresh", "sketched"]

_WHERE = {
    "Codebase": "codebase",
    "load": "codebase",
    "refresh": "codebase",
    "sketched": "codebase",
    "ServedMount": "link.linking",
    "ServedRoute": "model",
}


def __getattr__(name: str) -> Any:
    """Import on first use: a hook that only compares a draft with the index starts without the linker."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
