"""`python -m bench notes [--count N]`: project memory at size, beside reading every file, as one does without an index.

Notes of 5 to 40 lines with 3 observations and 2 relations each, in 50 folders. Medians.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from fastapi_expert.notes.mcp.catalogue import call
from fastapi_expert.notes.notebook import Notebook

WORDS = (  # noqa: SIM905 - a page of words reads better than a page of quotes
    "account address audit backup batch billing cache client column commit cookie cursor customer deadline delete"
    " deploy domain endpoint entity event export field filter gateway handler header import index invoice job key label"
    " ledger limit lock login mail message metric migration model order owner page password patch payment permission"
    " plan policy price product profile project queue quota rate record refund region release report request retry role"
    " route rule schema scope search secret session setting shard shipping status stock store stream subscription table"
    " tax team tenant test ticket token trace user vendor version webhook worker"
).split()


def main(options: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench notes", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="number of notes")
    count = parser.parse_args(options).count
    with tempfile.TemporaryDirectory(prefix="bench-notes-") as directory:
        root = Path(directory) / "notes"
        make(root, count)
        notebook = Notebook(root)
        began = time.perf_counter()
        call(notebook, "search_notes", {"query": "invoice"})
        print(f"{count} notes, {size(root) / 1e6:.1f} MB; cold index: {time.perf_counter() - began:.1f} s\n")
        scan = median(lambda: grep(root, "invoice", "refund"), times=3)
        print(f"{'':34}{'median':>10}{'to reading all files':>24}")
        print(f"{'every file read, two words':34}{scan * 1e3:8.1f} ms{1:22.2f} x")
        for name, tool, arguments in cases(root):
            took = median(partial(call, notebook, tool, arguments), times=15)
            print(f"{name:34}{took * 1e3:8.1f} ms{took / scan:22.2f} x")
    return 0


def cases(root: Path) -> list[tuple[str, str, dict[str, object]]]:
    """The questions, each with its name in the table."""
    some = next(iter(sorted(root.rglob("*.md")))).relative_to(root).as_posix()
    return [
        ("search, one word", "search_notes", {"query": "invoice"}),
        ("search, two words", "search_notes", {"query": "invoice refund"}),
        ("search, phrase and NOT", "search_notes", {"query": '"payment retry" AND NOT audit'}),
        ("search, observations", "search_notes", {"query": "webhook", "entity_types": ["observation"]}),
        ("search, word in every note", "search_notes", {"query": "decision"}),
        ("filter by tag", "search_notes", {"tags": "audit"}),
        ("one word, filtered by tag", "search_notes", {"query": "invoice", "tags": "audit"}),
        ("filter by front matter", "search_notes", {"metadata_filters": {"type": {"$in": ["note", "spec"]}}}),
        ("observations of a category", "search_notes", {"categories": ["decision"], "entity_types": ["observation"]}),
        ("read by path", "read_note", {"identifier": some}),
        ("context, two hops", "build_context", {"url": some, "depth": 2, "max_related": 50}),
        ("append", "edit_note", {"identifier": some, "operation": "append", "content": "x"}),
    ]


def make(root: Path, count: int) -> None:
    """Write the notes as plain files, as a checkout would."""
    chance = random.Random(5)
    titles = [f"{' '.join(chance.sample(WORDS, 3)).title()} {number}" for number in range(count)]
    for number, title in enumerate(titles):
        path = root / WORDS[number % 50] / f"{title}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(note(title, titles, chance))


def note(title: str, titles: list[str], chance: random.Random) -> str:
    sentence = lambda: " ".join(chance.choices(WORDS, k=12))  # noqa: E731 - three uses, one line
    facts = "".join(f"- [{kind}] {sentence()} #{chance.choice(WORDS)}\n" for kind in ("decision", "fact", "risk"))
    links = "".join(f"- {kind} [[{chance.choice(titles)}]]\n" for kind in ("implements", "part_of"))
    text = "".join(f"{sentence()}.\n\n" for _ in range(chance.randint(2, 15)))
    tags = "".join(f"- {tag}\n" for tag in chance.sample(WORDS, 2))
    return f"---\ntitle: {title}\ntype: note\ntags:\n{tags}---\n\n# {title}\n\n{text}{facts}{links}"


def grep(root: Path, *words: str) -> list[Path]:
    """The files that hold every word."""
    return [path for path in root.rglob("*.md") if all(word in path.read_text().lower() for word in words)]


def median(run: Callable[[], object], *, times: int) -> float:
    """Seconds."""
    took: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def size(root: Path) -> int:
    return sum(path.stat().st_size for path in root.rglob("*.md"))
