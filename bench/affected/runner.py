"""Runs pytest again and again for `bench affected`, in a child forked off a process that has the libraries loaded.

Started by the interpreter of the project under test, in its directory; standard library and pytest only. A line in
is a JSON list of pytest's options, a line out is a JSON string: what pytest printed.
"""

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path


def main() -> None:
    import pytest

    for line in sys.stdin:
        arguments = json.loads(line)
        with tempfile.TemporaryDirectory() as directory:
            output, loaded = Path(directory, "output"), Path(directory, "loaded")
            child = os.fork()
            if not child:
                out = os.open(output, os.O_WRONLY | os.O_CREAT)
                os.dup2(out, 1)
                os.dup2(out, 2)
                pytest.main(arguments)
                sys.stdout.flush()
                loaded.write_text("\n".join(libraries()))
                os._exit(0)
            os.waitpid(child, 0)
            preload(loaded.read_text().split() if loaded.exists() else [])
            print(json.dumps(output.read_text("utf-8", "replace")), flush=True)


def libraries() -> list[str]:
    """The modules that came from where packages are installed, in the order in which they were loaded."""
    modules = [(name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items())]
    return [name for name, file in modules if file and ("site-packages" in file or "/lib/python" in file)]


def preload(names: list[str]) -> None:
    for name in names:
        # coverage and testmon measure what is imported while they watch, and must start with the tests
        if name not in sys.modules and not name.startswith(("coverage", "testmon", "pytest_", "_pytest", "xdist")):
            try:
                importlib.import_module(name)
            except Exception:
                continue


if __name__ == "__main__":
    main()
