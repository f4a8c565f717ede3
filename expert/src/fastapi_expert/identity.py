"""Which code this is: what was derived by another version must not be taken for ours."""

import os
from functools import cache

from fastapi_expert import __version__
from fastapi_expert.codebase.syntax.facts import VERSION
from fastapi_expert.store import stamp_of

_DERIVES = ("codebase", "duplicates", "find")


@cache
def identity() -> str:
    """Names the version of this package, the form of its facts, and every module that derives something from them."""
    folders = [os.path.join(os.path.dirname(__file__), package) for package in _DERIVES]
    return f"{__version__}-{VERSION}-{stamp_of(*folders)}"
