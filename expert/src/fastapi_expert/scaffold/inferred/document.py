"""A file as it is and as it will be: pieces put in at lines, imports added where the file has its own."""

from dataclasses import dataclass, field

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.syntax.facts import ImportFacts
from fastapi_expert.scaffold import edits
from fastapi_expert.scaffold.inferred.imports import Import, block, clash, section
from fastapi_expert.scaffold.inferred.sources import Sources


@dataclass
class Document:
    """The file at ``path``; ``before`` is None for a new one, which begins with ``docstring``."""

    path: str
    codebase: Codebase
    sources: Sources
    docstring: str = ""
    before: str | None = None
    relative: bool = False
    """Whether modules of this project are imported by leading dots."""
    written: str | None = None
    """The whole text, when nothing of it depends on what is there."""
    _imports: list[Import] = field(default_factory=list[Import])
    _pieces: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    _exported: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    _known_from: int = 0
    """The line from which on all that is needed of what the file imports is known: some import in their middle."""

    def need(self, *imports: Import) -> None:
        """Make these names known in the file; raises `ExpertError` when one means something else there."""
        for wanted in imports:
            spelled = self._spelled(wanted)
            if self._is_itself(wanted.module) or spelled in self._imports:
                continue
            if any(each.binds == wanted.binds for each in self._imports) or self._means_otherwise(wanted):
                raise clash(self.path, wanted.binds)
            made = self._bound().get(wanted.binds)
            if made is None:
                self._imports.append(spelled)
            elif isinstance(made, ImportFacts):
                self._known_from = max(self._known_from, self.sources.statement(self.path, made.line)[1])

    def _is_itself(self, module: str) -> bool:
        """Whether ``module`` is this file, from whichever folder the project's modules are imported."""
        own = self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return module == self.codebase.names.modules.name(self.path) or f".{own}".endswith(f".{module}")

    def put(self, text: str, *, after: int | None = None) -> None:
        """Add ``text`` after a line of the file, at its end when none is given, two empty lines around it."""
        self._pieces.append((after if after is not None else 10**9, text.strip("\n")))

    def put_line(self, text: str, *, after: int) -> None:
        """Add one statement right after a line."""
        self._pieces.append((after, f"\0{text.rstrip()}"))

    def also(self, old: str, new: str) -> None:
        """List ``new`` in `__all__` where ``old`` is."""
        self._exported.append((old, new))

    @property
    def text(self) -> str:
        """The file as it will be."""
        if self.written is not None:
            return self.written
        if self.before is None:
            body = "\n\n\n".join(piece.removeprefix("\0") for _, piece in sorted(self._pieces, key=lambda one: one[0]))
            head = f'"""{self.docstring}"""\n\n{block(self._imports, self._own)}'.rstrip()
            return (
                f"{head}\n\n{'' if body.startswith(('router', 'client')) else chr(10)}{body}\n" if body else f"{head}\n"
            )
        lines = self.before.splitlines(keepends=True)
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        for after, piece in sorted(self._pieces, key=self._place, reverse=True):
            if piece.startswith("\0"):
                lines[min(after, len(lines)) : min(after, len(lines))] = [f"{piece[1:]}\n"]
            else:
                at = min(self._place((after, piece)), len(lines))
                lines[at:at] = _spaced(lines, at, piece)
        # imports stand above every piece, so their lines are still where they were
        return self._with_exports(self._with_imports("".join(lines)))

    def _place(self, piece: tuple[int, str]) -> int:
        """The line that a piece goes after: statements stay where they were put, definitions need what they use."""
        after, text = piece
        return after if text.startswith("\0") else max(after, self._known_from)

    def _spelled(self, wanted: Import) -> Import:
        """As the project spells it: with leading dots where it does that."""
        package = self.codebase.names.modules.name(self.path).split(".")[:-1]
        target = wanted.module.split(".")
        shared = 0
        while shared < min(len(package), len(target)) and package[shared] == target[shared]:
            shared += 1
        if not self.relative or not shared:
            return wanted
        module = "." * (len(package) - shared + 1) + ".".join(target[shared:])
        return Import(module, wanted.name, wanted.alias) if wanted.name or wanted.alias else wanted

    @property
    def _own(self) -> set[str]:
        return {self.codebase.names.modules.name(path).partition(".")[0] for path in self.codebase.files}

    def _bound(self) -> dict[str, object]:
        return dict(self.codebase.names.bindings(self.path)) if self.before is not None else {}

    def _means_otherwise(self, wanted: Import) -> bool:
        made = self._bound().get(wanted.binds)
        if made is None:
            return False
        names = self.codebase.names
        here = names.resolve(self.path, wanted.binds)
        if not isinstance(made, ImportFacts):
            return here is None or names.modules.find(self.path, wanted.module) != here.path
        if made.name == wanted.name and made.module == wanted.module:
            return False
        there = names.modules.find(self.path, wanted.module)
        known = names.resolve(there, wanted.name) if there and wanted.name else None
        if known is not None:
            return here != known
        return made.name != wanted.name or bool(there)  # the same name of another package is taken for the same thing

    def _with_imports(self, text: str) -> str:
        own = self._own

        def rank(module: str) -> int:
            return section(module, module.partition(".")[0] in own)

        for wanted in sorted(self._imports):
            module = wanted.module if wanted.name else str(wanted).removeprefix("import ")
            text = edits.with_import(text, module, wanted.item if wanted.name else "", rank)
        return text

    def _with_exports(self, text: str) -> str:
        for old, new in self._exported:
            for quote in "\"'":
                if edits.has_member(text, "__all__", f"{quote}{old}{quote}"):
                    added = edits.with_member(text, "__all__", f"{quote}{new}{quote}", neighbour=f"{quote}{old}{quote}")
                    text = added or text
        return text


