"""A name that is put together at run time, or used by another process, still selects the tests that reach it."""

from pathlib import Path

import pytest
from shop import lay_down

from fastapi_expert.codebase import load
from fastapi_expert.gate.impact.select import Selection, select

OPERATIONS = "def do_double(x):\n    return 2 * x\n\n\ndef do_halve(x):\n    return x / 2\n"
TESTS = {
    "its own globals": "from operations import run\n\n\ndef test_it():\n    assert run('double', 2) == 4\n",
    "another module": (
        "import operations\n\n\ndef test_it():\n    assert getattr(operations, 'do_' + 'double')(2) == 4\n"
    ),
    "code for another process": (
        "import subprocess, sys\n\n\ndef test_it():\n"
        "    code = 'from operations import *; print(do_double(2))'\n"
        "    assert subprocess.run([sys.executable, '-c', code], capture_output=True).stdout == b'4\\n'\n"
    ),
    "a module run by another process": (
        "import subprocess, sys\n\n\ndef test_it():\n"
        "    assert subprocess.run([sys.executable, '-m', 'operations'], capture_output=True).stdout == b'4\\n'\n"
    ),
}
RUN = "\n\ndef run(verb, x):\n    return globals()[f'do_{verb}'](x)\n"


def after_a_change(root: Path) -> Selection:
    file = root / "operations.py"
    before = file.read_bytes()
    file.write_bytes(before.replace(b"2 * x", b"3 * x"))
    return select(load(root, cache=False), {"operations.py"}, before=lambda _: before)


@pytest.mark.parametrize("way", TESTS)
def test_a_function_reached_by_a_computed_name_selects_the_test(tmp_path: Path, way: str) -> None:
    root = lay_down(
        tmp_path,
        {"operations.py": OPERATIONS + RUN, "test_it.py": TESTS[way], "test_other.py": "def test_it(): pass\n"},
    )
    selection = after_a_change(root)
    assert selection.tests == ("test_it.py::test_it",)


def test_a_module_that_only_an_entry_point_names_selects_everything(tmp_path: Path) -> None:
    plugins = "from importlib.metadata import entry_points\n\n\ndef plugins():\n    return entry_points(group='x')\n"
    root = lay_down(
        tmp_path, {"operations.py": OPERATIONS, "plugins.py": plugins, "test_it.py": "def test_it(): pass\n"}
    )
    assert after_a_change(root).everything is not None
