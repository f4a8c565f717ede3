"""`python -m bench accuracy foreign FOLDER…`: functions and schemas of each checkout, proposed to every other one.

Whatever is refused there is a false block, or two projects that wrote the same thing.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.accuracy.projects import read_folder
from bench.accuracy.run import false_blocks


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench accuracy foreign", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="checkouts")
    parser.add_argument("--count", type=int, default=20, help="functions, and schemas, of each for every other one")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as scratch:
        projects = [read_folder(folder.name, folder, Path(scratch)) for folder in options.folders]
        false_blocks(projects, options.count, is_shown=True)
    return 0
