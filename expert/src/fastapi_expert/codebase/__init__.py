"""A FastAPI codebase, read as text: its files' facts, linked into components, routes and problems.

Nothing of the project under study is imported or run.
"""

from .codebase import Codebase, ServedMount, ServedRoute, load, refresh

__all__ = ["Codebase", "ServedMount", "ServedRoute", "load", "refresh"]
