"""Edits as people and agents make them, on any project: helpers, imports, routes, renames, moves, broken lines."""

import random
import re
from collections.abc import Callable
from pathlib import Path

_RETURN = re.compile(r"^( +)return\b.*$", re.MULTILINE)
_DEFINITION = re.compile(r"^(?:async )?def (\w+)\(.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_CLASS = re.compile(r"^class \w+\(.*\):\n", re.MULTILINE)
_WHOLE_CLASS = re.compile(r"^class (\w+).*:\n(?:[ \t]+.*\n|\n)+", re.MULTILINE)
_FIELD = re.compile(r"^    \w+(?:: .*| = .*)\n", re.MULTILINE)


class Editor:
    """Edits the Python files below ``root``, one at a time, as ``seed`` says; what it writes never repeats."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.random = random.Random(seed)
        self.number = 0
        self._first = {file: file.read_text() for file in self.files()}

    def edit(self) -> str:
        """Make one edit; what it was, and where."""
        while True:
            self.number += 1
            file = self.random.choice(self.files())
            kind, change = self.random.choice(list(_CHANGES.items()))
            before = file.read_text()
            after = change(self, before)
            if after is not None and after != before:
                file.write_text(after)
                return f"{kind} in {file.relative_to(self.root)}"
            if change is _moved and len(self.files()) > 3:
                file.rename(file.with_name(f"moved_{self.number}.py"))
                return f"{kind} {file.relative_to(self.root)}"
            if change is _restored and file in self._first and before != self._first[file]:
                file.write_text(self._first[file])
                return f"{kind} {file.relative_to(self.root)}"

    def files(self) -> list[Path]:
        """What there is to edit."""
        return sorted(file for file in self.root.rglob("*.py") if ".venv" not in file.parts and file.is_file())

    def somewhere(self, pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
        """One of the places where ``pattern`` is found."""
        found = list(pattern.finditer(text))
        return self.random.choice(found) if found else None


def _helper(at: Editor, text: str) -> str:
    body = f"    total = first + {at.number}\n    return total * second\n"
    return f"{text}\n\ndef helper_{at.number}(first, second):\n{body}"


def _session_helper(at: Editor, text: str) -> str:
    return f"{text}\n\ndef stored_{at.number}(session: Session, key: int):\n    return session.get(Thing, key)\n"


def _copy(at: Editor, text: str) -> str | None:
    found = at.somewhere(_DEFINITION, text)
    return f"{text}\n\n{found[0].replace(found[1], f'{found[1]}_{at.number}', 1)}" if found else None


def _line_above(at: Editor, text: str) -> str:
    return f"# {at.number}\n\n{text}"


def _statement(at: Editor, text: str) -> str | None:
    found = at.somewhere(_RETURN, text)
    if found is None:
        return None
    return f"{text[: found.start()]}{found[1]}value = compute({at.number})\n{text[found.start() :]}"


def _call(at: Editor, text: str) -> str | None:
    return _calling(at, text, f"{{}}({at.number})")


def _calling(at: Editor, text: str, how: str) -> str | None:
    found, other = at.somewhere(_RETURN, text), at.somewhere(_DEFINITION, text)
    if found is None or other is None:
        return None
    return f"{text[: found.start()]}{found[1]}{how.format(other[1])}\n{text[found.start() :]}"


def _foreign_import(at: Editor, text: str) -> str:
    return f"import json as json_{at.number}\n{text}"


def _own_import(at: Editor, text: str) -> str:
    other = at.random.choice([path for path in at.files() if path.stem != "__init__"])
    dotted = ".".join(other.relative_to(at.root).with_suffix("").parts)
    found = at.somewhere(_DEFINITION, other.read_text())
    return f"from {dotted} import {found[1]}\n{text}" if found else f"import {dotted}\n{text}"


def _route(at: Editor, text: str) -> str | None:
    if "router" not in text:
        return None
    return f'{text}\n\n@router.get("/extra/{at.number}")\ndef extra_{at.number}() -> int:\n    return {at.number}\n'


def _removed(at: Editor, text: str) -> str | None:
    found = at.somewhere(_DEFINITION, text)
    return text[: found.start()] + text[found.end() :] if found else None


def _renamed(at: Editor, text: str) -> str | None:
    found = at.somewhere(_DEFINITION, text)
    return re.sub(rf"\b{found[1]}\b", f"{found[1]}_{at.number}", text) if found else None


def _schema(at: Editor, text: str) -> str:
    fields = f"    id: int\n    name: str\n    note_{at.number}: str | None = None\n"
    return f"{text}\n\nclass Extra{at.number}(BaseModel):\n{fields}"


def _field(at: Editor, text: str) -> str | None:
    found = at.somewhere(_CLASS, text)
    return f"{text[: found.end()]}    field_{at.number}: int = {at.number}\n{text[found.end() :]}" if found else None


def _field_gone(at: Editor, text: str) -> str | None:
    found = at.somewhere(_FIELD, text)
    return text[: found.start()] + text[found.end() :] if found else None


def _class_copied(at: Editor, text: str) -> str | None:
    found = at.somewhere(_WHOLE_CLASS, text)
    return f"{text}\n\n{found[0].replace(found[1], f'{found[1]}{at.number}')}" if found else None


def _class_removed(at: Editor, text: str) -> str | None:
    found = at.somewhere(_WHOLE_CLASS, text)
    return text[: found.start()] + text[found.end() :] if found else None


def _class_renamed(at: Editor, text: str) -> str | None:
    found = at.somewhere(_WHOLE_CLASS, text)
    return re.sub(rf"\b{found[1]}\b", f"{found[1]}{at.number}", text) if found else None


def _subclass(at: Editor, text: str) -> str | None:
    found = at.somewhere(_WHOLE_CLASS, text)
    inner = f"    class Config:\n        extra_{at.number} = 1\n"
    return f"{text}\n\nclass Sub{at.number}({found[1]}):\n    more: int\n\n{inner}" if found else None


def _service(at: Editor, text: str) -> str:
    method = f"    def total_{at.number}(self, session: Session) -> int:\n        return session.count({at.number})\n"
    return f"{text}\n\nclass Counting{at.number}:\n{method}"


def _comment(at: Editor, text: str) -> str | None:
    found = at.somewhere(_DEFINITION, text)
    if found is None:
        return None
    return f"{text[: found.start()]}# expert: ignore[FX3] as agreed\n{text[found.start() :]}"


def _depends(at: Editor, text: str) -> str | None:
    found = at.somewhere(_DEFINITION, text)
    other = at.somewhere(_DEFINITION, text)
    if found is None or other is None:
        return None
    start = found.start(1) + len(found[1]) + 1
    return f"{text[:start]}needed_{at.number}=Depends({other[1]}), {text[start:]}"


def _line_gone(at: Editor, text: str) -> str | None:
    lines = text.splitlines(keepends=True)
    if not lines:
        return None
    lines.pop(at.random.randrange(len(lines)))
    return "".join(lines)


def _new_test(at: Editor, text: str) -> str | None:
    return (
        f'{text}\n\ndef test_{at.number}():\n    assert client.get("/extra/{at.number}")\n' if "test" in text else None
    )


def _environment(at: Editor, text: str) -> str:
    return f'{text}\n\ndef setting_{at.number}():\n    return os.getenv("SETTING_{at.number % 3}")\n'


def _background(at: Editor, text: str) -> str | None:
    how = at.random.choice(["asyncio.create_task({}())", "background.add_task({})", "spawn({}())"])
    return _calling(at, text, how)


def _worker(at: Editor, text: str) -> str | None:
    found = at.somewhere(_DEFINITION, text)
    return f"{text}\n\nclass Worker{at.number}:\n    functions = [{found[1]}]\n" if found else None


def _migration(at: Editor, text: str) -> str:
    return f"{text}\n\ndef m00{at.number % 10}_change(session: Session):\n    return {at.number}\n"


def _alias(at: Editor, text: str) -> str | None:
    found = at.somewhere(_DEFINITION, text)
    return f"{text}\n\nNeeded{at.number} = Annotated[str, Depends({found[1]})]\n" if found else None


def _moved(at: Editor, text: str) -> str | None:
    return None


def _restored(at: Editor, text: str) -> str | None:
    return None


_CHANGES: dict[str, Callable[[Editor, str], str | None]] = {
    "a helper": _helper,
    "a helper with a session": _session_helper,
    "a copy of a function": _copy,
    "a line above": _line_above,
    "a statement": _statement,
    "a call": _call,
    "background work": _background,
    "a worker": _worker,
    "a migration": _migration,
    "an alias": _alias,
    "an import of a package": _foreign_import,
    "an import of a neighbour": _own_import,
    "a route": _route,
    "a function removed": _removed,
    "a function renamed": _renamed,
    "a schema": _schema,
    "a field": _field,
    "a field gone": _field_gone,
    "a class copied": _class_copied,
    "a class removed": _class_removed,
    "a class renamed": _class_renamed,
    "a subclass": _subclass,
    "a service": _service,
    "a silencing comment": _comment,
    "a dependency": _depends,
    "a line gone": _line_gone,
    "a test": _new_test,
    "a read of the environment": _environment,
    "a file moved": _moved,
    "a file restored": _restored,
}
