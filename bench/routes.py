"""Routes read from text, against the running application's own table.

`python -m bench routes CORPORA TRUTH`: every `TRUTH/NAME.json` written by `bench/routes_dump.py` (a list of routes, or
a mapping from file to list for a folder of examples) is compared with `CORPORA/NAME`: exact (method, path template).
"""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

from fastapi_expert.codebase import Codebase, load

Table = Counter[tuple[str, str, str]]
"""How often a (file of the app or "", method, path) is served."""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench routes", description=__doc__)
    parser.add_argument("corpora", type=Path, help="folder of projects")
    parser.add_argument("truth", type=Path, help="folder of tables dumped by bench/routes_dump.py")
    parser.add_argument("--show", action="store_true", help="list what is missing and what is wrong")
    options = parser.parse_args(argv)
    tables = sorted(options.truth.glob("*.json"))
    if not tables:
        print(
            f"error: no tables in {options.truth}\n  dump some: python bench/routes_dump.py MODULE:APP", file=sys.stderr
        )
        return 2
    print(
        f"{'project':14}{'truth':>7}{'read':>7}{'exact':>7}{'recall':>9}{'precision':>11}{'problems':>10}{'seconds':>9}"
    )
    totals = Counter[str]()
    for table in tables:
        root = _root(options.corpora, table.stem)
        if root is None:
            print(f"{table.stem:14}not in {options.corpora}")
            continue
        totals.update(_compare(root, table, show=options.show))
    if totals["truth"]:
        recall, precision = totals["exact"] / totals["truth"], totals["exact"] / max(1, totals["read"])
        print(f"{'all':14}{totals['truth']:7}{totals['read']:7}{totals['exact']:7}{recall:9.3f}{precision:11.3f}")
    return 0


def _root(corpora: Path, name: str) -> Path | None:
    return next((path for path in (corpora / name, *corpora.glob(f"*/{name}")) if path.is_dir()), None)


def _compare(root: Path, table: Path, *, show: bool) -> dict[str, int]:
    started = time.perf_counter()
    codebase = load(root, cache=False)
    problems = len(codebase.inventory.problems)
    seconds = time.perf_counter() - started
    rows = json.loads(table.read_text())
    truth = _truth(rows)
    read = _read(codebase, {file for file, _, _ in truth} if isinstance(rows, dict) else None, root)
    exact = sum((truth & read).values())
    counts = {"truth": sum(truth.values()), "read": sum(read.values()), "exact": exact}
    recall, precision = exact / max(1, counts["truth"]), exact / max(1, counts["read"])
    print(
        f"{table.stem:14}{counts['truth']:7}{counts['read']:7}{exact:7}{recall:9.3f}{precision:11.3f}"
        f"{problems:10}{seconds:9.2f}"
    )
    if show:
        for mark, difference in (("missing", truth - read), ("wrong", read - truth)):
            for (file, method, path), times in sorted(difference.items()):
                print(f"  {mark:8}{method:10}{path}{f'  ({file})' if file else ''}{f' x{times}' if times > 1 else ''}")
    return counts


def _truth(rows: list[dict[str, str]] | dict[str, list[dict[str, str]]]) -> Table:
    by_file = rows if isinstance(rows, dict) else {"": rows}
    return Counter((file, row["method"], row["path"]) for file, listed in by_file.items() for row in listed)


def _read(codebase: Codebase, files: set[str] | None, root: Path) -> Table:
    """The served routes; of a folder of examples, those of the files that have a truth."""
    found: Table = Counter()
    for served in codebase.served:
        app = codebase.component(served.app)
        file = "" if files is None or app is None else f"{root.name}/{app.path}"
        if files is None or file in files:
            found[file, served.route.method, served.route.path] += 1
    return found
