"""Which file of the codebase a module name means, from where it is imported, and in which folder it is started."""

import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Component
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FunctionFacts
from fastapi_expert.codebase.vocabulary import APPLICATIONS, is_test_path
from fastapi_expert.witness.calls import Start
from fastapi_expert.witness.commands import Command
from fastapi_expert.witness.holders import Holder, holders
from fastapi_expert.witness.model import Application, Place

_PROJECT = ("pyproject.toml", "setup.py", "requirements.txt", "Pipfile", "Dockerfile", ".env", ".env.example")
"""What lies where a project is started from."""
_DEFAULT_FILES = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
"""Where `fastapi run` without a file looks."""


_Rank = tuple[bool, int, bool, int, int]


class Finder:
    """The modules of one codebase."""

    def __init__(self, codebase: Codebase) -> None:
        self.root: Path = codebase.folder
        self.codebase = codebase
        self.names = codebase.names
        self.modules = codebase.names.modules
        apps = [each for each in codebase.inventory.components if each.kind == "app"]
        self.made = {(each.path, each.line) for each in apps}
        self.named = {(each.path, each.name) for each in apps}
        self.holders = list(holders(self.names, apps))
        self.named |= {(each.path, each.name) for each in self.holders}

    def of_command(self, command: Command, path: str) -> Iterator[Application]:
        """What a command line in the file at ``path`` serves; nothing when no file of ours is meant."""
        place, base = Place(path, command.line), posixpath.dirname(path)
        if command.kind == "application":
            module, _, attribute = command.target.partition(":")
            found = self.application(module, attribute, base, command.folders, is_factory=command.is_factory)
        else:
            file, _, attribute = command.target.partition(":")
            found = self._of_file(file, attribute, base, command.folders)
        if found is not None:
            yield replace(found, place=place, said=command.said)

    def of_start(self, start: Start, place: Place, said: str) -> Iterator[Application]:
        """What a call in the code serves."""
        if start.target:
            module, _, attribute = start.target.partition(":")
            base = posixpath.dirname(start.path)
            found = self.application(module, attribute, base, (), is_factory=start.is_factory) if attribute else None
        else:
            found = self._at(start.holder, start.attribute, is_factory=start.is_factory)
        if found is not None:
            yield replace(found, place=place, said=said)

    def of_component(self, component: Component) -> Iterator[Application]:
        """An application that the text makes: at the top of a module, or in a function that needs no arguments."""
        if is_test_path(component.path):
            return
        place, line = Place(component.path, component.line), component.line
        functions = self.names.files[component.path].functions
        around = next((each for each in functions if not each.parent and each.line <= line <= each.end_line), None)
        if around is not None:
            if not any(each.kind in ("", "/", "=") and not each.default for each in around.params):
                made = self._at(component.path, around.name, is_factory=True)
                yield replace(made, place=place, said="the function that makes it")
        elif self.is_application(component.path, component.name):
            yield replace(self._at(component.path, component.name), place=place, said="where it is made")

    def of_holder(self, holder: Holder) -> Application:
        """A name at the top of a module for what a function with arguments, or a class, makes."""
        place = Place(holder.path, holder.line)
        return replace(self._at(holder.path, holder.name), place=place, said=f"what {holder.maker} makes")

    def is_application(self, path: str, attribute: str, hops: int = 0) -> bool:
        """Whether the text says that a module has an application, or a function that makes one, of this name."""
        symbol = self.names.resolve(path, attribute)
        if symbol is None:
            return self._makes_up(path) and hops == 0
        if (symbol.path, symbol.name) in self.named and symbol.kind == "value":
            return True
        if hops > 3 or symbol.kind not in ("value", "function"):
            return False
        if symbol.kind == "function":
            function = self.names.function(symbol.path, symbol.name)
            if function is None or function.returns.rpartition(".")[2] in APPLICATIONS:
                return function is not None
            mentioned = [name for name in function.names if not name.startswith(".") and name != function.name]
            return any(symbol.path == each and _within(line, function) for each, line in self.made) or any(
                self.is_application(symbol.path, name, hops + 1) for name in mentioned
            )
        made = ir.match(self.names.assigned(symbol), ir.Call)  # of a factory, or a middleware around another
        parts = (made.function, *made.args, *(value for _, value in made.keywords)) if made is not None else ()
        return any(self.is_application(symbol.path, name, hops + 1) for name in parts if isinstance(name, str))

    def _makes_up(self, path: str) -> bool:
        """Whether a module has a `__getattr__`: what its names are is seen when it runs."""
        return self.names.function(path, "__getattr__") is not None

    def is_in_package(self, folder: str) -> bool:
        """Whether a folder belongs to a Python package: what lies there comes with the program."""
        return (bool(folder) and self.modules.is_file(f"{folder}/__init__.py")) or (
            "/" in folder and self.is_in_package(posixpath.dirname(folder))
        )

    def program(self, command: Command, path: str) -> Iterator[str]:
        """The files that `python FILE` or `python -m MODULE` in the file at ``path`` may run."""
        base = posixpath.dirname(path)
        if command.target.endswith(".py"):
            file = self._written(command.target, base, command.folders)
        else:
            main = self._module(f"{command.target}.__main__", "", base, command.folders)
            found = main or self._module(command.target, "", base, command.folders)
            file = found[0] if found is not None else None
        if file is not None:
            yield file

    def application(
        self, module: str, attribute: str, base: str, hints: Sequence[str], *, is_factory: bool = False
    ) -> Application | None:
        """``module:attribute`` as a server started in or below ``base`` would find it, None when no file has it."""
        found = self._module(module, attribute, base, hints)
        if found is None:
            return None
        file, top = found
        made = self._at(file, attribute, is_factory=is_factory)
        if self._imports_from(file) is None:
            made = replace(made, module=module, paths=(top,), folder=self._started_in(top))
        own = [hint for hint in hints if not hint.startswith("/")]  # not of a container
        if any(_is_hinted(top, base, hint) for hint in own) and posixpath.basename(top) != "src":
            made = replace(made, folder=top)
        return _with_folder(made, top)

    def rivals(self, module: str, attribute: str) -> list[str]:
        """The files that a module's name fits equally well, seen from the root."""
        found = self._candidates(module, attribute, "", ())
        return [file for rank, file, _ in found if rank == found[0][0]]

    def written(self, file: str, attribute: str, *, is_factory: bool = False) -> Application | None:
        """The application in the file at the path ``file``, relative to the root."""
        return self._at(file, attribute, is_factory=is_factory) if file in self.codebase.files else None

    def _of_file(self, file: str, attribute: str, base: str, hints: Sequence[str]) -> Application | None:
        wanted = [file] if file else list(_DEFAULT_FILES)
        for each in wanted:
            found = self._written(each, base, hints)
            if found is not None:
                return self._at(found, attribute)
        return None

    def _at(self, file: str, attribute: str, *, is_factory: bool = False) -> Application:
        """``attribute`` of the module in ``file``, imported from where the module's own imports start."""
        top = self._imports_from(file)
        inner = posixpath.relpath(file, top) if top else file
        module = inner.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if top is None:
            top, module = self.modules.top(file), self.modules.name(file)
        folder = self._started_in(top)
        return _with_folder(Application(module, attribute, is_factory, file, folder, (top,)), top)

    def _imports_from(self, file: str) -> str | None:
        """The folder that the module's absolute imports of its own project start from; None when it has none."""
        votes: Counter[str] = Counter()
        for one in self.names.files[file].imports:
            place = None if one.module.startswith(".") else self.modules.find(file, one.module)
            if place is None:
                continue
            inner = place.removesuffix("/__init__.py").removesuffix(".py").rstrip("/")
            tail = one.module.replace(".", "/")
            if inner == tail or inner.endswith(f"/{tail}"):
                top = inner[: -len(tail)].rstrip("/")
                if not top or file.startswith(f"{top}/"):
                    votes[top] += 1
        return votes.most_common(1)[0][0] if votes else None

    def _module(self, module: str, attribute: str, base: str, hints: Sequence[str]) -> tuple[str, str] | None:
        """The file of a module and the folder that its name starts from."""
        found = self._candidates(module, attribute, base, hints)
        return found[0][1:] if found else None

    def _candidates(self, module: str, attribute: str, base: str, hints: Sequence[str]) -> list[tuple[_Rank, str, str]]:
        """(rank, file, folder), the best first: with that attribute, hinted at, no test, near to ``base``."""
        tail = module.replace(".", "/")
        head = attribute.partition(".")[0]
        found: list[tuple[_Rank, str, str]] = []
        for end in (f"{tail}.py", f"{tail}/__init__.py"):
            for file in self.codebase.files:
                if file == end or file.endswith(f"/{end}"):
                    top = file[: -len(end)].rstrip("/")
                    bound = not head or self.names.resolve(file, head) is not None or self._makes_up(file)
                    rank = (
                        not bound,
                        _hinted(top, base, hints),
                        is_test_path(file),
                        _steps(base, top),
                        file.count("/"),
                    )
                    found.append((rank, file, top))
        return sorted(found)

    def _written(self, file: str, base: str, hints: Sequence[str]) -> str | None:
        """The file that a path on a command line means."""
        tail = posixpath.normpath(file).lstrip("/")
        found = [each for each in self.codebase.files if each == tail or each.endswith(f"/{tail}")]
        if not found and file.startswith("/"):  # a path in a container
            tail = posixpath.basename(tail)
            found = [each for each in self.codebase.files if posixpath.basename(each) == tail]
        tops = {each: each[: -len(tail)].rstrip("/") for each in found}
        return min(
            found,
            key=lambda each: (
                _hinted(tops[each], base, hints),
                is_test_path(each),
                _steps(base, tops[each]),
                each,
            ),
            default=None,
        )

    def _started_in(self, top: str) -> str:
        """The folder that a program whose modules start in ``top`` is started in: the project's around it."""
        parts = top.split("/") if top else []
        folders = ["/".join(parts[:count]) for count in range(len(parts), -1, -1)]
        return next((one for one in folders if any((self.root / one / name).is_file() for name in _PROJECT)), top)


