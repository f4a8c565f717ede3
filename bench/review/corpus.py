"""The planted corpus: `bench/hazards/<family>/<code>-<name>.md`, one hazard a file.

    # FX701 · 1 · Committed after the answer          the code · its number in the catalogue · its title

    ## wrong: sync, an Annotated alias                one program; its hazards are the lines that end in `# hazard`
    with: fastapi==0.115.6 sqlalchemy==2.0.36         what it requires, if not the newest
    ```python app/db.py                               one file of it; `main.py` when it has no name
    …
    ```

    ## twin: the endpoint commits                     one program that looks alike and is right

`# hazard: FX702` marks a hazard of another code.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "hazards"
REQUIRED = ("fastapi==0.165.0", "pydantic==2.14.3", "sqlalchemy==2.1.9", "starlette==1.10.0")
_TITLE = re.compile(r"# (FX\d{3}) · (\d+) · (.+)")
_PROGRAM = re.compile(r"^## (wrong|twin): (.+)$", re.MULTILINE)
_FILE = re.compile(r"^```(?:python|toml)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"#\s*hazard(?:: (FX\d{3}))?\s*$")


@dataclass(frozen=True)
class Mark:
    """A line at which a finding is due."""

    code: str
    path: str
    line: int


@dataclass(frozen=True)
class Program:
    """One program of the corpus: ``files`` are path to text."""

    code: str
    wrong: bool
    style: str
    requires: tuple[str, ...]
    files: dict[str, str]

    @property
    def marks(self) -> list[Mark]:
        found: list[Mark] = []
        for path, text in self.files.items():
            for number, line in enumerate(text.splitlines(), 1):
                if mark := _MARK.search(line):
                    found.append(Mark(mark[1] or self.code, path, number))
        return found

    def lay_out(self, root: Path) -> None:
        """Write its files below ``root``, the marks taken out: what reads the program cannot see them."""
        for path, text in self.files.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("".join(f"{_MARK.sub('', line).rstrip()}\n" for line in text.splitlines()))
        (root / "requirements.txt").write_text("\n".join(self.requires) + "\n")


@dataclass(frozen=True)
class Hazard:
    """One file of the corpus."""

    code: str
    number: int
    title: str
    family: str
    programs: tuple[Program, ...]


def read(path: Path) -> Hazard:
    text = path.read_text()
    title = _TITLE.match(text)
    assert title is not None, f"{path}: its first line is no title"
    starts = list(_PROGRAM.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    programs = tuple(
        _program(title[1], s[1] == "wrong", s[2], text[s.end() : e]) for s, e in zip(starts, ends, strict=True)
    )
    return Hazard(title[1], int(title[2]), title[3], path.parent.name, programs)


def _program(code: str, wrong: bool, style: str, text: str) -> Program:
    files = {path or "main.py": body for path, body in _FILE.findall(text)}
    given = re.search(r"^with: (.+)$", text.partition("```")[0], re.MULTILINE)
    return Program(code, wrong, style, tuple(given[1].split()) if given else REQUIRED, files)


def hazards(folder: Path = FOLDER) -> Iterator[Hazard]:
    """Every hazard of the corpus, by family and code."""
    for path in sorted(folder.glob("*/*.md")):
        yield read(path)
