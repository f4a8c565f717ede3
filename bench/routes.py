"""Routes and their protection read from text, against the running applications' own tables.

`python -m bench routes CORPORA [TRUTH]`: every `TRUTH/NAME.json` that `bench/running/routes_dump.py` wrote is compared
with the project `CORPORA/NAME`. A table is of an application (`{"routes": [...]}`, or the bare list), or of a folder of
examples (file to list).

found       method and whole path are right, and the route is said to be served, conditional, or unattached (the path
            whole all the same)
readable    the same share, of the routes whose code does not lie in an installed library
wrong       said to be served by this application, which has no such route; what belongs to another is `other`
silent      not found, not listed without its prefix either, and the file of its endpoint carries no problem
protection  of what is found: `none` said of a protected route, `required` of an open one, `optional` of a protected
            one, `unknown` of any; `required` with the setting that opens the route as shipped is no mistake

A route is protected when a stranger was answered 401 or 403 or sent to a page to sign in (as the pages to sign in and
out do by themselves), open when the answer was a success; an answer of 200 with an object whose `code` is a status
counts as that. A 403 counts only where a dependency takes part or the endpoint was not entered: else the endpoint may
refuse what was asked for instead of who asks. Where it is known that the endpoint was entered, its own answer about
what was asked for (400, 404, 409 …) proves that a stranger may call it, unless its text speaks of refusing. Any other
answer proves neither: then one of FastAPI's own schemes with auto_error makes it protected, and without one it is not
judged. Where nobody asked, the dependencies' names prove that a route is protected (`protected`), and nothing proves
that it is open: a body, a decorator or a middleware refuses without any dependency.

HEAD and OPTIONS are left out on both sides: Starlette adds the one to GET, and answers the other by itself.
"""

import argparse
import json
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from fastapi_expert.codebase import Codebase, load
from fastapi_expert.render.json import routes_document

Row = Mapping[str, Any]
"""A route, of `expert routes --json` or of a truth."""

Truth = list[Row] | dict[str, list[Row]]
"""A table: of an application, bare or under the key `routes`, or of examples by file."""

Key = tuple[str, str]
"""Method and path."""

ABOUT_WHO_OR_HOW = {401, 403, 405, 407, 422, 429}
LEFT_OUT = ("HEAD", "OPTIONS")

SIGN_IN = re.compile(r"log[-_]?(in|out)|sign[-_]?(in|out)|auth|sso", re.IGNORECASE)


@dataclass
class Counts:
    """What came of one application, and of all together."""

    true: int = 0
    library: int = 0
    found: int = 0
    readable: int = 0
    wrong: int = 0
    other: int = 0
    silent: int = 0
    problems: int = 0
    protected: int = 0
    none: int = 0
    optional: int = 0
    open: int = 0
    required: int = 0
    unknown: int = 0
    seconds: float = 0
    shown: list[str] = field(default_factory=list[str])

    def add(self, other: "Counts") -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench routes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", type=Path, help="folder of projects")
    parser.add_argument("truth", type=Path, nargs="?", help="folder of tables; CORPORA/truth or the one beside CORPORA")
    parser.add_argument("--only", default="", help="names of projects, separated by commas")
    parser.add_argument("--show", action="store_true", help="list what is missing and what is wrong")
    options = parser.parse_args(argv)
    truths: Path = options.truth or next(
        (folder for folder in (options.corpora / "truth", options.corpora.parent / "truth") if folder.is_dir()),
        options.corpora / "truth",
    )
    only = {name for name in options.only.split(",") if name}
    tables = [
        (name, root, truth)
        for name, truth in _tables(truths)
        if (not only or name in only) and (root := _root(options.corpora, name, truth)) is not None
    ]
    if not tables:
        print(
            f"error: no tables in {truths} of projects in {options.corpora}\n"
            "  dump some: python bench/running/routes_dump.py MODULE:APP",
            file=sys.stderr,
        )
        return 2
    print(HEAD)
    total = Counts()
    for name, root, truth in tables:
        counts = compare(root, truth)
        print(_line(name, counts), flush=True)
        if options.show and counts.shown:
            print("\n".join(counts.shown))
        total.add(counts)
    print(_line("all", total))
    return 0


