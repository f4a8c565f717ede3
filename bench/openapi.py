"""OpenAPI documents read from text, against those that the running applications make themselves.

`python -m bench openapi CORPORA DOCUMENTS`: every `DOCUMENTS/NAME.json`, what `app.openapi()` gave (bare, or under the
key `openapi`), is compared with the document read from the text of `CORPORA/NAME`. For each part: how many the
application has, which share of them the text has alike, and how many only the text has (invented).

warm is the processor time of one answer, the second, with the cache in `CORPORA/NAME/.expert`.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi_expert.codebase import Codebase, load
from fastapi_expert.contract.openapi.document import document, documents
from fastapi_expert.contract.openapi.result import Document
from fastapi_expert.contract.openapi.verify import Agreement, Difference, compare

PARTS = ("operation", "parameter", "field", "body", "answer", "security", "operation id")


@dataclass
class Counts:
    """By part: how many the applications have, how many are alike, how many only the text has."""

    real: Counter[str] = field(default_factory=Counter[str])
    same: Counter[str] = field(default_factory=Counter[str])
    invented: Counter[str] = field(default_factory=Counter[str])

    def add(self, agreement: Agreement) -> None:
        self.real.update(agreement.real)
        self.same.update(agreement.same)
        self.invented.update(agreement.invented)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench openapi", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", type=Path, help="folder of projects")
    parser.add_argument("documents", type=Path, help="folder of documents")
    parser.add_argument("--only", default="", help="names of projects, separated by commas")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="list the first N differences of each")
    parser.add_argument("--warm", action="store_true", help="read a second time, from the cache")
    options = parser.parse_args(argv)
    only = {name for name in options.only.split(",") if name}
    names = [one.stem for one in sorted(options.documents.glob("*.json")) if not only or one.stem in only]
    names = [name for name in names if (options.corpora / name).is_dir()]
    if not names:
        print(f"error: no documents in {options.documents} of projects in {options.corpora}", file=sys.stderr)
        return 2
    print(f"{'application':34}" + "".join(f"{one:>20}" for one in PARTS) + f"{'left out':>10}{'warm':>7}")
    total = Counts()
    for name in names:
        real = json.loads((options.documents / f"{name}.json").read_text())
        said, seconds = answer(options.corpora / name, real.get("openapi", real), warm=options.warm)
        agreement = compare(said.openapi, real["openapi"] if "paths" not in real else real)
        counts = Counts()
        counts.add(agreement)
        total.add(agreement)
        print(_line(name, counts) + f"{len(said.unknown):10}{seconds:7.2f}", flush=True)
        for one in agreement.differences[: options.show]:
            print(_shown(one))
        if options.show:
            print("".join(f"  left out  {one.path}:{one.line}  {one.message}\n" for one in said.unknown), end="")
    print(_line("all", total))
    return 0


def answer(root: Path, real: Mapping[str, Any], *, warm: bool) -> tuple[Document, float]:
    """The document of the application that ``real`` is about, and the seconds that the last reading took."""
    if warm:
        _document(load(root), real)
    started = time.process_time()
    said = _document(load(root, cache=warm), real)
    return said, time.process_time() - started


def _document(codebase: Codebase, real: Mapping[str, Any]) -> Document:
    """Of several applications the one that has most operations of the real one's."""
    chosen = document(codebase)
    wanted = _operations(real)
    if wanted <= _operations(chosen.openapi) or len(documents(codebase)) == 1:
        return chosen
    several = [chosen, *[document(codebase, id_) for id_ in documents(codebase) if id_ != chosen.app]]
    return max(several, key=lambda one: len(wanted & _operations(one.openapi)))


def _operations(openapi: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(method, path) for path, several in openapi.get("paths", {}).items() for method in several}


def _line(name: str, counts: Counts) -> str:
    cells = [f"{name:34}"]
    for part in PARTS:
        real, same, invented = counts.real[part], counts.same[part], counts.invented[part]
        share = f"{same / real:.3f}" if real else "–"
        more = f" +{invented}" if invented else ""
        cells.append(f"{f'{same}/{real} {share}{more}':>20}")
    return "".join(cells)


def _shown(one: Difference) -> str:
    return f"  {one.part:10}{one.where}\n      text {str(one.text)[:160]}\n      real {str(one.real)[:160]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
