"""Which code this is: what was derived by another version must not be taken for ours."""

import os
from functools import cache
from zlib import crc32

from fastapi_expert import __version__
from fastapi_expert.codebase.syntax.facts import VERSION

_DERIVES = ("codebase", "duplicates", "find")


@cache
def identity() -> str:
    """Names the version of this package, the form of its facts, and every module that derives something from them."""
    seen: list[tuple[str, int, int]] = []
    folders = [os.path.join(os.path.dirname(__file__), package) for package in _DERIVES]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.name.endswith(".py"):
                    status = entry.stat()
                    seen.append((entry.path, status.st_mtime_ns, status.st_size))
    return f"{__version__}-{VERSION}-{crc32(repr(sorted(seen)).encode()):08x}"
