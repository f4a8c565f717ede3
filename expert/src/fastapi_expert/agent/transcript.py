"""What an agent did, as it happened: a Markdown file that grows with every step, and a line for a person to watch."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi_expert.store import ensure_ignored

_MOST_LINES = 60
_SHORT = 100


class Transcript:
    """Entries go to ``file`` at once, an interrupted run leaves what there was; ``tell`` gets the short form."""

    def __init__(self, file: Path, tell: Callable[[str], None]) -> None:
        self.file = file
        self._tell = tell
        self._steps = 0

    @classmethod
    def below(cls, folder: Path, task: str, tell: Callable[[str], None]) -> "Transcript":
        """A new file in ``folder``, named after the moment and the task; git is not to see the folder."""
        ensure_ignored(folder)
        words = "-".join(re.findall(r"[a-z0-9]+", task.lower())[:6])
        return cls(folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{words or 'task'}.md", tell)

    def began(self, task: str, model: str) -> None:
        """The head of the file."""
        self._write(
            f"# {' '.join(task.split())}\n\n- model: {model}\n- began: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n"
        )

    def said(self, text: str) -> None:
        """What the model says between its calls."""
        if text.strip():
            self._write(f"\n{text.strip()}\n")
            self._tell(text.strip())

    def called(self, tool: str, arguments: Mapping[str, Any], answer: str, *, refused: bool) -> None:
        """A tool call with its answer."""
        self._steps += 1
        given = "\n".join(f"{name}: {_value_text(value)}" for name, value in arguments.items())
        verb = "refused" if refused else "answer"
        self._write(f"\n## {self._steps} {tool}\n\n{_block(given)}\n{verb}:\n\n{_block(answer)}")
        what = next((str(value) for value in arguments.values() if isinstance(value, str)), "")
        first = answer.strip().partition("\n")[0]
        self._tell(f"{self._steps:>3} {tool} {_cut(what, 40)}  {'REFUSED ' if refused else ''}{_cut(first, _SHORT)}")

    def asked(self, what: str, reason: str) -> None:
        """What a person said to a request."""
        self._write(f"\nasked to {what}: {f'no, {reason}' if reason else 'yes'}\n")

    def ended(self, outcome: str) -> None:
        """How it came out."""
        self._write(f"\n## Outcome\n\n{outcome}\n")

    def _write(self, text: str) -> None:
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(text)


def _value_text(value: object) -> str:
    if isinstance(value, str):
        return value if "\n" not in value else "\n" + value
    return json.dumps(value, ensure_ascii=False)


def _block(text: str) -> str:
    """Indented, which no text can break out of, and of bearable length."""
    lines = text.splitlines()
    left = len(lines) - _MOST_LINES
    visible = [*lines[:_MOST_LINES], *([f"… {left} lines more"] if left > 0 else [])]
    return "".join(f"    {line}".rstrip() + "\n" for line in visible)


def _cut(text: str, length: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