def _within(line: int, function: FunctionFacts | None) -> bool:
    return function is not None and function.line <= line <= function.end_line


def _with_folder(application: Application, top: str) -> Application:
    paths = dict.fromkeys((*application.paths, top, application.folder))
    return replace(application, paths=tuple(paths))


def _hinted(top: str, base: str, hints: Sequence[str]) -> int:
    """How many hints behind the one that names ``top`` the command stands; more than there are when none does."""
    behind = [index for index, hint in enumerate(reversed(hints)) if _is_hinted(top, base, hint)]
    return behind[0] if behind else len(hints) + 1


def _is_hinted(top: str, base: str, hint: str) -> bool:
    """Whether a folder named on a command line, or in a container, may be ``top``."""
    hint = posixpath.normpath(hint.replace("\\", "/"))
    if posixpath.normpath(posixpath.join(base, hint.lstrip("/"))) == (top or "."):
        return True
    bare = hint.strip("/.")
    return bool(bare) and (top == bare or top.endswith(f"/{bare}"))


def _steps(base: str, top: str) -> int:
    """How many folders lie between the two."""
    here, there = base.split("/") if base else [], top.split("/") if top else []
    common = 0
    while common < min(len(here), len(there)) and here[common] == there[common]:
        common += 1
    return len(here) + len(there) - 2 * common
