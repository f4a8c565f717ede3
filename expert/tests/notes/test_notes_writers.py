"""Several processes write into one folder, and one of them is killed again and again: nothing is lost, nothing torn."""

import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from fastapi_expert.notes.mcp.catalogue import call
from fastapi_expert.notes.notebook import Notebook

NOTES_EACH = 1000
KILLS = 5  # a second apart
# writes notes N, N+1 …, and says each number once the note is on disk; every fiftieth it appends to a note all share
WRITER = """
import sys
from pathlib import Path
from fastapi_expert.notes.notebook import Edit, Notebook
root, name, first, last = sys.argv[1:]
notebook = Notebook(Path(root))
body = "- [fact] " + name + " writes this #{number}\\n" + "line\\n" * 9 + "end of {number}\\n"
for number in range(int(first), int(last)):
    notebook.write(f"{name} {number}", body.replace("{number}", str(number)), f"{name}/{number % 7}", overwrite=True)
    if number % 50 == 0:
        notebook.edit("shared", Edit("append", f"{name} {number}"))
    print(number, flush=True)
"""


def writer(root: Path, name: str, first: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(root), name, str(first), str(NOTES_EACH)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def said_by(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout
    return [int(line) for line in process.stdout if line.endswith("\n")]


def test_two_writers_and_kill_9_lose_and_tear_nothing(tmp_path: Path) -> None:
    root = tmp_path / "notes"
    steady = writer(root, "steady", 0)
    steady_said: list[int] = []
    reader = threading.Thread(target=lambda: steady_said.extend(said_by(steady)))
    reader.start()
    killed_said: list[int] = []
    for _ in range(KILLS):
        process = writer(root, "killed", len(killed_said))
        threading.Timer(1.0, process.send_signal, [signal.SIGKILL]).start()
        killed_said += said_by(process)
        assert process.wait() == -signal.SIGKILL
    last = writer(root, "killed", len(killed_said))
    killed_said += said_by(last)
    assert last.wait() == 0
    reader.join()
    assert steady.wait() == 0

    assert steady_said == killed_said == list(range(NOTES_EACH))
    for name in ("steady", "killed"):
        for number in range(NOTES_EACH):
            text = (root / f"{name}/{number % 7}/{name} {number}.md").read_text()
            assert text.startswith(f"---\ntitle: {name} {number}\ntype: note\n")
            assert text.endswith(f"line\nend of {number}\n")
    shared = re.findall(r"^(steady|killed) (\d+)$", (root / "shared.md").read_text(), re.MULTILINE)
    for name in ("steady", "killed"):
        assert {int(number) for who, number in shared if who == name} == set(range(0, NOTES_EACH, 50))
    left = {path.suffix for path in root.rglob("*") if path.is_file()}
    assert left <= {".md", ".tmp"}  # a killed writer's rest, which the next write takes over
    notebook = Notebook(root)
    for query, total in (("steady", NOTES_EACH), ("killed", NOTES_EACH), ("line", 2 * NOTES_EACH)):
        answer = call(notebook, "search_notes", {"query": query, "output_format": "json"}).answer
        assert isinstance(answer, dict)
        assert total <= answer["total"] <= total + 1  # the shared note names both


def test_a_reader_never_sees_part_of_a_note(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "notes")
    texts = {letter: f"{letter * 200_000}\n" for letter in "ab"}
    notebook.write("N", texts["a"], "")
    deadline = time.monotonic() + 1.5

    def replace() -> None:
        while time.monotonic() < deadline:
            for text in texts.values():
                notebook.write("N", text, "", overwrite=True)

    thread = threading.Thread(target=replace)
    thread.start()
    seen: set[str] = set()
    while time.monotonic() < deadline:
        text = (tmp_path / "notes" / "N.md").read_text()
        seen.add(text[-1000:])
        assert text.split("---\n\n", 1)[1] in texts.values()
    thread.join()
    assert len(seen) == 2