def _tables(folder: Path) -> list[tuple[str, Truth]]:
    found = sorted(folder.glob("*.json"), key=lambda path: path.name.lower())
    return [(table.stem, json.loads(table.read_text())) for table in found]


def _root(corpora: Path, name: str, truth: Truth) -> Path | None:
    """The folder of a project; examples may lie in a project (`fastapi/docs_src`)."""
    folders = [corpora / name, *(corpora.glob(f"*/{name}") if _of_examples(truth) else ())]
    return next((folder for folder in folders if folder.is_dir()), None)


def _of_examples(truth: Truth) -> bool:
    return isinstance(truth, dict) and "routes" not in truth


def compare(root: Path, truth: Truth) -> Counts:
    """One project beside its truth, read from nothing."""
    started = time.perf_counter()
    codebase = load(root, cache=False)
    document = read(codebase)
    total = Counts(problems=len(document["problems"]), seconds=time.perf_counter() - started)
    carrying = {problem["path"] for problem in document["problems"]}
    if isinstance(truth, list) or "routes" in truth:
        total.add(judge(truth if isinstance(truth, list) else truth["routes"], document["routes"], carrying))
        return total
    by_file: defaultdict[str, list[Row]] = defaultdict(list)  # examples, an application in each file
    for row in document["routes"]:
        app = codebase.component(row["app"]) if row.get("app") else None
        by_file[f"{root.name}/{app.path}" if app else ""].append(row)
    for file, rows in truth.items():
        total.add(judge(rows, by_file[file], carrying))
    return total


def read(codebase: Codebase) -> dict[str, Any]:
    """`expert routes --json`, with the application of each route."""
    document = routes_document(codebase.inventory, codebase.inventory.routes)
    if any("app" not in row for row in document["routes"]):
        for row, served in zip(document["routes"], codebase.served, strict=True):
            row["app"] = served.app
    return document


def judge(truth: Sequence[Row], read: Sequence[Row], carrying: Iterable[str]) -> Counts:
    """One application. ``carrying`` holds the files that a problem was said of."""
    wanted = _first(truth)
    listed = [row for row in read if row["method"] not in LEFT_OUT]
    apart = [row for row in listed if row.get("reach", "served") == "unattached"]
    reached = [row for row in listed if row.get("reach", "served") != "unattached"]
    app = _application(wanted, reached)
    own = _first([row for row in reached if row.get("app") == app])
    found = _first([*own.values(), *reached, *apart])
    found = {key: row for key, row in found.items() if key in wanted}
    wrong = [key for key, row in own.items() if row.get("reach", "served") == "served" and key not in wanted]
    declared = {place for row in apart for place in _places(row)}
    counts = Counts(
        true=len(wanted),
        library=sum(bool(row.get("library")) for row in wanted.values()),
        found=len(found),
        readable=sum(not wanted[key].get("library") for key in found),
        wrong=len(wrong),
        other=len({(row.get("app"), row["method"], row["path"]) for row in reached if row.get("app") != app}),
    )
    files = set(carrying)
    for key in sorted(wanted.keys() - found.keys()):
        row = wanted[key]
        silent = not row.get("library") and str(row.get("file")) not in files and not (_places(row) & declared)
        counts.silent += silent
        counts.shown.append(_shown("silent" if silent else "missing", key, row))
    counts.shown += [_shown("wrong", key, own[key]) for key in sorted(wrong)]
    for key, row in sorted(found.items()):
        _protection(counts, key, wanted[key], row)
    return counts


def _first(rows: Iterable[Row]) -> dict[Key, Row]:
    """By method and path; of two the first is the one that answers."""
    first: dict[Key, Row] = {}
    for row in rows:
        if row["method"] not in LEFT_OUT:
            first.setdefault((row["method"], row["path"]), row)
    return first


def _application(wanted: Mapping[Key, Row], reached: Sequence[Row]) -> str | None:
    """The application that the truth is about: the one that most of its routes are said to be of."""
    hits: defaultdict[str | None, set[Key]] = defaultdict(set)
    for row in reached:
        if (row["method"], row["path"]) in wanted:
            hits[row.get("app")].add((row["method"], row["path"]))
    return max(hits, key=lambda app: (len(hits[app]), str(app)), default=None)


