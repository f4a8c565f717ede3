"""Which code this is: what was derived by another version must not be taken for ours."""

import os
from functools import cache
from zlib import crc32

from fastapi_expert import __version__
from fastapi_expert.codebase.facts import VERSION

_DERIVES = ("codebase", "duplicates", "find")


@cache
def identity() -> str:
    """Names the version of this package, the form of its facts, and every module that derives something from them."""
    seen: list[tuple[str, int, int]] = []
    for package in _DERIVES:
        with os.scandir(os.path.join(os.path.dirname(__file__), package)) as entries:
            files = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(".py")]
        seen += [(name, status.st_mtime_ns, status.st_size) for name, status in files]
    return f"{__version__}-{VERSION}-{crc32(repr(sorted(seen)).encode()):08x}"
