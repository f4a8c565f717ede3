"""The running application's own document, again and again: `python documents_dump.py MODULE:APP [--call]`.

Run by the interpreter of the project under study, from the folder that its modules are imported from; standard library
only. For each line on standard input the application is imported anew, in a child forked off a process that has the
libraries loaded, and one line is printed: the document, or `{"error": …}`.
"""

import importlib
import json
import os
import sys
import tempfile


def main():
    sys.path[0] = ""  # the folder of this file has modules that are named as libraries are
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the application prints is no answer
    for _ in sys.stdin:
        with tempfile.NamedTemporaryFile("r") as said, tempfile.NamedTemporaryFile("r") as loaded:
            child = os.fork()
            if not child:
                tell(said.name, loaded.name)
            os.waitpid(child, 0)
            preload(loaded.read().split())
            answers.write((said.read() or json.dumps({"error": "it ended"})) + "\n")
            answers.flush()


def tell(said, loaded):
    """What the child does."""
    try:
        text = json.dumps(document(sys.argv[1], "--call" in sys.argv), default=str)
    except BaseException as error:
        text = json.dumps({"error": f"{type(error).__name__}: {error}"})
    with open(said, "w") as file:
        file.write(text)
    with open(loaded, "w") as file:
        file.write("\n".join(libraries()))
    os._exit(0)


def document(target, call):
    module, _, name = target.partition(":")
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if call:
        found = found()
    while not hasattr(found, "openapi") and hasattr(found, "app"):
        found = found.app
    return found.openapi()


def libraries():
    """The modules that came from where packages are installed, in the order in which they were loaded."""
    modules = [(name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items())]
    return [name for name, file in modules if file and ("site-packages" in file or "/lib/python" in file)]


def preload(names):
    for name in names:
        if name not in sys.modules:
            try:
                importlib.import_module(name)
            except Exception:
                continue


if __name__ == "__main__":
    main()