def _places(row: Row) -> set[tuple[str, str, str]]:
    """Method, file and name of the function, as the truth and as `expert` say it."""
    if "path_file" in row:
        _, _, place = str(row.get("endpoint") or "").partition(":")
        file, _, name = place.partition("::")
        return {(row["method"], file, name), (row["method"], row["path_file"], row["name"])}
    name = str(row.get("endpoint") or "").partition(":")[2]
    return {(row["method"], str(row.get("file")), name), (row["method"], str(row.get("file")), name.split(".")[-1])}


def _protection(counts: Counts, key: Key, true: Row, said: Row) -> None:
    refuses = refuses_strangers(true)
    answer = said.get("protection") or ("required" if said["protected"] else "none")
    counts.unknown += answer == "unknown"
    if refuses is None:
        return
    counts.protected += refuses
    counts.open += not refuses
    by_setting = bool((said.get("when") or {}).get("open"))
    mistaken = answer in ("none", "optional") if refuses else answer == "required" and not by_setting
    if mistaken:
        setattr(counts, answer, getattr(counts, answer) + 1)
        counts.shown.append(_shown(f"{answer}!", key, true))


def refuses_strangers(row: Row) -> bool | None:
    """Whether a request without credentials is refused; None when that is not known."""
    asked = row.get("asked")
    if asked is None:
        return True if row.get("protected") else None
    filled = asked.get("filled") or {}
    if _refused(asked, row) or (filled.get("entered") is False and _refused(filled, row)):
        return True
    if _answered(asked, row) or _answered(filled, row):
        return False
    return True if _refusing(row) else None


def _refusing(row: Row) -> bool:
    """Whether one of FastAPI's own schemes refuses; what a project's subclass does on being called is not known."""
    if "refusing" in row:
        return bool(row["refusing"])
    schemes = [(call, auto_error) for call, scheme, auto_error in row.get("dependencies") or () if scheme]
    return any(auto_error is not False and call.startswith("fastapi.security.") for call, auto_error in schemes)


def _status(asked: Row) -> int:
    """Of the answer, or what an answer of 200 says inside that it really is."""
    status, code = asked.get("status") or 0, asked.get("code") or 0
    return code if status == 200 and 400 <= code < 600 else status


def _refused(asked: Row, row: Row) -> bool:
    status = _status(asked)
    before = row.get("dependencies") != [] or asked.get("entered") is False
    sent = 300 <= status < 400 and SIGN_IN.search(asked.get("location") or "") and not SIGN_IN.search(row["path"])
    return status == 401 or (status == 403 and before) or bool(sent)


def _answered(asked: Row, row: Row) -> bool:
    """Whether a stranger got what the endpoint gives, be it that there is none such."""
    status = _status(asked)
    own = asked.get("entered") is True and 400 <= status < 500 and status not in ABOUT_WHO_OR_HOW
    return 200 <= status < 300 or (own and row.get("refuses_itself") is False)


HEAD = (
    f"{'application':34}{'true':>6}{'libr.':>6}{'found':>6}{'recall':>8}{'readable':>9}{'precision':>10}{'wrong':>6}"
    f"{'other':>6}{'silent':>7}{'problems':>9} |{'protected':>10}{'none!':>6}{'opt.!':>6}{'open':>6}{'req.!':>6}"
    f"{'unknown':>8}{'seconds':>8}"
)


def _line(name: str, counts: Counts) -> str:
    readable = counts.true - counts.library
    said = counts.found + counts.wrong
    return (
        f"{name:34}{counts.true:6}{counts.library:6}{counts.found:6}{_share(counts.found, counts.true):>8}"
        f"{_share(counts.readable, readable):>9}{_share(counts.found, said):>10}{counts.wrong:6}{counts.other:6}"
        f"{counts.silent:7}{counts.problems:9} |{counts.protected:10}{counts.none:6}{counts.optional:6}{counts.open:6}"
        f"{counts.required:6}{_share(counts.unknown, counts.found):>8}{counts.seconds:8.1f}"
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "–"


def _shown(mark: str, key: Key, row: Row) -> str:
    method, path = key
    return f"  {mark:10}{method:10}{path}  ({row.get('file') or row.get('path_file') or row.get('endpoint')})"
