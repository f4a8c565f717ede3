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


def _helper(edit: Editor, text: str) -> str:
    body = f"    total = first + {edit.number}\n    return total * second\n"
    return f"{text}\n\ndef helper_{edit.number}(first, second):\n{body}"


def _session_helper(edit: Editor, text: str) -> str:
    return f"{text}\n\ndef stored_{edit.number}(session: Session, key: int):\n    return session.get(Thing, key)\n"


def _copy(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_DEFINITION, text)
    return f"{text}\n\n{found[0].replace(found[1], f'{found[1]}_{edit.number}', 1)}" if found else None


def _line_above(edit: Editor, text: str) -> str:
    return f"# {edit.number}\n\n{text}"


def _statement(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_RETURN, text)
    if found is None:
        return None
    return f"{text[: found.start()]}{found[1]}value = compute({edit.number})\n{text[found.start() :]}"


def _call(edit: Editor, text: str) -> str | None:
    return _calling(edit, text, f"{{}}({edit.number})")


def _calling(edit: Editor, text: str, how: str) -> str | None:
    found, other = edit.somewhere(_RETURN, text), edit.somewhere(_DEFINITION, text)
    if found is None or other is None:
        return None
    return f"{text[: found.start()]}{found[1]}{how.format(other[1])}\n{text[found.start() :]}"


def _foreign_import(edit: Editor, text: str) -> str:
    return f"import json as json_{edit.number}\n{text}"


def _own_import(edit: Editor, text: str) -> str:
    other = edit.random.choice([path for path in edit.files() if path.stem != "__init__"])
    dotted = ".".join(other.relative_to(edit.root).with_suffix("").parts)
    found = edit.somewhere(_DEFINITION, other.read_text())
    return f"from {dotted} import {found[1]}\n{text}" if found else f"import {dotted}\n{text}"


def _route(edit: Editor, text: str) -> str | None:
    if "router" not in text:
        return None
    return (
        f'{text}\n\n@router.get("/extra/{edit.number}")\ndef extra_{edit.number}() -> int:\n    return {edit.number}\n'
    )


def _removed(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_DEFINITION, text)
    return text[: found.start()] + text[found.end() :] if found else None


def _renamed(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_DEFINITION, text)
    return re.sub(rf"\b{found[1]}\b", f"{found[1]}_{edit.number}", text) if found else None


def _schema(edit: Editor, text: str) -> str:
    fields = f"    id: int\n    name: str\n    note_{edit.number}: str | None = None\n"
    return f"{text}\n\nclass Extra{edit.number}(BaseModel):\n{fields}"


def _field(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_CLASS, text)
    return (
        f"{text[: found.end()]}    field_{edit.number}: int = {edit.number}\n{text[found.end() :]}" if found else None
    )


def _field_gone(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_FIELD, text)
    return text[: found.start()] + text[found.end() :] if found else None


def _class_copied(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_WHOLE_CLASS, text)
    return f"{text}\n\n{found[0].replace(found[1], f'{found[1]}{edit.number}')}" if found else None


def _class_removed(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_WHOLE_CLASS, text)
    return text[: found.start()] + text[found.end() :] if found else None


def _class_renamed(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_WHOLE_CLASS, text)
    return re.sub(rf"\b{found[1]}\b", f"{found[1]}{edit.number}", text) if found else None


def _subclass(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_WHOLE_CLASS, text)
    inner = f"    class Config:\n        extra_{edit.number} = 1\n"
    return f"{text}\n\nclass Sub{edit.number}({found[1]}):\n    more: int\n\n{inner}" if found else None


def _service(edit: Editor, text: str) -> str:
    method = (
        f"    def total_{edit.number}(self, session: Session) -> int:\n        return session.count({edit.number})\n"
    )
    return f"{text}\n\nclass Counting{edit.number}:\n{method}"


def _comment(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_DEFINITION, text)
    if found is None:
        return None
    return f"{text[: found.start()]}# expert: ignore[FX3] as agreed\n{text[found.start() :]}"


def _depends(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_DEFINITION, text)
    other = edit.somewhere(_DEFINITION, text)
    if found is None or other is None:
        return None
    start = found.start(1) + len(found[1]) + 1
    return f"{text[:start]}needed_{edit.number}=Depends({other[1]}), {text[start:]}"


def _line_gone(edit: Editor, text: str) -> str | None:
    lines = text.splitlines(keepends=True)
    if not lines:
        return None
    lines.pop(edit.random.randrange(len(lines)))
    return "".join(lines)


def _new_test(edit: Editor, text: str) -> str | None:
    return (
        f'{text}\n\ndef test_{edit.number}():\n    assert client.get("/extra/{edit.number}")\n'
        if "test" in text
        else None
    )


def _environment(edit: Editor, text: str) -> str:
    return f'{text}\n\ndef setting_{edit.number}():\n    return os.getenv("SETTING_{edit.number % 3}")\n'


def _background(edit: Editor, text: str) -> str | None:
    how = edit.random.choice(["asyncio.create_task({}())", "background.add_task({})", "spawn({}())"])
    return _calling(edit, text, how)


def _worker(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_DEFINITION, text)
    return f"{text}\n\nclass Worker{edit.number}:\n    functions = [{found[1]}]\n" if found else None


def _migration(edit: Editor, text: str) -> str:
    return f"{text}\n\ndef m00{edit.number % 10}_change(session: Session):\n    return {edit.number}\n"


def _alias(edit: Editor, text: str) -> str | None:
    found = edit.somewhere(_DEFINITION, text)
    return f"{text}\n\nNeeded{edit.number} = Annotated[str, Depends({found[1]})]\n" if found else None


def _moved(edit: Editor, text: str) -> str | None:
    return None


def _restored(edit: Editor, text: str) -> str | None:
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
