"""Which applications a project's text says are served, the most credible first; nothing is tried out."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi_expert.codebase import Codebase
from fastapi_expert.witness.calls import starts
from fastapi_expert.witness.commands import Command, commands
from fastapi_expert.witness.model import Application, Place
from fastapi_expert.witness.modules import Finder

FASTAPI, DEPLOYED, TASK, CODE, PAGE, TEXT = range(6)
"""How credible a mention is: `[tool.fastapi]`, what containers and hosts run, what developers run, a call of a server,
a page of documentation, the text of an application that nothing starts."""

_LARGEST = 200_000
_DEEPEST = 6
_NEVER = frozenset({"node_modules", "site-packages", "dist-packages", "__pycache__", "venv", "env", "dist", "build"})
_DEPLOYING = (
    "dockerfile",
    "containerfile",
    "compose",
    "procfile",
    "fly.toml",
    "render.y",
    "app.y",
    "railway",
    "nixpacks",
)
_TASKS = ("makefile", "justfile", "taskfile", "package.json", "pyproject.toml", "tox.ini")
_SCRIPTS = (".sh", ".bash", ".service", ".conf", ".ps1", ".bat", ".mk")
_PAGES = (".md", ".rst")
_MANIFESTS = (".yml", ".yaml", ".toml", ".json", ".cfg", ".ini")
_STARTING_SCRIPTS = ("entrypoint", "start", "run", "prod", "docker", "boot", "serve", "launch")
_WORDS = re.compile(r"\b(?:uvicorn|gunicorn|hypercorn|granian|daphne|fastapi|APP_MODULE|python\d?|\w+\.py)\b")
"""Text without any of these starts no server: most manifests are about something else."""
_ASIDE = frozenset(
    {"test", "tests", "example", "examples", "docs", "doc", "docs_src", "benchmark", "benchmarks", "demo"}
)


@dataclass(frozen=True, slots=True)
class _Mention:
    application: Application
    rank: int
    known: bool
    """Whether the text, too, says that this is an application or makes one."""
    made_in: str = ""
    """The file that makes it, where that is another one than it is imported from."""

    @property
    def aside(self) -> bool:
        """Whether it is said by, or of, what only examples and tests start."""
        said = self.application.place if self.rank != PAGE else None  # pages lie in folders of documentation
        paths = [self.application.file or "", said.path if said is not None else ""]
        return any(part in _ASIDE or part.startswith(".") for path in paths for part in path.split("/")[:-1])


def entrypoints(codebase: Codebase) -> list[Application]:
    """The applications that something in the project starts, by credibility; those of the text alone come last."""
    finder = Finder(codebase)
    mentions = [*_configured(codebase, finder), *_in_files(codebase, finder), *_in_text(codebase, finder)]
    routes: dict[str, int] = {}
    for route in codebase.inventory.routes:
        path = route.app.partition(":")[2].partition("::")[0]
        routes[path] = routes.get(path, 0) + 1
    mentions.sort(
        key=lambda one: (
            one.aside,
            not one.known,
            one.rank,
            -routes.get(one.made_in or one.application.file or "", 0),
        )
    )
    found: dict[tuple[str, str], Application] = {}
    for mention in mentions:
        one = mention.application
        found.setdefault((one.file or one.module, one.attribute), one)
    return list(found.values())


def _configured(codebase: Codebase, finder: Finder) -> Iterator[_Mention]:
    """`[tool.fastapi] entrypoint = "app.main:app"`."""
    import tomllib

    for path in _files(finder.root, lambda name: name == "pyproject.toml"):
        text = (finder.root / path).read_text(encoding="utf-8", errors="replace")
        if "[tool.fastapi]" not in text:
            continue
        try:
            said = tomllib.loads(text)["tool"]["fastapi"].get("entrypoint")
        except (tomllib.TOMLDecodeError, KeyError, AttributeError):
            continue
        if isinstance(said, str) and ":" in said:
            line = next((n for n, each in enumerate(text.splitlines(), 1) if "entrypoint" in each and said in each), 1)
            command = Command("application", said, line, f'entrypoint = "{said}"')
            yield from _mentions(finder, finder.of_command(command, path), FASTAPI)


def _in_files(codebase: Codebase, finder: Finder) -> Iterator[_Mention]:
    """What command lines say, and the calls of servers in programs: more credible where a command runs the program."""
    programs: dict[str, tuple[int, Place, str]] = {}
    for path in _files(finder.root, _is_read):
        rank = _rank(path, finder)
        text = (finder.root / path).read_text(encoding="utf-8", errors="replace")
        for command in commands(text) if _WORDS.search(text) else ():
            if command.kind == "program":
                for file in finder.program(command, path) if rank < CODE else ():
                    said = (rank, Place(path, command.line), command.said)
                    programs[file] = min(programs.get(file, said), said, key=lambda each: each[0])
            else:
                yield from _mentions(finder, finder.of_command(command, path), rank)
    for start in starts(codebase):
        rank, place, said = programs.get(
            start.path, (CODE, Place(start.path, start.line), "a call that starts a server")
        )
        yield from _mentions(finder, finder.of_start(start, place, said), rank)


def _in_text(codebase: Codebase, finder: Finder) -> Iterator[_Mention]:
    """The applications that the text makes: at module level, for a name there, or in a function without arguments.

    A name comes before the function that makes what it holds: more may be put on it where it is bound.
    """
    for holder in finder.holders:
        for one in _mentions(finder, [finder.of_holder(holder)], TEXT):
            yield replace(one, made_in=holder.made_in)
    for component in codebase.inventory.components:
        if component.kind == "app":
            yield from _mentions(finder, finder.of_component(component), TEXT)


def _mentions(finder: Finder, found: Iterable[Application], rank: int) -> Iterator[_Mention]:
    """Pages show other people's programs too: what they say has to be known of the text."""
    for one in found:
        known = not one.attribute or (one.file is not None and finder.is_application(one.file, one.attribute))
        if known or rank != PAGE:
            yield _Mention(one, rank, known)


def _is_read(name: str) -> bool:
    lower = name.lower()
    return any(each in lower for each in (*_DEPLOYING, *_TASKS)) or lower.endswith((*_SCRIPTS, *_PAGES, *_MANIFESTS))


def _rank(path: str, finder: Finder) -> int:
    folder, _, name = path.rpartition("/")
    name = name.lower()
    if finder.is_in_package(folder):  # a template that the program copies or shows
        return PAGE
    if any(each in name for each in _DEPLOYING):
        return DEPLOYED
    if name.endswith(_PAGES):
        return PAGE
    if name.endswith(_SCRIPTS) and any(each in name for each in _STARTING_SCRIPTS):
        return DEPLOYED
    return TASK


def _files(root: Path, wanted: Callable[[str], bool]) -> list[str]:
    """Paths of the files that may say how an application is started, outermost first."""
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        relative = os.path.relpath(folder, root).replace(os.sep, "/")
        depth = 0 if relative == "." else relative.count("/") + 1
        folders[:] = sorted(
            each
            for each in folders
            if depth < _DEEPEST
            and each not in _NEVER
            and not each.startswith(".")
            and not _is_environment(folder, each)
        )
        for name in sorted(names):
            path = os.path.join(folder, name)
            if wanted(name) and os.path.isfile(path) and os.path.getsize(path) <= _LARGEST:
                found.append(name if relative == "." else f"{relative}/{name}")
    return sorted(found, key=lambda path: (path.count("/"), path))


def _is_environment(folder: str, name: str) -> bool:
    return os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
