"""A large project is read in the background: a hook has seconds, and a first look at a million lines takes a minute.

`expert install` and the MCP server start it; a hook that finds nothing ready starts it, waits a little, and judges by
what is known. One process a project does it, in a session of its own, so that it outlives the hook that started it.
"""

import contextlib
import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi_expert import config
from fastapi_expert.store import cache_of, ensure_ignored, try_lock

if TYPE_CHECKING:
    from fastapi_expert.codebase.files.listing import SourceFile

LARGE = 4_000_000
"""Bytes of Python from which a first look may take longer than a hook can wait."""
PATIENCE = 0.2
"""Seconds that a hook waits for the background, which may be about to end, before it judges by what is known."""


def is_ready(root: Path) -> bool:
    """Whether a draft can be judged at once: a full look has been taken, and little has changed since."""
    from fastapi_expert.duplicates.store.snapshot import Snapshot

    return Snapshot.ready(root, config.load(root)) is not None


def is_large(files: "Iterable[SourceFile]") -> bool:
    """Whether the Python of a project is too much to be read while a client waits."""
    return sum(file.size for file in files) > LARGE


def start(root: Path) -> None:
    """Read ``root`` in the background, unless a process does so already; whatever goes wrong, the caller goes on."""
    command = [sys.executable, "-P", "-m", "fastapi_expert.clients.warming", str(root)]
    nothing = subprocess.DEVNULL
    with contextlib.suppress(OSError):
        subprocess.Popen(command, cwd=root, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)


def wait(root: Path, seconds: float = PATIENCE) -> bool:
    """Whether the background is done within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (done := is_ready(root)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return done


def main(argv: Sequence[str]) -> int:
    """Take a full look at the project ARGV names, and keep it; nothing when another process is at it."""
    from fastapi_expert.duplicates.store.snapshot import Snapshot

    root = Path(argv[0])
    folder = cache_of(root)
    with contextlib.suppress(OSError):
        ensure_ignored(folder)
        with (folder / "warming.lock").open("ab") as lock:
            if not try_lock(lock.fileno()):
                return 0
            if hasattr(os, "nice"):
                os.nice(5)  # a hook that judges by a part meanwhile has a client that waits
            gc.disable()  # what is read holds no cycles, and looking for them costs a third; the process ends after it
            Snapshot.open(root, config.load(root))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
