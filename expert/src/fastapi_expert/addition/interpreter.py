"""The project's own interpreter, asked about the copy: what it imports is the copy's, what it opens is ours."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi_expert.addition.postgres import Address
from fastapi_expert.addition.staging import Staging
from fastapi_expert.gate.checks.process import Broken, Output, run


class Unanswered(Exception):
    """The interpreter cannot answer; ``missing`` is the package that it lacks, if that is why."""

    def __init__(self, why: str, missing: str = "") -> None:
        super().__init__(why)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Interpreter:
    """``roots`` are the folders, relative to the project, that its modules are imported from."""

    python: Path
    stage: Staging
    roots: tuple[str, ...]
    timeout: float

    def ask(self, question: Mapping[str, Any], *, folder: str = "", postgres: Address | None = None) -> Any:
        """The answer of ``inside/expert_probe.py``, run in ``folder`` of the project. Raises Unanswered."""
        script = [self.python, "-c", _ASK.format(question=json.dumps(json.dumps(dict(question))))]
        try:
            output = run(script, cwd=self.stage.root / folder, timeout=self.timeout, env=self.variables(postgres))
        except Broken as broken:
            raise Unanswered(str(broken)) from None
        try:
            said = json.loads(output.out)
        except ValueError:
            raise Unanswered(output.last_words) from None
        if "error" in said:
            raise Unanswered(said["error"], said["missing"])
        return said["answer"]

    def pytest(self, home: Path, arguments: list[str], *, variables: Mapping[str, str]) -> Output:
        """What pytest prints about tests of the copy. Raises Unanswered."""
        command = [self.python, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *arguments]
        try:
            return run(command, cwd=home, timeout=self.timeout, env=variables)
        except Broken as broken:
            raise Unanswered(str(broken)) from None

    def alembic(self, folder: str, arguments: list[str], *, postgres: Address | None) -> None:
        """Run the project's Alembic on the copy, kept to databases of ours. Raises Unanswered when it fails."""
        words = ", ".join(map(repr, arguments))
        script = f"import expert_guard; from alembic.config import main; main([{words}])"
        try:
            output = run(
                [self.python, "-c", script],
                cwd=self.stage.root / folder,
                timeout=self.timeout,
                env=self.variables(postgres),
            )
        except Broken as broken:
            raise Unanswered(str(broken)) from None
        if output.code != 0:
            raise Unanswered(output.last_words)

    def variables(
        self, postgres: Address | None = None, *, table: tuple[str, str] = ("", ""), guarded: bool = True
    ) -> dict[str, str]:
        """The environment in which the copy is found first, and no database of the project's."""
        inside = str(files("fastapi_expert.addition") / "inside")
        places = [str(self.stage.root / root) for root in self.roots]
        places += [inside, *filter(None, [os.environ.get("PYTHONPATH", "")])]
        found = {"PYTHONPATH": os.pathsep.join(places), "PYTHONDONTWRITEBYTECODE": "1"}
        if guarded:
            settings: dict[str, Any] = {"allowed": [str(self.stage.top.parent.resolve())]}
            settings |= {"table_module": table[0], "table": table[1]} if table[0] else {}
            if postgres is not None:
                settings["postgres"] = {"port": postgres.port, "password": postgres.password, "database": "postgres"}
            found["EXPERT_GUARD"] = json.dumps(settings)
        return found


_ASK = "import io, sys; sys.stdin = io.StringIO({question}); import expert_guard, expert_probe; expert_probe.main()"