class Drafts:
    """The files that will change, and what a person has to do besides."""

    def __init__(self, codebase: Codebase, sources: Sources) -> None:
        self.notes: list[str] = []
        self.learned: list[str] = []
        self.tests: list[tuple[str, str]] = []
        """Each test that is written, and the one of the neighbour that it is like."""
        self.migration = ""
        self.notes_of_inclusion = False
        """Whether a person has to include the router."""
        self.documents: dict[str, Document] = {}
        self._codebase = codebase
        self._sources = sources

    def document(self, path: str, like: str, docstring: str = "") -> Document:
        """The file at ``path``, which is to import its neighbours as those around ``like`` do."""
        if path not in self.documents:
            before = self._sources.text(path) if path in self._codebase.files else None
            folder = like.rpartition("/")[0] + "/" if "/" in like else ""
            beside = [facts.imports for name, facts in self._codebase.files.items() if name.startswith(folder)]
            relative = any(made.module.startswith(".") for own in beside for made in own)
            self.documents[path] = Document(path, self._codebase, self._sources, docstring, before, relative)
        return self.documents[path]

    def write(self, path: str, text: str) -> None:
        """A new file of this text."""
        self.documents[path] = Document(path, self._codebase, self._sources, written=text)

    def files(self) -> tuple[tuple[str, str | None, str], ...]:
        """(path, before or None, after) of each."""
        return tuple((path, document.before, document.text) for path, document in self.documents.items())


def _spaced(lines: list[str], index: int, piece: str) -> list[str]:
    """``piece`` with two empty lines before and after, counting those that are there."""
    above = 0
    while index - above > 0 and not lines[index - above - 1].strip():
        above += 1
    below = 0
    while index + below < len(lines) and not lines[index + below].strip():
        below += 1
    after = max(0, 2 - below) if index + below < len(lines) else 0
    return ["\n"] * max(0, 2 - above) + [f"{piece}\n"] + ["\n"] * after
